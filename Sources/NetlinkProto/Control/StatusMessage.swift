/// How the daemon is.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `status`.
public struct StatusMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case daemonVersion = 1
        case uuid = 2
        case head = 3
        case generation = 4
        case database = 5
        case started = 6
        case tables = 7
        case chains = 8
        case rules = 9
        case candidates = 10
        case clients = 11
        case notice = 12
        case unconfirmed = 20
        case remaining = 21
        case fallback = 22
    }

    /// Its release.
    public var daemonVersion: String
    /// The store's name, 16 bytes.
    public var uuid: [UInt8]
    /// The version that is live.
    public var head: UInt64
    /// The kernel generation last seen.
    public var generation: UInt32
    /// Path of the store.
    public var database: String
    /// When; microseconds since 1970, UTC.
    public var started: UInt64
    /// Number of tables.
    public var tables: UInt32
    /// Number of chains.
    public var chains: UInt32
    /// Number of rules.
    public var rules: UInt64
    /// Number of open candidates.
    public var candidates: UInt32
    /// Number of connected clients.
    public var clients: UInt32
    /// What an administrator should know, one attribute a sentence.
    public var notice: [String]
    /// The version that waits for its confirmation.
    public var unconfirmed: UInt64?
    /// How many seconds it waits on.
    public var remaining: UInt32?
    /// The version that comes back if nobody confirms it.
    public var fallback: UInt64?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        daemonVersion: String, uuid: [UInt8], head: UInt64, generation: UInt32, database: String,
        started: UInt64, tables: UInt32, chains: UInt32, rules: UInt64, candidates: UInt32,
        clients: UInt32, notice: [String] = [], unconfirmed: UInt64? = nil,
        remaining: UInt32? = nil, fallback: UInt64? = nil
    ) {
        self.daemonVersion = daemonVersion
        self.uuid = uuid
        self.head = head
        self.generation = generation
        self.database = database
        self.started = started
        self.tables = tables
        self.chains = chains
        self.rules = rules
        self.candidates = candidates
        self.clients = clients
        self.notice = notice
        self.unconfirmed = unconfirmed
        self.remaining = remaining
        self.fallback = fallback
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var daemonVersion: String?
        var uuid: [UInt8]?
        var head: UInt64?
        var generation: UInt32?
        var database: String?
        var started: UInt64?
        var tables: UInt32?
        var chains: UInt32?
        var rules: UInt64?
        var candidates: UInt32?
        var clients: UInt32?
        var notice: [String] = []
        var unconfirmed: UInt64?
        var remaining: UInt32?
        var fallback: UInt64?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .daemonVersion: daemonVersion = try attribute.string(limit: WireLimits.reasonBytes)
            case .uuid: uuid = attribute.bytes()
            case .head: head = try attribute.uint64()
            case .generation: generation = try attribute.uint32()
            case .database: database = try attribute.string(limit: WireLimits.reasonBytes)
            case .started: started = try attribute.uint64()
            case .tables: tables = try attribute.uint32()
            case .chains: chains = try attribute.uint32()
            case .rules: rules = try attribute.uint64()
            case .candidates: candidates = try attribute.uint32()
            case .clients: clients = try attribute.uint32()
            case .notice: notice.append(try attribute.string(limit: WireLimits.reasonBytes))
            case .unconfirmed: unconfirmed = try attribute.uint64()
            case .remaining: remaining = try attribute.uint32()
            case .fallback: fallback = try attribute.uint64()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let daemonVersion else { throw WireError.missing("daemonVersion", in: "status") }
        guard let uuid else { throw WireError.missing("uuid", in: "status") }
        guard let head else { throw WireError.missing("head", in: "status") }
        guard let generation else { throw WireError.missing("generation", in: "status") }
        guard let database else { throw WireError.missing("database", in: "status") }
        guard let started else { throw WireError.missing("started", in: "status") }
        guard let tables else { throw WireError.missing("tables", in: "status") }
        guard let chains else { throw WireError.missing("chains", in: "status") }
        guard let rules else { throw WireError.missing("rules", in: "status") }
        guard let candidates else { throw WireError.missing("candidates", in: "status") }
        guard let clients else { throw WireError.missing("clients", in: "status") }
        self.init(
            daemonVersion: daemonVersion, uuid: uuid, head: head, generation: generation,
            database: database, started: started, tables: tables, chains: chains, rules: rules,
            candidates: candidates, clients: clients, notice: notice, unconfirmed: unconfirmed,
            remaining: remaining, fallback: fallback)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.daemonVersion.rawValue, string: daemonVersion)
        writer.attribute(Attribute.uuid.rawValue, bytes: uuid)
        writer.attribute(Attribute.head.rawValue, uint64: head)
        writer.attribute(Attribute.generation.rawValue, uint32: generation)
        writer.attribute(Attribute.database.rawValue, string: database)
        writer.attribute(Attribute.started.rawValue, uint64: started)
        writer.attribute(Attribute.tables.rawValue, uint32: tables)
        writer.attribute(Attribute.chains.rawValue, uint32: chains)
        writer.attribute(Attribute.rules.rawValue, uint64: rules)
        writer.attribute(Attribute.candidates.rawValue, uint32: candidates)
        writer.attribute(Attribute.clients.rawValue, uint32: clients)
        for item in notice { writer.attribute(Attribute.notice.rawValue, string: item) }
        if let unconfirmed { writer.attribute(Attribute.unconfirmed.rawValue, uint64: unconfirmed) }
        if let remaining { writer.attribute(Attribute.remaining.rawValue, uint32: remaining) }
        if let fallback { writer.attribute(Attribute.fallback.rawValue, uint64: fallback) }
    }
}
