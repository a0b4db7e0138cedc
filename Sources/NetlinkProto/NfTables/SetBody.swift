/// What a version of a set consists of, beside its name and elements.
public struct SetBody: AttributeBody {
    /// Properties of a set.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_set_flags`.
    public struct Flags: OptionSet, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// `NFT_SET_ANONYMOUS`: belongs to the rule that names it.
        public static let anonymous = Flags(rawValue: 0x1)
        /// `NFT_SET_CONSTANT`: does not change while a rule uses it.
        public static let constant = Flags(rawValue: 0x2)
        /// `NFT_SET_INTERVAL`: elements are ranges.
        public static let interval = Flags(rawValue: 0x4)
        /// `NFT_SET_MAP`: elements have data.
        public static let map = Flags(rawValue: 0x8)
        /// `NFT_SET_TIMEOUT`: elements may expire.
        public static let timeout = Flags(rawValue: 0x10)
        /// `NFT_SET_EVAL`: the packet path adds elements.
        public static let dynamic = Flags(rawValue: 0x20)
        /// `NFT_SET_OBJECT`: elements refer to objects.
        public static let object = Flags(rawValue: 0x40)
        /// `NFT_SET_CONCAT`: keys are concatenations with ranges.
        public static let concatenation = Flags(rawValue: 0x80)
        /// `NFT_SET_EXPR`: each element has expressions of its own.
        public static let expressions = Flags(rawValue: 0x100)
    }

    /// Its properties.
    public var flags: Flags
    /// nft's number of the key's data type; the kernel only keeps it.
    public var keyType: UInt32
    /// Bytes of a key.
    public var keyLength: UInt32
    /// nft's number of the data's type, ``verdictType`` for verdicts; nil unless it is a map.
    public var dataType: UInt32?
    /// Bytes of the data; 0 for verdicts, whatever the sender says.
    public var dataLength: UInt32?
    /// `NFT_OBJECT_*`, of a map of objects.
    public var objectType: UInt32?
    /// `NFT_SET_POL_MEMORY` (1); 0 for speed.
    public var policy: UInt32 = 0
    /// How many elements there may be; nil for any number.
    public var sizeElements: UInt32?
    /// Bytes of each field of a key that is a concatenation with ranges.
    public var fieldLengths: [UInt32] = []
    /// How long elements live that say nothing else.
    public var timeoutMilliseconds: UInt64?
    /// How often expired elements are cleared away.
    public var collectionIntervalMilliseconds: UInt32?
    /// What nft and others keep beside it.
    public var userData: [UInt8]
    /// What every element gets when it is added, such as a counter.
    public var expressions: [Expression] = []
    /// Attributes that this module does not know, as they came.
    public var unknown: [UInt8] = []

    /// The ``dataType`` of a verdict map (`NFT_DATA_VERDICT`).
    public static let verdictType: UInt32 = 0xFFFF_FF00

    /// A set with keys of `keyLength` bytes.
    public init(
        flags: Flags, keyType: UInt32, keyLength: UInt32, dataType: UInt32? = nil,
        dataLength: UInt32? = nil, userData: [UInt8] = []
    ) {
        self.flags = flags
        self.keyType = keyType
        self.keyLength = keyLength
        self.dataType = dataType
        self.dataLength = dataLength
        self.userData = userData
    }

    /// A set whose key is not yet known, to be read into.
    public init() { self.init(flags: [], keyType: 0, keyLength: 0) }

    /// Takes in one attribute; those that are not known are kept.
    public mutating func read(_ attribute: borrowing Attribute) throws(WireError) {
        switch attribute.type {
        case 3: flags = Flags(rawValue: try attribute.uint32())
        case 4: keyType = try attribute.uint32()
        case 5: keyLength = try attribute.uint32()
        case 6: dataType = try attribute.uint32()
        case 7: dataLength = try attribute.uint32()
        case 8: policy = try attribute.uint32()
        case 9:
            if try !readDescription(try attribute.nested()) { try attribute.keep(in: &unknown) }
        case 11: timeoutMilliseconds = try attribute.uint64()
        case 12: collectionIntervalMilliseconds = try attribute.uint32()
        case 13: userData = attribute.bytes()
        case 15: objectType = try attribute.uint32()
        case 17: expressions = [try Expression(try attribute.nested())]
        case 18: expressions = try Expression.list(try attribute.nested())
        case 19, 20: break  // TYPE and COUNT: how the kernel keeps it, and how full it is
        default: try attribute.keep(in: &unknown)
        }
        // The kernel makes room for a verdict of its own, and dumps that instead of what was sent.
        if dataType == SetBody.verdictType && dataLength != nil { dataLength = 0 }
    }

    /// Reads `NFTA_SET_DESC`: SIZE (1, be32), CONCAT (2) { ELEM (1) { LEN (1, be32) } … }.
    ///
    /// False, and nothing read, if there is anything else in it.
    private mutating func readDescription(
        _ attributes: consuming AttributeReader
    ) throws(WireError) -> Bool {
        var size: UInt32?
        var lengths: [UInt32] = []
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: size = try attribute.uint32()
            case 2: lengths = try SetBody.fieldLengths(try attribute.nested())
            default: return false
            }
        }
        sizeElements = size
        fieldLengths = lengths
        return true
    }

    private static func fieldLengths(
        _ fields: consuming AttributeReader
    ) throws(WireError) -> [UInt32] {
        var lengths: [UInt32] = []
        while let field = try fields.next() {
            var attributes = try field.nested()
            while let attribute = try attributes.next() { lengths.append(try attribute.uint32()) }
        }
        return lengths
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        write(to: &writer, id: nil)
    }

    /// Writes all attributes in libnftnl's order, in which ID stands among them.
    func write(to writer: inout MessageWriter, id: UInt32?) {
        if keyLength != 0 {
            writer.attribute(3, uint32: flags.rawValue)
            writer.attribute(4, uint32: keyType)
            writer.attribute(5, uint32: keyLength)
        }
        if let dataType { writer.attribute(6, uint32: dataType) }
        if let dataLength { writer.attribute(7, uint32: dataLength) }
        if let objectType { writer.attribute(15, uint32: objectType) }
        if let id { writer.attribute(10, uint32: id) }
        if policy != 0 { writer.attribute(8, uint32: policy) }
        writeDescription(to: &writer)
        if let timeoutMilliseconds { writer.attribute(11, uint64: timeoutMilliseconds) }
        if let collectionIntervalMilliseconds {
            writer.attribute(12, uint32: collectionIntervalMilliseconds)
        }
        if !userData.isEmpty { writer.attribute(13, bytes: userData) }
        Expression.writeOneOrMore(expressions, one: 17, more: 18, to: &writer)
        writer.raw(unknown)
    }

    private func writeDescription(to writer: inout MessageWriter) {
        guard sizeElements != nil || !fieldLengths.isEmpty else { return }
        writer.nest(9) { writer in
            if let sizeElements { writer.attribute(1, uint32: sizeElements) }
            guard !fieldLengths.isEmpty else { return }
            writer.nest(2) { writer in
                for length in fieldLengths {
                    writer.nest(Expression.listElement) { $0.attribute(1, uint32: length) }
                }
            }
        }
    }
}
