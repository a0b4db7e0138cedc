import CMnl
import Glibc

extension HostKnowledge {
    /// What the kernel says about this host, for packets to and from some addresses.
    init(asking remotes: [[UInt8]]) {
        addresses = HostKnowledge.localAddresses()
        for address in remotes where !isLocal(address) {
            guard let index = RouteLookup.outputInterface(to: address) else { continue }
            var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
            guard if_indextoname(index, &name) != nil else { continue }
            let bytes = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
            interfaces[address] = .known(name: String(decoding: bytes, as: UTF8.self), index: index)
        }
    }

    private static func localAddresses() -> Set<[UInt8]> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: Set<[UInt8]> = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ifa_addr { found.formUnion(bytes(of: address)) }
            next = entry.pointee.ifa_next
        }
        return found
    }

    private static func bytes(of address: UnsafeMutablePointer<sockaddr>) -> [[UInt8]] {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                [withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) }]
            }
        case AF_INET6:
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                [withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }]
            }
        default: []
        }
    }
}

/// Asks the kernel for the route to an address.
///
/// - Source: rtnetlink(7), RTM_GETROUTE.
enum RouteLookup {
    private static let getRoute: UInt8 = 26
    private static let newRoute: UInt16 = 24
    private static let destination: UInt8 = 1  // RTA_DST
    private static let outputInterface: UInt16 = 4  // RTA_OIF
    private static let routeHeaderBytes = 12  // struct rtmsg

    /// The number of the interface through which packets to an address go out; nil if there is no route.
    static func outputInterface(to address: [UInt8]) -> UInt32? {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let request = message(address)
        guard send(descriptor, request, request.count, 0) == request.count else { return nil }
        var answer = [UInt8](repeating: 0, count: 8_192)
        let count = recv(descriptor, &answer, answer.count, 0)
        guard count >= 16 + routeHeaderBytes, word16(answer, 4) == newRoute else { return nil }
        return interface(in: Array(answer[..<count]))
    }

    private static func message(_ address: [UInt8]) -> [UInt8] {
        let length = UInt8(16 + routeHeaderBytes + 4 + address.count)
        let family = UInt8(address.count == 4 ? AF_INET : AF_INET6)
        var bytes: [UInt8] = [length, 0, 0, 0, getRoute, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]
        bytes += [family, UInt8(address.count * 8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        bytes += [UInt8(4 + address.count), 0, destination, 0] + address
        return bytes
    }

    private static func interface(in answer: [UInt8]) -> UInt32? {
        var offset = 16 + routeHeaderBytes
        while offset + 8 <= answer.count {
            let length = Int(word16(answer, offset))
            if word16(answer, offset + 2) == outputInterface {
                return UInt32(word16(answer, offset + 4)) | UInt32(word16(answer, offset + 6)) << 16
            }
            guard length >= 4 else { return nil }
            offset += (length + 3) & ~3
        }
        return nil
    }

    private static func word16(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
        UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    }
}
