import Glibc

/// An IPv4 or IPv6 address, with the number of bits that count.
struct InternetAddress: Equatable {
    /// Four or sixteen bytes in network order.
    var bytes: [UInt8]
    /// How many bits count; nil for all.
    var prefix: UInt8?
    /// As it was written, without the prefix.
    var text: String

    /// Reads an address; nil if it is none.
    init?(_ text: String) {
        let isIP6 = text.contains(":")
        guard text.utf8.count < 64, !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: isIP6 ? 16 : 4)
        guard inet_pton(isIP6 ? AF_INET6 : AF_INET, text, &bytes) == 1 else { return nil }
        self.bytes = bytes
        self.text = text
    }

    /// Reads `ADDRESS` or `ADDRESS/BITS`; nil if it is neither.
    init?(prefix text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let address = InternetAddress(parts[0]) else { return nil }
        self = address
        guard parts.count == 2 else { return }
        guard let bits = UInt8(parts[1]), Int(bits) <= bytes.count * 8 else { return nil }
        prefix = bits
    }
}
