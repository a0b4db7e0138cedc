/// The part of an nf_tables object that a version stores: its attributes without name, place and handle.
///
/// Bodies are canonical: two objects that mean the same have the same bytes. State (counter values, use counts) is not
/// part of them. What this module does not know stays in them as bytes.
public protocol AttributeBody: Hashable, Sendable {
    /// An object without any attribute.
    init()
    /// Takes in one attribute; those that are not known are kept.
    mutating func read(_ attribute: borrowing Attribute) throws(WireError)
    /// Writes all attributes.
    func write(to writer: inout MessageWriter)
}

extension AttributeBody {
    /// Reads a body that ``encoded()`` wrote.
    ///
    /// - Throws: ``WireError`` if the bytes are damaged.
    public init(encoded bytes: [UInt8]) throws(WireError) {
        self.init()
        var attributes = AttributeReader(bytes.span.bytes)
        while let attribute = try attributes.next() { try read(attribute) }
    }

    /// The canonical bytes.
    ///
    /// - Throws: ``WireError/Code/tooLarge`` if an attribute does not fit.
    public func encoded() throws(WireError) -> [UInt8] {
        var writer = MessageWriter(capacity: 256)
        write(to: &writer)
        return try writer.finish()
    }
}

extension Attribute {
    /// The attribute with its header and padding, to be kept and written back.
    func encoded() -> [UInt8] {
        var writer = MessageWriter(capacity: netlinkAligned(payload.byteCount + 4))
        writer.copy(self)
        // A payload that was read fits the length field that it came with.
        return writer.bytes
    }
}
