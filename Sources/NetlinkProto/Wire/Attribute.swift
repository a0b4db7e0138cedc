/// One netlink attribute, seen in place: no byte of it is copied.
///
/// - Shape: `nla_len` (2, host order, header included), `nla_type` (2, host order; the two top bits
///   are the nested and the byte-order flag), payload, padding to four bytes.
/// - Source: linux `include/uapi/linux/netlink.h`, `struct nlattr`.
public struct Attribute: ~Escapable {
    /// The number as it came, with the two flag bits.
    @usableFromInline let rawType: UInt16
    /// The bytes between header and padding.
    public let payload: RawSpan
    /// Bytes from the start of the message to this attribute's header.
    public let offset: Int
    /// How many attributes this one is inside of.
    @usableFromInline let depth: Int

    @_lifetime(copy payload)
    @inlinable
    init(rawType: UInt16, payload: RawSpan, offset: Int, depth: Int) {
        self.rawType = rawType
        self.payload = payload
        self.offset = offset
        self.depth = depth
    }

    /// The attribute's number, without the two flag bits (`NLA_TYPE_MASK`).
    @inlinable
    public var type: UInt16 { rawType & 0x3FFF }

    /// Whether the sender set `NLA_F_NESTED`.
    public var isNested: Bool { rawType & 0x8000 != 0 }

    /// The attributes inside this one.
    ///
    /// - Throws: ``WireError/Code/tooDeep`` past ``WireLimits/nestingDepth``.
    @_lifetime(copy self)
    @inlinable
    public func nested() throws(WireError) -> AttributeReader {
        guard depth < WireLimits.nestingDepth else { throw tooDeep() }
        return AttributeReader(
            payload, offset: offset + WireLimits.attributeHeaderBytes, depth: depth + 1)
    }

    @usableFromInline
    func tooDeep() -> WireError { fault(.tooDeep, "more than \(WireLimits.nestingDepth) levels") }

    /// The payload as an unsigned byte.
    public func uint8() throws(WireError) -> UInt8 {
        try require(1)
        return payload.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
    }

    /// The payload as a big-endian number, nf_tables' usual order.
    public func uint16() throws(WireError) -> UInt16 {
        UInt16(bigEndian: try load(UInt16.self))
    }

    /// The payload as a big-endian number, nf_tables' usual order.
    public func uint32() throws(WireError) -> UInt32 {
        UInt32(bigEndian: try load(UInt32.self))
    }

    /// The payload as a big-endian number, nf_tables' usual order.
    public func uint64() throws(WireError) -> UInt64 {
        UInt64(bigEndian: try load(UInt64.self))
    }

    /// The payload as a number in host order, which netlink's own layer uses.
    public func hostUInt32() throws(WireError) -> UInt32 {
        try load(UInt32.self)
    }

    /// The payload as text: UTF-8, with or without one terminating zero.
    ///
    /// - Throws: ``WireError/Code/badValue`` if it is longer than `limit` bytes,
    ///   ``WireError/Code/unrecognised`` if it is not UTF-8 or has a zero inside: an expression
    ///   with such text can still be kept as bytes.
    public func string(limit: Int = WireLimits.nameBytes) throws(WireError) -> String {
        var count = payload.byteCount
        if count > 0, payload.unsafeLoad(fromByteOffset: count - 1, as: UInt8.self) == 0 {
            count -= 1
        }
        guard count <= limit else {
            throw fault(.badValue, "text of \(count) bytes, the limit is \(limit)")
        }
        guard let text = text(of: count) else { throw fault(.unrecognised, "not UTF-8 text") }
        return text
    }

    /// Whether the payload is this text, with or without one terminating zero.
    ///
    /// Why: to tell expressions apart by their names needs no copy of a name.
    @inlinable
    public func hasText(_ text: String) -> Bool {
        var text = text
        // Most are told apart by their lengths.
        let rest = payload.byteCount - text.utf8.count
        guard rest == 0 || rest == 1 else { return false }
        return payload.withUnsafeBytes { bytes in
            text.withUTF8 { text in
                guard rest == 0 || bytes[text.count] == 0 else { return false }
                var index = 0
                while index < text.count, bytes[index] == text[index] { index += 1 }
                return index == text.count
            }
        }
    }

    /// The first `count` bytes as text; nil if they are not UTF-8 or one of them is zero.
    private func text(of count: Int) -> String? {
        payload.withUnsafeBytes { bytes in
            let text = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            var all: UInt8 = 0
            for byte in text {
                if byte == 0 { return nil }
                all |= byte
            }
            // Names are ASCII as a rule, which needs no validation.
            return all < 0x80
                ? String(decoding: text, as: UTF8.self) : String(validating: text, as: UTF8.self)
        }
    }

    /// The payload, copied.
    public func bytes() -> [UInt8] {
        [UInt8](copying: payload)
    }

    /// An error about this attribute.
    public func fault(_ code: WireError.Code, _ message: String) -> WireError {
        WireError(code, "attribute \(type): \(message)", offset: offset)
    }

    private func require(_ count: Int) throws(WireError) {
        guard payload.byteCount == count else {
            throw fault(.badLength, "\(payload.byteCount) bytes where \(count) belong")
        }
    }

    private func load<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number.Type
    ) throws(WireError) -> Number {
        try require(MemoryLayout<Number>.size)
        // The bound was just checked, and every bit pattern is an integer.
        return payload.unsafeLoadUnaligned(fromByteOffset: 0, as: Number.self)
    }
}

extension [UInt8] {
    /// Copies the bytes that a span looks at.
    public init(copying span: RawSpan) {
        self = span.withUnsafeBytes { [UInt8]($0) }
    }
}
