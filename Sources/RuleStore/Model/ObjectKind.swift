/// What an object is; the numbers are part of the store's format.
public enum ObjectKind: UInt8, CaseIterable, Hashable, Sendable {
    /// A table, the only kind without a parent.
    case table = 1
    /// A chain of a table, with a hook or without.
    case chain
    /// A rule of a chain.
    case rule
    /// A set or map of a table.
    case set
    /// An element of a set or map.
    case element
    /// A stateful object of a table: counter, quota, limit …
    case object
    /// A flowtable of a table.
    case flowtable

    /// The kind that its parent has; `nil` for a table.
    public var parentKind: ObjectKind? {
        switch self {
        case .table: nil
        case .rule: .chain
        case .element: .set
        case .chain, .set, .object, .flowtable: .table
        }
    }

    /// Whether objects of this kind are known by a name.
    public var isNamed: Bool { self != .rule && self != .element }
}

extension ObjectKind: CustomStringConvertible {
    /// The word that netfilter uses.
    public var description: String {
        switch self {
        case .table: "table"
        case .chain: "chain"
        case .rule: "rule"
        case .set: "set"
        case .element: "element"
        case .object: "object"
        case .flowtable: "flowtable"
        }
    }
}
