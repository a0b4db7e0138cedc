/// A set that belongs to one rule, with all of its elements.
///
/// - Shape: in ``ExtensionAttribute/sets``: ELEM (1) { the attributes of a set, ELEMENTS (0x2000 +
///   6) { ELEM … } } …
public struct AnonymousSet: Hashable, Sendable {
    /// Key, data and properties.
    public var body: SetBody
    /// The elements, in the order of their keys.
    public var elements: [SetElement]

    /// What such a set is called in a lookup, beside its number: the kernel puts a number for `%d`.
    public static let name = "__set%d"

    /// A set with its elements.
    public init(body: SetBody, elements: [SetElement]) {
        self.body = body
        self.elements = elements
    }

    static func list(_ attributes: consuming AttributeReader) throws(WireError) -> [AnonymousSet] {
        var sets: [AnonymousSet] = []
        while let attribute = try attributes.next() {
            var set = AnonymousSet(body: SetBody(), elements: [])
            var parts = try attribute.nested()
            while let part = try parts.next() {
                if part.type == ExtensionAttribute.elements {
                    set.elements = try SetElement.list(try part.nested())
                } else {
                    try set.body.read(part)
                }
            }
            sets.append(set)
        }
        return sets
    }

    static func write(_ sets: [AnonymousSet], to writer: inout MessageWriter) {
        writer.nest(ExtensionAttribute.sets) { writer in
            for set in sets {
                writer.nest(Expression.listElement) { writer in
                    set.body.write(to: &writer)
                    SetElement.write(set.elements, as: ExtensionAttribute.elements, to: &writer)
                }
            }
        }
    }
}
