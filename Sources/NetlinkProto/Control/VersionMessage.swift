/// A committed ruleset: who made it, when, why and how large the change was.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `version`.
public struct VersionMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case version = 1
        case time = 2
        case uid = 3
        case gid = 4
        case pid = 5
        case process = 6
        case kind = 7
        case rolledBackTo = 8
        case changeCount = 9
        case reason = 10
        case summary = 20
        case confirmation = 21
        case deadline = 22
        case settledBy = 23
        case reverts = 24
        case tag = 25
        case pruned = 26
        case notice = 30
    }

    /// Its number, from 1.
    public var version: UInt64
    /// Microseconds since 1970, UTC.
    public var time: UInt64
    /// Who made it.
    public var uid: UInt32
    /// That user's group.
    public var gid: UInt32
    /// The process that asked.
    public var pid: UInt32
    /// What that process is called.
    public var process: String
    /// ``VersionMessageKind``.
    public var kind: UInt8
    /// For a rollback: the version whose content it brought back.
    public var rolledBackTo: UInt64?
    /// How many objects differ from the version before.
    public var changeCount: UInt32
    /// What its author says; may be empty.
    public var reason: String
    /// What differs from the version before, in one line.
    public var summary: String?
    /// ``ConfirmationState``, where it had to be confirmed.
    public var confirmation: UInt8?
    /// Until when it has to be confirmed; microseconds since 1970, UTC.
    public var deadline: UInt64?
    /// The version that took it back because nobody confirmed it.
    public var settledBy: UInt64?
    /// The version that it takes back because nobody confirmed that one.
    public var reverts: UInt64?
    /// The names that it has, one attribute a name.
    public var tag: [String]
    /// Its ruleset cannot be read any more.
    public var pruned: Bool
    /// What its author should know, in the reply to the request that made it; one attribute a sentence.
    public var notice: [String] = []

    /// Makes one from its parts; those with a default may be left out.
    public init(
        version: UInt64, time: UInt64, uid: UInt32, gid: UInt32, pid: UInt32, process: String,
        kind: UInt8, rolledBackTo: UInt64? = nil, changeCount: UInt32, reason: String,
        summary: String? = nil, confirmation: UInt8? = nil, deadline: UInt64? = nil,
        settledBy: UInt64? = nil, reverts: UInt64? = nil, tag: [String] = [], pruned: Bool = false
    ) {
        self.version = version
        self.time = time
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.process = process
        self.kind = kind
        self.rolledBackTo = rolledBackTo
        self.changeCount = changeCount
        self.reason = reason
        self.summary = summary
        self.confirmation = confirmation
        self.deadline = deadline
        self.settledBy = settledBy
        self.reverts = reverts
        self.tag = tag
        self.pruned = pruned
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var version: UInt64?
        var time: UInt64?
        var uid: UInt32?
        var gid: UInt32?
        var pid: UInt32?
        var process: String?
        var kind: UInt8?
        var rolledBackTo: UInt64?
        var changeCount: UInt32?
        var reason: String?
        var summary: String?
        var confirmation: UInt8?
        var deadline: UInt64?
        var settledBy: UInt64?
        var reverts: UInt64?
        var tag: [String] = []
        var pruned = false
        var notice: [String] = []
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .version: version = try attribute.uint64()
            case .time: time = try attribute.uint64()
            case .uid: uid = try attribute.uint32()
            case .gid: gid = try attribute.uint32()
            case .pid: pid = try attribute.uint32()
            case .process: process = try attribute.string(limit: WireLimits.reasonBytes)
            case .kind: kind = try attribute.uint8()
            case .rolledBackTo: rolledBackTo = try attribute.uint64()
            case .changeCount: changeCount = try attribute.uint32()
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case .summary: summary = try attribute.string(limit: WireLimits.reasonBytes)
            case .confirmation: confirmation = try attribute.uint8()
            case .deadline: deadline = try attribute.uint64()
            case .settledBy: settledBy = try attribute.uint64()
            case .reverts: reverts = try attribute.uint64()
            case .tag: tag.append(try attribute.string(limit: WireLimits.reasonBytes))
            case .pruned: pruned = true
            case .notice: notice.append(try attribute.string(limit: WireLimits.reasonBytes))
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let version else { throw WireError.missing("version", in: "version") }
        guard let time else { throw WireError.missing("time", in: "version") }
        guard let uid else { throw WireError.missing("uid", in: "version") }
        guard let gid else { throw WireError.missing("gid", in: "version") }
        guard let pid else { throw WireError.missing("pid", in: "version") }
        guard let process else { throw WireError.missing("process", in: "version") }
        guard let kind else { throw WireError.missing("kind", in: "version") }
        guard let changeCount else { throw WireError.missing("changeCount", in: "version") }
        guard let reason else { throw WireError.missing("reason", in: "version") }
        self.init(
            version: version, time: time, uid: uid, gid: gid, pid: pid, process: process,
            kind: kind, rolledBackTo: rolledBackTo, changeCount: changeCount, reason: reason,
            summary: summary, confirmation: confirmation, deadline: deadline, settledBy: settledBy,
            reverts: reverts, tag: tag, pruned: pruned)
        self.notice = notice
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.version.rawValue, uint64: version)
        writer.attribute(Attribute.time.rawValue, uint64: time)
        writer.attribute(Attribute.uid.rawValue, uint32: uid)
        writer.attribute(Attribute.gid.rawValue, uint32: gid)
        writer.attribute(Attribute.pid.rawValue, uint32: pid)
        writer.attribute(Attribute.process.rawValue, string: process)
        writer.attribute(Attribute.kind.rawValue, uint8: kind)
        if let rolledBackTo {
            writer.attribute(Attribute.rolledBackTo.rawValue, uint64: rolledBackTo)
        }
        writer.attribute(Attribute.changeCount.rawValue, uint32: changeCount)
        writer.attribute(Attribute.reason.rawValue, string: reason)
        if let summary { writer.attribute(Attribute.summary.rawValue, string: summary) }
        if let confirmation {
            writer.attribute(Attribute.confirmation.rawValue, uint8: confirmation)
        }
        if let deadline { writer.attribute(Attribute.deadline.rawValue, uint64: deadline) }
        if let settledBy { writer.attribute(Attribute.settledBy.rawValue, uint64: settledBy) }
        if let reverts { writer.attribute(Attribute.reverts.rawValue, uint64: reverts) }
        for item in tag { writer.attribute(Attribute.tag.rawValue, string: item) }
        if pruned { writer.attributeFlag(Attribute.pruned.rawValue) }
        for item in notice { writer.attribute(Attribute.notice.rawValue, string: item) }
    }
}
