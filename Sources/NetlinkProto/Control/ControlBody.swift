/// The attributes of one of xt2's own messages.
public protocol ControlBody: Hashable, Sendable {
    /// Reads the attributes; those with unknown numbers are passed over.
    ///
    /// - Throws: ``WireError`` if one is damaged or a required one is missing.
    init(_ attributes: consuming AttributeReader) throws(WireError)
    /// Writes the attributes.
    func write(to writer: inout MessageWriter)
}

extension ControlBody {
    /// Reads the attributes of a message.
    public init(_ view: borrowing MessageView) throws(WireError) {
        try self.init(try view.attributes())
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: .unspecified)
            write(to: &writer)
        }
    }
}

/// How a version came to be.
public struct VersionMessageKind: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// By edits.
    public static let edit = VersionMessageKind(rawValue: 0)
    /// By bringing back an older version's content.
    public static let rollback = VersionMessageKind(rawValue: 1)
    /// By a repair at start.
    public static let recovery = VersionMessageKind(rawValue: 2)
    /// By another program.
    public static let foreign = VersionMessageKind(rawValue: 3)

    /// The name in the schema.
    public var name: String {
        switch self {
        case .edit: "edit"
        case .rollback: "rollback"
        case .recovery: "recovery"
        case .foreign: "foreign"
        default: "kind \(rawValue)"
        }
    }
}

/// What kind of object a change is about.
public struct ObjectMessageKind: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// A table.
    public static let table = ObjectMessageKind(rawValue: 1)
    /// A chain.
    public static let chain = ObjectMessageKind(rawValue: 2)
    /// A rule.
    public static let rule = ObjectMessageKind(rawValue: 3)
    /// A set or map.
    public static let set = ObjectMessageKind(rawValue: 4)
    /// An element of a set.
    public static let element = ObjectMessageKind(rawValue: 5)
    /// A stateful object.
    public static let object = ObjectMessageKind(rawValue: 6)
    /// A flowtable.
    public static let flowtable = ObjectMessageKind(rawValue: 7)

    /// The word of nft.
    public var name: String {
        let names = ["", "table", "chain", "rule", "set", "element", "object", "flowtable"]
        return Int(rawValue) < names.count ? names[Int(rawValue)] : "kind \(rawValue)"
    }
}
