import Glibc
import NetlinkProto

/// An IPv4 or IPv6 address.
struct Address: Hashable, Sendable {
    /// Four or sixteen bytes in network order.
    var bytes: [UInt8]

    /// `ip` or `ip6`.
    var family: Family { bytes.count == 4 ? .ip : .ip6 }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads the usual forms: four decimal numbers, or RFC 4291.
    init?(_ text: some StringProtocol) {
        let isIP6 = text.contains(":")
        guard text.utf8.count < 64, !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: isIP6 ? 16 : 4)
        guard inet_pton(isIP6 ? AF_INET6 : AF_INET, String(text), &bytes) == 1 else { return nil }
        self.bytes = bytes
    }

    /// The shortest usual form (RFC 5952).
    var text: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Reads an address.
    ///
    /// - Throws: ``RuleSyntaxError`` that says what is wrong with it.
    static func parse(
        _ text: some StringProtocol, at index: Int
    ) throws(RuleSyntaxError) -> Address {
        guard let address = Address(text) else {
            let isName = text.contains { $0.isLetter } && !text.contains(":")
            throw RuleSyntaxError(
                "“\(text)” is not an address", at: index,
                hint: isName ? "names are not looked up; write the address itself" : nil)
        }
        return address
    }
}

/// An address and the bits of it that count.
struct AddressMask: Hashable, Sendable {
    /// The address; bits outside of the mask are zero.
    var address: Address
    /// As long as the address.
    var mask: [UInt8]

    init(_ address: Address, mask: [UInt8]) {
        self.mask = mask
        self.address = Address(zip(address.bytes, mask).map { $0 & $1 })
    }

    init(_ address: Address, prefix: Int) {
        self.init(address, mask: AddressMask.mask(prefix: prefix, count: address.bytes.count))
    }

    /// How many leading bits count; nil if the mask has holes.
    var prefix: Int? {
        let length =
            mask.prefix { $0 == 0xFF }.count * 8
            + (mask.first { $0 != 0xFF }.map { (~$0).leadingZeroBitCount } ?? 0)
        return mask == AddressMask.mask(prefix: length, count: mask.count) ? length : nil
    }

    /// Whether every bit counts.
    var isHost: Bool { mask.allSatisfy { $0 == 0xFF } }

    /// The last address; only for masks without holes.
    var last: [UInt8] { zip(address.bytes, mask).map { $0 | ~$1 } }

    /// `10.0.0.0/8`, or `10.0.0.0/255.0.255.0` for a mask with holes.
    var text: String {
        address.text + "/" + (prefix.map(String.init) ?? Address(mask).text)
    }

    static func mask(prefix: Int, count: Int) -> [UInt8] {
        (0..<count).map { index in
            let bits = min(8, max(0, prefix - index * 8))
            return bits == 0 ? 0 : 0xFF << UInt8(8 - bits)
        }
    }

    /// Reads `ADDRESS`, `ADDRESS/PREFIX` or `ADDRESS/MASK`.
    static func parse(
        _ text: some StringProtocol, at index: Int
    ) throws(RuleSyntaxError) -> AddressMask {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let address = try Address.parse(parts.first ?? "", at: index)
        let count = address.bytes.count
        guard parts.count == 2 else { return AddressMask(address, prefix: count * 8) }
        if let mask = Address(parts[1]), mask.bytes.count == count {
            return AddressMask(address, mask: mask.bytes)
        }
        guard let prefix = Number.value(parts[1]), prefix <= UInt64(count * 8) else {
            throw RuleSyntaxError(
                "“/\(parts[1])” is not a prefix length from 0 to \(count * 8)", at: index)
        }
        return AddressMask(address, prefix: Int(prefix))
    }
}

extension AddressMask {
    /// The prefixes that cover all addresses from `lower` to `upper` and no others.
    static func covering(_ lower: [UInt8], _ upper: [UInt8]) -> [AddressMask] {
        var prefixes: [AddressMask] = []
        var next: [UInt8]? = lower
        while let start = next, !upper.lexicographicallyPrecedes(start) {
            var length = start.count * 8 - Bytes.trailingZeroBits(start)
            var prefix = AddressMask(Address(start), prefix: length)
            while upper.lexicographicallyPrecedes(prefix.last) {
                length += 1
                prefix = AddressMask(Address(start), prefix: length)
            }
            prefixes.append(prefix)
            next = Bytes.successor(prefix.last)
        }
        return prefixes
    }
}

/// Arithmetic on big-endian numbers of any length.
enum Bytes {
    /// The number plus one; nil behind the last.
    static func successor(_ bytes: [UInt8]) -> [UInt8]? {
        var result = bytes
        for index in result.indices.reversed() {
            if result[index] < 0xFF {
                result[index] += 1
                return result
            }
            result[index] = 0
        }
        return nil
    }

    /// The number minus one; nil in front of the first.
    static func predecessor(_ bytes: [UInt8]) -> [UInt8]? {
        var result = bytes
        for index in result.indices.reversed() {
            if result[index] > 0 {
                result[index] -= 1
                return result
            }
            result[index] = 0xFF
        }
        return nil
    }

    /// How many bits at the end are zero.
    static func trailingZeroBits(_ bytes: [UInt8]) -> Int {
        let zeros = bytes.reversed().prefix { $0 == 0 }.count
        guard zeros < bytes.count else { return bytes.count * 8 }
        return zeros * 8 + bytes[bytes.count - 1 - zeros].trailingZeroBitCount
    }
}
