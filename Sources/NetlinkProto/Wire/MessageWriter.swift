/// Writes netlink messages, one behind the other, into one growing buffer.
///
/// Nothing is copied twice: a nested attribute is written in place and its length filled in when it
/// ends. The first thing that does not fit is remembered and thrown by ``finish()``, so that
/// encoders stay straight-line code.
public struct MessageWriter: Sendable {
    /// What has been written so far; complete only after ``finish()``.
    public private(set) var bytes: [UInt8]
    private var failure: WireError?
    private var messageStart = 0

    /// An empty buffer with room for `capacity` bytes.
    public init(capacity: Int = 512) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// The bytes of all messages or attributes.
    ///
    /// - Throws: ``WireError/Code/tooLarge`` if any attribute or message did not fit its length
    ///   field.
    public consuming func finish() throws(WireError) -> [UInt8] {
        if let failure { throw failure }
        return bytes
    }

    /// Hands out what has been written so far, and goes on with an empty buffer.
    ///
    /// Between messages only.
    /// - Throws: as ``finish()``.
    public mutating func take() throws(WireError) -> [UInt8] {
        if let failure { throw failure }
        let room = bytes.capacity
        defer {
            bytes = []
            bytes.reserveCapacity(room)
        }
        return bytes
    }

    /// Writes one whole message: netlink header, then whatever `body` writes.
    ///
    /// - Source: linux `include/uapi/linux/netlink.h`, `struct nlmsghdr`: all fields in host order.
    public mutating func message(_ header: MessageHeader, _ body: (inout MessageWriter) -> Void) {
        let start = bytes.count
        messageStart = start
        netlinkHeader(header, lengthBytes: 0)
        body(&self)
        let length = bytes.count - start
        if let length32 = UInt32(exactly: length) {
            patch(length32, at: start)
        } else {
            fail(WireError(.tooLarge, "message of \(length) bytes"))
        }
        pad()
    }

    /// Writes an attribute whose payload is `payload`, padded.
    public mutating func attribute(_ type: UInt16, bytes payload: [UInt8]) {
        let start = begin(type)
        bytes.append(contentsOf: payload)
        end(start, type)
    }

    /// Writes an attribute whose payload is what `span` looks at, padded.
    public mutating func attribute(_ type: UInt16, copying span: RawSpan) {
        let start = begin(type)
        span.withUnsafeBytes { bytes.append(contentsOf: $0) }
        end(start, type)
    }

    /// Writes a text attribute with its terminating zero, as the kernel's `NLA_STRING` readers like
    /// it.
    ///
    /// Text with a zero inside fails with ``WireError/Code/badValue``: its reader would see
    /// another, shorter name.
    public mutating func attribute(_ type: UInt16, string: String) {
        let start = begin(type)
        text(string, type)
        bytes.append(0)
        end(start, type)
    }

    /// Writes a text attribute without terminating zero, where libnftnl leaves it out.
    mutating func attribute(_ type: UInt16, unterminated string: String) {
        let start = begin(type)
        text(string, type)
        end(start, type)
    }

    /// Writes a one-byte attribute.
    public mutating func attribute(_ type: UInt16, uint8 value: UInt8) {
        let start = begin(type)
        bytes.append(value)
        end(start, type)
    }

    /// Writes a big-endian number.
    public mutating func attribute(_ type: UInt16, uint16 value: UInt16) {
        number(type, value.bigEndian)
    }

    /// Writes a big-endian number.
    public mutating func attribute(_ type: UInt16, uint32 value: UInt32) {
        number(type, value.bigEndian)
    }

    /// Writes a big-endian number.
    public mutating func attribute(_ type: UInt16, uint64 value: UInt64) {
        number(type, value.bigEndian)
    }

    /// Writes a number in host order, as netlink's own layer uses them.
    public mutating func attribute(_ type: UInt16, hostUInt32 value: UInt32) {
        number(type, value)
    }

    /// Writes an attribute without payload, whose being there is the message.
    public mutating func attributeFlag(_ type: UInt16) {
        end(begin(type), type)
    }

    /// Writes an attribute that holds what `body` writes, with `NLA_F_NESTED` set.
    public mutating func nest(_ type: UInt16, _ body: (inout MessageWriter) -> Void) {
        let start = begin(type | 0x8000)
        body(&self)
        end(start, type)
    }

    /// Writes an attribute as it was read, with its flag bits.
    public mutating func copy(_ other: borrowing Attribute) {
        attribute(other.rawType, copying: other.payload)
    }

    /// Appends bytes that already are well-formed attributes or messages.
    public mutating func raw(_ encoded: [UInt8]) {
        bytes.append(contentsOf: encoded)
    }

    /// Appends the four bytes of a netfilter header.
    public mutating func netfilterHeader(family: Family, resource: UInt16 = 0) {
        bytes.append(family.rawValue)
        bytes.append(0)  // NFNETLINK_V0
        host(resource.bigEndian)
    }

    /// Appends four bytes in host order.
    public mutating func hostWord(_ value: UInt32) {
        host(value)
    }

    /// Appends the sixteen bytes of a netlink header.
    mutating func netlinkHeader(_ header: MessageHeader, lengthBytes: UInt32) {
        host(lengthBytes)
        host(header.type.rawValue)
        host(header.flags.rawValue)
        host(header.sequence.rawValue)
        host(header.port.rawValue)
    }

    /// Remembers the first thing that could not be written.
    public mutating func fail(_ error: WireError) {
        if failure == nil { failure = error }
    }

    private mutating func text(_ string: String, _ type: UInt16) {
        if string.utf8.contains(0) {
            fail(WireError(.badValue, "attribute \(type): text with a zero inside"))
        }
        bytes.append(contentsOf: string.utf8)
    }

    private mutating func begin(_ rawType: UInt16) -> Int {
        let start = bytes.count
        host(UInt16(0))
        host(rawType)
        return start
    }

    private mutating func end(_ start: Int, _ type: UInt16) {
        let length = bytes.count - start
        if let length16 = UInt16(exactly: length) {
            patch(length16, at: start)
        } else {
            fail(
                WireError(
                    .tooLarge, "attribute \(type & 0x3FFF) of \(length) bytes; 65,535 fit",
                    offset: start - messageStart))
        }
        pad()
    }

    private mutating func number<Number: FixedWidthInteger>(_ type: UInt16, _ value: Number) {
        let start = begin(type)
        host(value)
        end(start, type)
    }

    private mutating func host<Number: FixedWidthInteger>(_ value: Number) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    private mutating func patch<Number: FixedWidthInteger>(_ value: Number, at position: Int) {
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: value, toByteOffset: position, as: Number.self)
        }
    }

    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }
}
