/// The part of an nf_tables object that a version stores: its attributes without name, place and
/// handle.
///
/// Bodies are canonical: two objects that mean the same have the same bytes. State (counter values,
/// use counts) is not part of them. What this module does not know stays in them as bytes.
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

extension MessageWriter {
    /// Writes the bytes of a body; if they are more than an attribute holds, as several of the same number, to be put
    /// together by the reader.
    public mutating func body(_ type: UInt16, _ bytes: [UInt8]) {
        let most = WireLimits.attributeBytes - WireLimits.attributeHeaderBytes
        var rest = bytes[...]
        repeat {
            attribute(type, bytes: Array(rest.prefix(most)))
            rest = rest.dropFirst(most)
        } while !rest.isEmpty
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

    /// Adds the attribute to those that are kept as bytes, in the order of their numbers.
    ///
    /// Why ordered: senders and the kernel do not agree on an order, and a body is to have one form
    /// only.
    /// - Throws: ``WireError/Code/tooLarge`` past ``WireLimits/unknownAttributes``.
    func keep(in kept: inout [UInt8]) throws(WireError) {
        var place: Int?
        var count = 0
        var others = AttributeReader(kept.span.bytes)
        while let other = try others.next() {
            count += 1
            if place == nil && other.type > type { place = other.offset }
        }
        guard count < WireLimits.unknownAttributes else {
            throw fault(
                .tooLarge, "more than \(WireLimits.unknownAttributes) unknown attributes")
        }
        kept.insert(contentsOf: encoded(), at: place ?? kept.count)
    }
}
