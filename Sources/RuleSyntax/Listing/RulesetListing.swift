public import NetlinkProto

/// A whole ruleset as it is shown, saved and read back.
public struct RulesetListing: Hashable, Sendable {
    /// Which version it is; nil when that is not known.
    public var version: UInt64?
    /// The tables, in the order in which they are shown.
    public var tables: [TableListing]

    /// A ruleset.
    public init(version: UInt64? = nil, tables: [TableListing] = []) {
        self.version = version
        self.tables = tables
    }
}

/// How xt2 treats what others do to a table.
public enum TablePolicy: String, Hashable, Sendable, CaseIterable {
    /// Only xt2 may change it.
    case owned
    /// Others may change it; their changes are recorded.
    case observed
    /// Others' changes are undone at once.
    case enforced

    /// The policy that a table's body says.
    public init(_ body: TableBody) {
        switch body.watch?.policy {
        case nil: self = .owned
        case .observed: self = .observed
        case .enforced: self = .enforced
        }
    }

    /// What a table of this policy carries; nil if it is owned.
    public var watch: TableWatch? {
        switch self {
        case .owned: nil
        case .observed: TableWatch(.observed)
        case .enforced: TableWatch(.enforced)
        }
    }
}

/// A table with all that is in it.
public struct TableListing: Hashable, Sendable {
    /// Its family.
    public var family: Family
    /// Its name.
    public var name: String
    /// xt2's id of it.
    public var id: UInt64?
    /// How xt2 treats others' changes; nil when that is not known.
    public var policy: TablePolicy?
    /// Everything else about it.
    public var body: TableBody
    /// Its chains, in the order in which they are shown.
    public var chains: [ChainListing]
    /// Its sets, maps and other objects.
    public var objects: [ObjectListing]

    /// A table.
    public init(
        family: Family, name: String, id: UInt64? = nil, policy: TablePolicy? = nil,
        body: TableBody = TableBody(), chains: [ChainListing] = [], objects: [ObjectListing] = []
    ) {
        self.family = family
        self.name = name
        self.id = id
        self.policy = policy
        self.body = body
        self.chains = chains
        self.objects = objects
    }
}

/// A chain with its rules.
public struct ChainListing: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// xt2's id of it.
    public var id: UInt64?
    /// Everything else about it.
    public var body: ChainBody
    /// Its rules, in order.
    public var rules: [RuleListing]
    /// What its policy has counted; nil if it does not count, or that is not known.
    public var counters: CounterExpression?

    /// A chain.
    public init(
        name: String, id: UInt64? = nil, body: ChainBody = ChainBody(),
        rules: [RuleListing] = [], counters: CounterExpression? = nil
    ) {
        self.name = name
        self.id = id
        self.body = body
        self.rules = rules
        self.counters = counters
    }
}

/// A rule.
public struct RuleListing: Hashable, Sendable {
    /// Packets and bytes that a rule has counted.
    public struct Counter: Hashable, Sendable {
        /// How many packets.
        public var packets: UInt64
        /// How many bytes they had.
        public var bytes: UInt64

        /// Counted packets and bytes.
        public init(packets: UInt64, bytes: UInt64) {
            self.packets = packets
            self.bytes = bytes
        }
    }

    /// xt2's id of it.
    public var id: UInt64?
    /// The kernel's handle of it.
    public var handle: UInt64?
    /// What it consists of.
    public var body: RuleBody
    /// What it has counted; what its counter expression says unless it is set.
    public var counter: Counter?

    /// A rule.
    public init(
        id: UInt64? = nil, handle: UInt64? = nil, body: RuleBody, counter: Counter? = nil
    ) {
        self.id = id
        self.handle = handle
        self.body = body
        self.counter = counter ?? RuleListing.counter(of: body)
    }

    private static func counter(of body: RuleBody) -> Counter? {
        for case .counter(let counter) in body.expressions {
            return Counter(packets: counter.packets, bytes: counter.bytes)
        }
        return nil
    }
}

/// A set, map, flowtable or stateful object: shown, but only elements of sets are taken apart.
public struct ObjectListing: Hashable, Sendable {
    /// nft's word for what it is, such as `set`.
    public var kind: String
    /// Its name.
    public var name: String
    /// xt2's id of it.
    public var id: UInt64?
    /// A few words about it, such as `key 4 bytes, interval`.
    public var summary: String
    /// The elements of a set, as they came.
    public var members: [SetElement] = []
    /// What a set is like.
    private var properties: SetBody?
    /// All of it, as it is saved; nil if that is not known.
    public var saved: SavedObject?

    /// An object.
    public init(kind: String, name: String, id: UInt64? = nil, summary: String = "") {
        self.kind = kind
        self.name = name
        self.id = id
        self.summary = summary
    }

    /// A set or map.
    public init(_ set: SetMessage) {
        self.init(
            kind: set.body.flags.contains(.map) ? "map" : "set", name: set.name,
            id: set.handle?.rawValue, summary: ObjectText.properties(set.body))
        properties = set.body
        save(.set, set.body)
    }

    /// The elements of a set as text, in the order of their keys; each range is one.
    public var elements: [String] { properties.map { ElementText.list(members, of: $0) } ?? [] }

    /// A stateful object.
    public init(_ object: ObjectMessage) {
        self.init(
            kind: ObjectText.kind(ofObject: object.type), name: object.name,
            id: object.handle?.rawValue, summary: HexBytes.text(object.data ?? []))
        if let body = try? ObjectBody(object) { save(.object, body) }
    }

    /// A flowtable.
    public init(_ flowtable: FlowtableMessage) {
        self.init(
            kind: "flowtable", name: flowtable.name, id: flowtable.handle?.rawValue,
            summary: HexBytes.text((try? flowtable.body.encoded()) ?? []))
        save(.flowtable, flowtable.body)
    }

    private mutating func save(_ kind: SavedObject.Kind, _ body: some AttributeBody) {
        saved = (try? body.encoded()).map { SavedObject(kind: kind, name: name, body: $0) }
    }
}

/// What is shown beside rules.
public struct ListingOptions: Hashable, Sendable {
    /// Packets and bytes of each rule.
    public var counters: Bool
    /// xt2's ids.
    public var ids: Bool

    /// Neither counters nor ids unless asked for.
    public init(counters: Bool = false, ids: Bool = false) {
        self.counters = counters
        self.ids = ids
    }
}
