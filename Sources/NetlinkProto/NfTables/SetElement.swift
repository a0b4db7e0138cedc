/// One element of a set or map.
///
/// - Shape: FLAGS (3, be32), TIMEOUT (4, be64), KEY (1) { VALUE }, KEY_END (10) { VALUE }, DATA (2)
///   { VALUE or VERDICT }, USERDATA (6), OBJREF (9), EXPR (7) or EXPRESSIONS (11). The time left
///   (EXPIRATION, 5) is state and left out.
public struct SetElement: AttributeBody {
    /// The key, as many bytes as the set says; empty for a catch-all.
    public var key: [UInt8]
    /// The last key of a concatenated range.
    public var keyEnd: [UInt8]?
    /// What a map maps to.
    public var data: ExpressionData?
    /// 1 (`NFT_SET_ELEM_INTERVAL_END`): the first key behind a range; 2: catch-all.
    public var flags: UInt32
    /// How long it lives; nil for as long as the set says.
    public var timeoutMilliseconds: UInt64?
    /// What nft and others keep beside it.
    public var userData: [UInt8]
    /// The object that a map of objects maps to.
    public var object: String?
    /// What it has of its own, such as a counter.
    public var expressions: [Expression] = []
    /// Attributes that this module does not know, as they came.
    public var unknown: [UInt8] = []

    /// `NFT_SET_ELEM_INTERVAL_END`.
    public static let intervalEnd: UInt32 = 1

    /// An element.
    public init(
        key: [UInt8], keyEnd: [UInt8]? = nil, data: ExpressionData? = nil, flags: UInt32 = 0,
        userData: [UInt8] = []
    ) {
        self.key = key
        self.keyEnd = keyEnd
        self.data = data
        self.flags = flags
        self.userData = userData
    }

    /// An element whose key is not yet known, to be read into.
    public init() { self.init(key: []) }

    init(_ attributes: consuming AttributeReader) throws(WireError) {
        self.init(key: [])
        while let attribute = try attributes.next() { try read(attribute) }
    }

    /// Takes in one attribute; those that are not known are kept.
    public mutating func read(_ attribute: borrowing Attribute) throws(WireError) {
        switch attribute.type {
        case 1: key = try attribute.dataValue()
        case 2: data = try ExpressionData(attribute)
        case 3: flags = try attribute.uint32()
        case 4: timeoutMilliseconds = try attribute.uint64()
        case 5, 8: break  // EXPIRATION is state, 8 is padding
        case 6: userData = attribute.bytes()
        case 7: expressions = [try Expression(try attribute.nested())]
        case 9: object = try attribute.string()
        case 10: keyEnd = try attribute.dataValue()
        case 11: expressions = try Expression.list(try attribute.nested())
        default: try attribute.keep(in: &unknown)
        }
    }

    static func list(_ attributes: consuming AttributeReader) throws(WireError) -> [SetElement] {
        var elements: [SetElement] = []
        while let element = try attributes.next() {
            elements.append(try SetElement(try element.nested()))
        }
        return elements
    }

    static func write(_ elements: [SetElement], as type: UInt16, to writer: inout MessageWriter) {
        writer.nest(type) { writer in
            for (index, element) in elements.enumerated() {
                // Numbered from 1 as libnftnl does it; the kernel reads only their order.
                writer.nest(UInt16(truncatingIfNeeded: index + 1) & 0x3FFF) {
                    element.write(to: &$0)
                }
            }
        }
    }

    /// By what an element is known in its set: whether it ends a range, and its key or keys.
    public var identity: [UInt8] {
        let kind = UInt8(truncatingIfNeeded: flags & 3)
        return [kind, UInt8(truncatingIfNeeded: key.count)] + key + (keyEnd ?? [])
    }

    /// Bytes that a list of elements may have, so that it fits an attribute together with what stands around it.
    static let listBytes = WireLimits.attributeBytes - 4_096
    /// More than the headers, numbers and padding of one element come to.
    static let fixedBytes = 128

    /// At least as many bytes as the element has in a list.
    var byteBound: Int {
        var bytes = SetElement.fixedBytes + key.count + userData.count + unknown.count
        bytes += keyEnd?.count ?? 0
        bytes += object?.utf8.count ?? 0
        switch data {
        case .value(let value)?: bytes += value.count
        case .verdict(let verdict)?: bytes += verdict.chain?.utf8.count ?? 0
        case nil: break
        }
        if !expressions.isEmpty {
            var writer = MessageWriter()
            Expression.writeOneOrMore(expressions, one: 7, more: 11, to: &writer)
            bytes += writer.bytes.count
        }
        return bytes
    }

    /// The elements in as many lists as it takes for each to fit an attribute; one, empty, if there are none.
    public static func portions(of elements: [SetElement]) -> [ArraySlice<SetElement>] {
        var portions: [ArraySlice<SetElement>] = []
        var start = elements.startIndex
        var bytes = 0
        for (index, element) in elements.enumerated() {
            let size = element.byteBound
            if bytes + size > listBytes, index > start {
                portions.append(elements[start..<index])
                (start, bytes) = (index, 0)
            }
            bytes += size
        }
        return portions + [elements[start...]]
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if flags != 0 { writer.attribute(3, uint32: flags) }
        if let timeoutMilliseconds { writer.attribute(4, uint64: timeoutMilliseconds) }
        if !key.isEmpty { writer.dataValue(1, key) }
        if let keyEnd { writer.dataValue(10, keyEnd) }
        if let data { data.write(2, to: &writer) }
        if !userData.isEmpty { writer.attribute(6, bytes: userData) }
        if let object { writer.attribute(9, string: object) }
        Expression.writeOneOrMore(expressions, one: 7, more: 11, to: &writer)
        writer.raw(unknown)
    }

    /// The same element without counter values and used quota.
    public var withoutState: SetElement {
        var element = self
        element.expressions = expressions.map(\.withoutState)
        return element
    }
}

extension SetElement: Comparable {
    /// Whether `left` stands in front of `right` in a list: by key, the end of a range in front of
    /// the start of the next.
    public static func < (left: SetElement, right: SetElement) -> Bool {
        if left.key != right.key { return left.key.lexicographicallyPrecedes(right.key) }
        if left.isRangeEnd != right.isRangeEnd { return left.isRangeEnd }
        return (left.keyEnd ?? []).lexicographicallyPrecedes(right.keyEnd ?? [])
    }

    private var isRangeEnd: Bool { flags & SetElement.intervalEnd != 0 }
}
