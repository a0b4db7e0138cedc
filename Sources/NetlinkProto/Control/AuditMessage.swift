/// One attempt to change something: allowed, refused or failed.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `audit`.
public struct AuditMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case sequence = 1
        case time = 2
        case uid = 3
        case gid = 4
        case pid = 5
        case process = 6
        case loginUID = 7
        case action = 8
        case outcome = 9
        case version = 10
        case generation = 11
        case scope = 12
        case error = 13
        case reason = 14
        case changeCount = 15
        case hash = 16
        case peer = 17
        case request = 18
    }

    /// Its number, from 1 without gaps.
    public var sequence: UInt64
    /// Microseconds since 1970, UTC.
    public var time: UInt64
    /// Who tried.
    public var uid: UInt32
    /// That user's group.
    public var gid: UInt32
    /// The process that asked.
    public var pid: UInt32
    /// What that process is called.
    public var process: String
    /// Who logged in, where the kernel knows (loginuid).
    public var loginUID: UInt32?
    /// What was tried.
    public var action: String
    /// What came of it.
    public var outcome: String
    /// The version that came, or would have come, of it.
    public var version: UInt64?
    /// The kernel generation it was planned on.
    public var generation: UInt32?
    /// The tables and chains it touched, as `family table chain`, separated by commas.
    public var scope: String
    /// Why it was refused or failed.
    public var error: String?
    /// What its author says.
    public var reason: String?
    /// How many objects it changed.
    public var changeCount: UInt32
    /// SHA-256 over the entry and the hash before it.
    public var hash: [UInt8]
    /// Where the client was connected from, and how that is known.
    public var peer: String?
    /// What was asked for, as messages, if it was not done; its beginning, if it is long.
    public var request: [UInt8]?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        sequence: UInt64, time: UInt64, uid: UInt32, gid: UInt32, pid: UInt32, process: String,
        loginUID: UInt32? = nil, action: String, outcome: String, version: UInt64? = nil,
        generation: UInt32? = nil, scope: String, error: String? = nil, reason: String? = nil,
        changeCount: UInt32, hash: [UInt8],
        peer: String? = nil, request: [UInt8]? = nil
    ) {
        self.sequence = sequence
        self.time = time
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.process = process
        self.loginUID = loginUID
        self.action = action
        self.outcome = outcome
        self.version = version
        self.generation = generation
        self.scope = scope
        self.error = error
        self.reason = reason
        self.changeCount = changeCount
        self.hash = hash
        self.peer = peer
        self.request = request
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var sequence: UInt64?
        var time: UInt64?
        var uid: UInt32?
        var gid: UInt32?
        var pid: UInt32?
        var process: String?
        var loginUID: UInt32?
        var action: String?
        var outcome: String?
        var version: UInt64?
        var generation: UInt32?
        var scope: String?
        var error: String?
        var reason: String?
        var changeCount: UInt32?
        var hash: [UInt8]?
        var peer: String?
        var request: [UInt8]?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .sequence: sequence = try attribute.uint64()
            case .time: time = try attribute.uint64()
            case .uid: uid = try attribute.uint32()
            case .gid: gid = try attribute.uint32()
            case .pid: pid = try attribute.uint32()
            case .process: process = try attribute.string(limit: WireLimits.reasonBytes)
            case .loginUID: loginUID = try attribute.uint32()
            case .action: action = try attribute.string(limit: WireLimits.reasonBytes)
            case .outcome: outcome = try attribute.string(limit: WireLimits.reasonBytes)
            case .version: version = try attribute.uint64()
            case .generation: generation = try attribute.uint32()
            case .scope: scope = try attribute.string(limit: WireLimits.reasonBytes)
            case .error: error = try attribute.string(limit: WireLimits.reasonBytes)
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case .changeCount: changeCount = try attribute.uint32()
            case .hash: hash = attribute.bytes()
            case .peer: peer = try attribute.string(limit: WireLimits.reasonBytes)
            case .request: request = attribute.bytes()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let sequence else { throw WireError.missing("sequence", in: "audit") }
        guard let time else { throw WireError.missing("time", in: "audit") }
        guard let uid else { throw WireError.missing("uid", in: "audit") }
        guard let gid else { throw WireError.missing("gid", in: "audit") }
        guard let pid else { throw WireError.missing("pid", in: "audit") }
        guard let process else { throw WireError.missing("process", in: "audit") }
        guard let action else { throw WireError.missing("action", in: "audit") }
        guard let outcome else { throw WireError.missing("outcome", in: "audit") }
        guard let scope else { throw WireError.missing("scope", in: "audit") }
        guard let changeCount else { throw WireError.missing("changeCount", in: "audit") }
        guard let hash else { throw WireError.missing("hash", in: "audit") }
        self.init(
            sequence: sequence, time: time, uid: uid, gid: gid, pid: pid, process: process,
            loginUID: loginUID, action: action, outcome: outcome, version: version,
            generation: generation, scope: scope, error: error, reason: reason,
            changeCount: changeCount, hash: hash, peer: peer, request: request)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.sequence.rawValue, uint64: sequence)
        writer.attribute(Attribute.time.rawValue, uint64: time)
        writer.attribute(Attribute.uid.rawValue, uint32: uid)
        writer.attribute(Attribute.gid.rawValue, uint32: gid)
        writer.attribute(Attribute.pid.rawValue, uint32: pid)
        writer.attribute(Attribute.process.rawValue, string: process)
        if let loginUID { writer.attribute(Attribute.loginUID.rawValue, uint32: loginUID) }
        writer.attribute(Attribute.action.rawValue, string: action)
        writer.attribute(Attribute.outcome.rawValue, string: outcome)
        if let version { writer.attribute(Attribute.version.rawValue, uint64: version) }
        if let generation { writer.attribute(Attribute.generation.rawValue, uint32: generation) }
        writer.attribute(Attribute.scope.rawValue, string: scope)
        if let error { writer.attribute(Attribute.error.rawValue, string: error) }
        if let reason { writer.attribute(Attribute.reason.rawValue, string: reason) }
        writer.attribute(Attribute.changeCount.rawValue, uint32: changeCount)
        writer.attribute(Attribute.hash.rawValue, bytes: hash)
        if let peer { writer.attribute(Attribute.peer.rawValue, string: peer) }
        if let request { writer.attribute(Attribute.request.rawValue, bytes: request) }
    }
}
