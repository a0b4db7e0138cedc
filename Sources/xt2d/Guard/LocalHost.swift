import CMnl
import Glibc

extension HostKnowledge {
    /// What the kernel says about this host, for packets to and from some addresses.
    ///
    /// - Cost: one question to the kernel for each address.
    init(asking ends: [Endpoint]) {
        for end in ends {
            let route = RouteLookup.route(to: end)
            if route?.isLocal == true {
                addresses.insert(end.address)
                continue
            }
            let index = end.interface ?? route?.outputInterface ?? 0
            var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
            guard if_indextoname(index, &name) != nil else { continue }
            let bytes = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
            interfaces[end.address] = .known(
                name: String(decoding: bytes, as: UTF8.self), index: index)
        }
    }
}

/// Asks the kernel for the route to an address.
///
/// - Source: rtnetlink(7), RTM_GETROUTE.
struct RouteLookup {
    /// Whether the address is the host's own.
    let isLocal: Bool
    /// The number of the interface through which packets to it go out.
    let outputInterface: UInt32?

    private static let getRoute: UInt8 = 26
    private static let newRoute: UInt16 = 24
    private static let destination: UInt16 = 1  // RTA_DST
    private static let interface: UInt16 = 4  // RTA_OIF
    private static let local: UInt8 = 2  // RTN_LOCAL
    private static let routeHeaderBytes = 12  // struct rtmsg

    /// The route to an address; nil if there is none.
    static func route(to end: Endpoint) -> RouteLookup? {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let request = message(end)
        guard send(descriptor, request, request.count, 0) == request.count else { return nil }
        var answer = [UInt8](repeating: 0, count: 8_192)
        let count = recv(descriptor, &answer, answer.count, 0)
        guard count >= 16 + routeHeaderBytes, word16(answer, 4) == newRoute else { return nil }
        return RouteLookup(
            isLocal: answer[16 + 7] == local, outputInterface: interface(in: answer[..<count]))
    }

    private static func message(_ end: Endpoint) -> [UInt8] {
        let address = end.address
        var attributes = header(4 + address.count, destination) + address
        if let index = end.interface {
            attributes += header(8, interface) + withUnsafeBytes(of: index) { Array($0) }
        }
        let family = UInt8(address.count == 4 ? AF_INET : AF_INET6)
        let length = UInt8(16 + routeHeaderBytes + attributes.count)
        var bytes: [UInt8] = [length, 0, 0, 0, getRoute, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]
        bytes += [family, UInt8(address.count * 8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        return bytes + attributes
    }

    private static func header(_ length: Int, _ type: UInt16) -> [UInt8] {
        [UInt8(length), 0, UInt8(type), 0]
    }

    private static func interface(in answer: ArraySlice<UInt8>) -> UInt32? {
        var offset = 16 + routeHeaderBytes
        while offset + 8 <= answer.count {
            let length = Int(word16(answer, offset))
            if word16(answer, offset + 2) == interface {
                return UInt32(word16(answer, offset + 4)) | UInt32(word16(answer, offset + 6)) << 16
            }
            guard length >= 4 else { return nil }
            offset += (length + 3) & ~3
        }
        return nil
    }

    private static func word16(_ bytes: some RandomAccessCollection<UInt8>, _ offset: Int) -> UInt16
    {
        let start = bytes.index(bytes.startIndex, offsetBy: offset)
        return UInt16(bytes[start]) | UInt16(bytes[bytes.index(after: start)]) << 8
    }
}
