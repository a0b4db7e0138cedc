/// Walks a run of netlink attributes without copying them.
///
/// Every length is checked before a byte behind it is touched; a length below four is an error, not
/// a step.
///
/// - Source: linux `lib/nlattr.c`, `nla_ok` and `nla_next`; unlike `nla_ok`, trailing bytes too
///   short for a header are an error.
public struct AttributeReader: ~Escapable {
    @usableFromInline var rest: RawSpan
    @usableFromInline var offset: Int
    @usableFromInline let depth: Int

    /// Starts at the first attribute of `span`; `offset` is how far that lies from the start of the
    /// message.
    @_lifetime(copy span)
    @inlinable
    public init(_ span: RawSpan, offset: Int = 0) {
        self.init(span, offset: offset, depth: 0)
    }

    @_lifetime(copy span)
    @inlinable
    init(_ span: RawSpan, offset: Int, depth: Int) {
        self.rest = span
        self.offset = offset
        self.depth = depth
    }

    /// The next attribute, or nil behind the last.
    ///
    /// Inlined where it is used: a large batch is a hundred of them a rule.
    /// - Throws: ``WireError/Code/truncated`` or ``WireError/Code/badLength``; the reader must not
    ///   be used after that.
    @_lifetime(copy self)
    @inlinable
    public mutating func next() throws(WireError) -> Attribute? {
        if rest.isEmpty { return nil }
        guard rest.byteCount >= WireLimits.attributeHeaderBytes else { throw noHeader() }
        let length = Int(rest.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt16.self))
        let rawType = rest.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt16.self)
        guard length >= WireLimits.attributeHeaderBytes, length <= rest.byteCount else {
            throw badLength(length, rawType)
        }
        let attribute = Attribute(
            rawType: rawType,
            payload: rest.extracting(WireLimits.attributeHeaderBytes..<length),
            offset: offset, depth: depth)
        // The last attribute's padding may be cut off; the kernel's nla_next allows it too.
        let step = min(netlinkAligned(length), rest.byteCount)
        rest = rest.extracting(droppingFirst: step)
        offset += step
        return attribute
    }

    @usableFromInline
    func noHeader() -> WireError {
        WireError(
            .truncated, "\(rest.byteCount) bytes where an attribute header belongs", offset: offset)
    }

    @usableFromInline
    func badLength(_ length: Int, _ rawType: UInt16) -> WireError {
        WireError(
            .badLength,
            "attribute \(rawType & 0x3FFF) says \(length) bytes, \(rest.byteCount) are there",
            offset: offset)
    }
}
