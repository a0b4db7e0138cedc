import Glibc

/// One end of a connection.
struct Endpoint: Sendable, Equatable {
    /// Four or sixteen bytes in network order.
    var address: [UInt8]
    /// Nil for any.
    var port: UInt16?
    /// The number of the interface of a link-local address.
    var interface: UInt32?

    /// `192.0.2.1 port 22`.
    var text: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = address.count == 4 ? AF_INET : AF_INET6
        inet_ntop(family, address, &buffer, socklen_t(buffer.count))
        let name = String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return name + (port.map { " port \($0)" } ?? "")
    }
}

/// A connection that changes must not cut.
struct ProtectedConnection: Sendable, Equatable {
    /// `IPPROTO_TCP` or `IPPROTO_UDP`.
    var transport: UInt8
    /// Who began it.
    var source: Endpoint
    /// Whom it was begun with.
    var destination: Endpoint

    /// `tcp from 203.0.113.9 port 50022 to 192.0.2.1 port 22`.
    var text: String {
        let name = transport == 6 ? "tcp" : "udp"
        return "\(name) from \(source.text) to \(destination.text)"
    }

    /// A connection from one end to another.
    init(transport: UInt8 = 6, from source: Endpoint, to destination: Endpoint) {
        self.transport = transport
        self.source = source
        self.destination = destination
    }

    /// Reads `PROTOCOL ADDRESS PORT ADDRESS PORT`, `*` for any port.
    ///
    /// - Throws: ``Refusal`` that quotes the text.
    init(_ text: String) throws(Refusal) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 5, let transport = ["tcp": UInt8(6), "udp": 17][words[0]],
            let source = Endpoint(words[1], words[2]),
            let destination = Endpoint(words[3], words[4]),
            source.address.count == destination.address.count
        else {
            throw Refusal(
                EINVAL,
                "'\(text.prefix(200))' is not a connection; write PROTOCOL ADDRESS PORT ADDRESS PORT, with tcp or udp, addresses of one family, and * for any port."
            )
        }
        self.init(transport: transport, from: source, to: destination)
    }
}

extension Endpoint {
    /// Reads an address and a port, `*` for any; nil if they are none.
    init?(_ address: String, _ port: String) {
        guard let bytes = Endpoint.bytes(address) else { return nil }
        self.init(address: bytes, port: nil)
        let scope = address.drop { $0 != "%" }.dropFirst()
        if !scope.isEmpty {
            // The number of an interface, where it has no name.
            let index = if_nametoindex(String(scope))
            interface = index > 0 ? index : UInt32(scope)
        }
        if port == "*" { return }
        guard let number = UInt16(port), number > 0 else { return nil }
        self.port = number
    }

    /// The bytes of an address; of an IPv4 address that is written as an IPv6 one, the four.
    private static func bytes(_ text: String) -> [UInt8]? {
        guard text.utf8.count < 64, !text.utf8.contains(0) else { return nil }
        // What stands behind '%' is the interface of a link-local address.
        let name = String(text.prefix { $0 != "%" })
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, name, &four) == 1 { return four }
        var sixteen = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, name, &sixteen) == 1 else { return nil }
        let mapped = [UInt8](repeating: 0, count: 10) + [255, 255]
        return sixteen.starts(with: mapped) ? Array(sixteen[12...]) : sixteen
    }
}
