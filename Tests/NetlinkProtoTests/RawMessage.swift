/// A message taken apart by the test's own few lines, to change its bytes without the code under
/// test.
///
/// Little-endian only, as the fixtures are.
struct RawMessage {
    /// Netlink and netfilter header, 20 bytes.
    var headers: [UInt8]
    /// What follows.
    var attributes: RawAttributes

    init(_ message: [UInt8]) {
        headers = Array(message.prefix(20))
        attributes = RawAttributes(Array(message.dropFirst(20)))
    }

    var bytes: [UInt8] {
        var message = headers + attributes.bytes
        for index in 0..<4 { message[index] = UInt8(message.count >> (8 * index) & 0xFF) }
        return message
    }
}

/// A run of attributes.
struct RawAttributes {
    /// Number, with flag bits, and payload of each attribute.
    var list: [(type: UInt16, payload: [UInt8])] = []

    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while rest.count >= 4 {
            let head = Array(rest.prefix(4))
            let length = Int(head[0]) | Int(head[1]) << 8
            let type = UInt16(head[2]) | UInt16(head[3]) << 8
            list.append((type, Array(rest.prefix(length).dropFirst(4))))
            rest = rest.dropFirst(max(4, (length + 3) & ~3))
        }
    }

    /// Takes out the attributes of these numbers.
    mutating func remove(_ numbers: Set<UInt16>) {
        list.removeAll { numbers.contains($0.type & 0x3FFF) }
    }

    /// Puts the attributes into the order of their numbers.
    mutating func sort() {
        list.sort { ($0.type & 0x3FFF) < ($1.type & 0x3FFF) }
    }

    /// Changes what is inside of each attribute of this number.
    mutating func change(_ number: UInt16, _ body: (inout RawAttributes) -> Void) {
        for index in list.indices where list[index].type & 0x3FFF == number {
            var inner = RawAttributes(list[index].payload)
            body(&inner)
            list[index].payload = inner.bytes
        }
    }

    /// The payload of the first attribute of this number.
    subscript(number: UInt16) -> [UInt8]? {
        list.first { $0.type & 0x3FFF == number }?.payload
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for (type, payload) in list {
            let length = payload.count + 4
            bytes += [UInt8(length & 0xFF), UInt8(length >> 8)]
            bytes += [UInt8(type & 0xFF), UInt8(type >> 8)]
            bytes += payload
            bytes += [UInt8](repeating: 0, count: -length & 3)
        }
        return bytes
    }
}
