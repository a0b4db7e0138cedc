public import NetlinkProto

/// A set, stateful object or flowtable as it is saved: all that is known of it, as bytes.
public struct SavedObject: Hashable, Sendable {
    /// What it is; the raw value is the word behind `add`.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A counter, quota, helper, …
        case object
        /// A flowtable.
        case flowtable
        /// A set or map.
        case set

        /// Such a thing as it is typed, `set blocked`; no two of a table have the same.
        func title(_ name: String) -> String { "\(rawValue) \(name)" }
    }

    /// It as it is typed, `set blocked`; no two of a table have the same.
    public var title: String { kind.title(name) }

    /// What it is.
    public var kind: Kind
    /// Its name.
    public var name: String
    /// The attributes of its body.
    public var body: [UInt8]
    /// Of a set: the attributes of each element.
    public var elements: [[UInt8]] = []

    /// An object without elements.
    public init(kind: Kind, name: String, body: [UInt8]) {
        (self.kind, self.name, self.body) = (kind, name, body)
    }
}

extension ObjectListing {
    /// What is shown of a saved object.
    ///
    /// - Throws: ``WireError`` if its bytes are damaged.
    init(_ saved: SavedObject) throws(WireError) {
        switch saved.kind {
        case .set:
            self.init(
                SetMessage(
                    family: .unspecified, table: "", name: saved.name,
                    body: try SetBody(encoded: saved.body)))
        case .object:
            self.init(
                try ObjectBody(encoded: saved.body)
                    .message(family: .unspecified, table: "", name: saved.name))
        case .flowtable:
            self.init(
                FlowtableMessage(
                    family: .unspecified, table: "", name: saved.name,
                    body: try FlowtableBody(encoded: saved.body)))
        }
        for element in saved.elements { add(try SetElement(encoded: element)) }
    }

    /// Takes in an element of the set.
    public mutating func add(_ element: SetElement) {
        members.append(element)
        saved?.elements.append((try? element.encoded()) ?? [])
    }
}
