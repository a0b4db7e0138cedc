import CMnl
import Glibc

/// Asks the kernel whether it has a TCP connection.
///
/// - Source: sock_diag(7); linux `include/uapi/linux/inet_diag.h`, `struct inet_diag_req_v2`.
enum ConnectionLookup {
    /// Whether this host has a connection with these ends; nil if the kernel cannot be asked.
    ///
    /// - Cost: one look-up in the kernel's table of connections.
    static func hasConnection(from peer: Endpoint, to host: Endpoint) -> Bool? {
        guard let peerPort = peer.port, let hostPort = host.port,
            peer.address.count == host.address.count
        else { return nil }
        let interface = host.interface ?? peer.interface ?? 0
        let plain = ask(host.address, hostPort, peer.address, peerPort, interface)
        guard plain == false, peer.address.count == 4 else { return plain }
        // A socket that listens on IPv6 has IPv4 clients under mapped addresses.
        return ask(mapped(host.address), hostPort, mapped(peer.address), peerPort, interface)
    }

    private static func mapped(_ address: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0, count: 10) + [255, 255] + address
    }

    /// A request without NLM_F_DUMP is for one socket: its answer, or an error.
    private static func ask(
        _ host: [UInt8], _ hostPort: UInt16, _ peer: [UInt8], _ peerPort: UInt16,
        _ interface: UInt32
    ) -> Bool? {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), 4)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let request = message(host, hostPort, peer, peerPort, interface)
        guard send(descriptor, request, request.count, 0) == request.count else { return nil }
        var answer = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &answer, answer.count, 0)
        guard count >= 20 else { return nil }
        let type = UInt16(answer[4]) | UInt16(answer[5]) << 8
        switch type {
        case sockDiagByFamily:
            // Fixed since Linux 5.x: the state is the second byte behind the header.
            return answer[17] == established
        case 2:
            let error = answer[16..<20].enumerated().reduce(UInt32(0)) { number, byte in
                number | UInt32(byte.element) << (8 * UInt32(byte.offset))
            }
            return Int32(bitPattern: error) == -ENOENT ? false : nil
        default: return nil
        }
    }

    private static let sockDiagByFamily: UInt16 = 20
    private static let established: UInt8 = 1  // TCP_ESTABLISHED

    private static func message(
        _ host: [UInt8], _ hostPort: UInt16, _ peer: [UInt8], _ peerPort: UInt16,
        _ interface: UInt32
    ) -> [UInt8] {
        var bytes: [UInt8] = [72, 0, 0, 0, 20, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]
        // Family, protocol, no extensions, padding; all states.
        bytes += [UInt8(host.count == 4 ? AF_INET : AF_INET6), 6, 0, 0, 255, 255, 255, 255]
        bytes += [UInt8(hostPort >> 8), UInt8(truncatingIfNeeded: hostPort)]
        bytes += [UInt8(peerPort >> 8), UInt8(truncatingIfNeeded: peerPort)]
        for address in [host, peer] {
            bytes += address + [UInt8](repeating: 0, count: 16 - address.count)
        }
        // The interface, 0 for any; no cookie (INET_DIAG_NOCOOKIE).
        bytes += withUnsafeBytes(of: interface) { Array($0) } + [UInt8](repeating: 255, count: 8)
        return bytes
    }
}
