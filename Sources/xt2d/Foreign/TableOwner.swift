import NetlinkProto

/// The socket that owns a table of the kernel, and alone may change it.
struct TableOwner: Sendable, Hashable {
    let port: PortID

    /// The process, as people read it.
    ///
    /// The kernel calls the first netlink socket of a process by the number of that process, so nft names owners the same way;
    /// other sockets have numbers that no process has.
    /// - Source: linux `af_netlink.c`, `netlink_autobind`.
    var title: String {
        guard let name = SmallFile.read("/proc/\(port.rawValue)/comm") else {
            return "another process"
        }
        return "\(name.plain) (pid \(port.rawValue))"
    }
}
