import CMnl
import Glibc

/// What the kernel says about the other end of a Unix socket; it was fixed when the client connected.
///
/// - Source: unix(7), SO_PEERCRED; linux `net/core/sock.c`, SO_PEERGROUPS.
struct PeerCredentials: Sendable {
    let uid: UInt32
    let gid: UInt32
    let pid: Int32
    /// The supplementary groups.
    let groups: [UInt32]

    /// Asks about the socket `descriptor`; nil if it is no such socket.
    init?(_ descriptor: Int32) {
        var credentials = xt2_peer_credentials()
        var length = socklen_t(MemoryLayout<xt2_peer_credentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else {
            return nil
        }
        uid = credentials.uid
        gid = credentials.gid
        pid = credentials.pid
        groups = PeerCredentials.groups(descriptor)
    }

    /// The supplementary groups; none if the kernel does not tell, which gives away no right.
    private static func groups(_ descriptor: Int32) -> [UInt32] {
        // The kernel says how much room they take when there is too little.
        var groups = [UInt32](repeating: 0, count: 32)
        for _ in 0..<2 {
            var length = socklen_t(groups.count * MemoryLayout<UInt32>.size)
            let result = getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, &groups, &length)
            let count = Int(length) / MemoryLayout<UInt32>.size
            if result == 0 { return Array(groups.prefix(count)) }
            guard errno == ERANGE, count <= most else { return [] }
            groups = [UInt32](repeating: 0, count: count)
        }
        return []
    }

    private static let most = 65_536  // NGROUPS_MAX
}
