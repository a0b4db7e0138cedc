/// A set that belongs to one rule, with all of its elements.
///
/// - Shape: in ``ExtensionAttribute/sets``: ELEM (1) { the attributes of a set, ELEMENTS (0x2000 +
///   6) { ELEM … } } … Where that is more than one attribute holds, there are several; an ELEM that has nothing but ELEMENTS
///   goes on with the set before it.
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

    /// Reads one attribute with sets, behind those that came before.
    static func read(
        _ attributes: consuming AttributeReader, into sets: inout [AnonymousSet]
    ) throws(WireError) {
        while let attribute = try attributes.next() {
            var set = AnonymousSet(body: SetBody(), elements: [])
            var parts = try attribute.nested()
            while let part = try parts.next() {
                if part.type == ExtensionAttribute.elements {
                    set.elements += try SetElement.list(try part.nested())
                } else {
                    try set.body.read(part)
                }
            }
            if set.body == SetBody(), !sets.isEmpty {
                sets[sets.count - 1].elements += set.elements
            } else {
                sets.append(set)
            }
        }
    }

    static func write(_ sets: [AnonymousSet], to writer: inout MessageWriter) {
        for part in parts(of: sets) {
            writer.nest(ExtensionAttribute.sets) { writer in
                for set in part {
                    writer.nest(Expression.listElement) { writer in
                        set.body.write(to: &writer)
                        SetElement.write(set.elements, as: ExtensionAttribute.elements, to: &writer)
                    }
                }
            }
        }
    }

    /// The sets as they are put into attributes: all in one if they fit, else each by itself, in pieces.
    private static func parts(of sets: [AnonymousSet]) -> [[AnonymousSet]] {
        let bound = sets.reduce(0) { $0 + $1.byteBound }
        guard bound > SetElement.listBytes else { return [sets] }
        let exact = sets.reduce(0) { $0 + $1.byteCount }
        guard exact > SetElement.listBytes else { return [sets] }
        return sets.flatMap { set in
            let pieces = SetElement.portions(of: set.elements)
            return pieces.enumerated().map { index, elements in
                [AnonymousSet(body: index == 0 ? set.body : SetBody(), elements: Array(elements))]
            }
        }
    }

    private var byteBound: Int {
        elements.reduce(SetElement.fixedBytes) { $0 + $1.byteBound }
    }

    private var byteCount: Int {
        var writer = MessageWriter(capacity: 64 << 10)
        for element in elements { writer.nest(Expression.listElement) { element.write(to: &$0) } }
        return writer.bytes.count + SetElement.fixedBytes
    }
}
