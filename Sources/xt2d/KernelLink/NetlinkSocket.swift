import CMnl
import Glibc
import NetlinkProto

/// One netlink socket to nfnetlink, through libmnl.
///
/// The only file that knows libmnl.
///
/// Not shared: whoever makes one uses it from one thread at a time.
final class NetlinkSocket {
    private let socket: OpaquePointer
    private var buffer: UnsafeMutableRawBufferPointer

    /// Bytes of one read: no message that the kernel puts into one datagram is larger.
    ///
    /// - Source: linux `net/netlink/af_netlink.c`, `netlink_dump`: at most 32 KiB for readers with large buffers.
    private static let receiveBytes = 64 << 10

    /// Opens a socket in the network namespace of the calling thread.
    ///
    /// - Throws: ``KernelError`` if the kernel has no nfnetlink or the process may not use it.
    init() throws(KernelError) {
        guard let socket = mnl_socket_open2(NETLINK_NETFILTER, Int32(SOCK_CLOEXEC.rawValue)) else {
            throw KernelError(errno: errno, origin: .systemCall("socket(AF_NETLINK)"))
        }
        guard mnl_socket_bind(socket, 0, pid_t(MNL_SOCKET_AUTOPID)) == 0 else {
            let number = errno
            mnl_socket_close(socket)
            throw KernelError(errno: number, origin: .systemCall("bind(AF_NETLINK)"))
        }
        self.socket = socket
        self.buffer = .allocate(byteCount: NetlinkSocket.receiveBytes, alignment: 16)
        var on: Int32 = 1
        // Without these the kernel repeats whole requests in errors and leaves out the text; both only cost comfort.
        let length = socklen_t(MemoryLayout<Int32>.size)
        _ = mnl_socket_setsockopt(socket, Int32(NETLINK_CAP_ACK), &on, length)
        _ = mnl_socket_setsockopt(socket, Int32(NETLINK_EXT_ACK), &on, length)
    }

    deinit {
        buffer.deallocate()
        mnl_socket_close(socket)
    }

    /// The number by which the kernel tells this socket's commits from others'.
    var port: PortID { PortID(rawValue: mnl_socket_get_portid(socket)) }

    /// `NFNLGRP_NFTABLES`: what is told of each commit.
    static let tablesGroup: Int32 = 7

    /// Begins to receive what the kernel tells a group of listeners.
    func join(group: Int32) throws(KernelError) {
        var group = group
        let length = socklen_t(MemoryLayout<Int32>.size)
        guard mnl_socket_setsockopt(socket, Int32(NETLINK_ADD_MEMBERSHIP), &group, length) == 0
        else { throw KernelError(errno: errno, origin: .systemCall("setsockopt(ADD_MEMBERSHIP)")) }
    }

    /// Makes room for a batch of `sendBytes` and for replies of `receiveBytes`, where that is allowed.
    ///
    /// The FORCE options need CAP_NET_ADMIN in the initial user namespace; without it the plain ones go as far as
    /// `net.core.wmem_max` and `rmem_max` let them.
    func reserve(sendBytes: Int, receiveBytes: Int) {
        raise(SO_SNDBUFFORCE, SO_SNDBUF, to: sendBytes)
        raise(SO_RCVBUFFORCE, SO_RCVBUF, to: receiveBytes)
    }

    private func raise(_ force: Int32, _ plain: Int32, to bytes: Int) {
        let descriptor = mnl_socket_get_fd(socket)
        var current: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, plain, &current, &length)
        guard Int(current) < bytes else { return }
        var wanted = Int32(clamping: bytes)
        if setsockopt(descriptor, SOL_SOCKET, force, &wanted, length) != 0 {
            setsockopt(descriptor, SOL_SOCKET, plain, &wanted, length)
        }
    }

    /// Hands bytes to the kernel, which carries them out before this returns.
    ///
    /// - Throws: ``KernelError`` with EMSGSIZE if the batch is larger than the socket's send buffer.
    func send(_ bytes: [UInt8]) throws(KernelError) {
        let sent = bytes.withUnsafeBytes { raw in
            retryingInterrupts { mnl_socket_sendto(socket, raw.baseAddress, raw.count) }
        }
        switch sent {
        case .success(bytes.count): return
        case .success:
            // Over 2 GiB the kernel takes a part, which it then cannot read as a batch.
            throw KernelError(errno: EMSGSIZE, origin: .systemCall("sendto"))
        case .failure(let error):
            throw KernelError(errno: error.number, origin: .systemCall("sendto"))
        }
    }

    /// Calls `body` with each message of the next datagram.
    ///
    /// - Parameter wait: whether to wait for a datagram; replies to a batch are there when `send` returns.
    /// - Returns: false if nothing is there.
    /// - Throws: ``KernelError``: ENOBUFS if replies were lost for lack of room.
    func receive(
        wait: Bool, _ body: (borrowing MessageView) throws(KernelError) -> Void
    ) throws(KernelError) -> Bool {
        let descriptor = mnl_socket_get_fd(socket)
        let flags = Int32(MSG_TRUNC) | (wait ? 0 : Int32(MSG_DONTWAIT))
        let received = retryingInterrupts {
            recv(descriptor, buffer.baseAddress, buffer.count, flags)
        }
        switch received {
        case .failure(let error) where error.number == EAGAIN: return false
        case .failure(let error):
            throw KernelError(errno: error.number, origin: .systemCall("recv"))
        case .success(let count):
            guard count <= buffer.count else {
                throw KernelError(errno: EMSGSIZE, origin: .reply)
            }
            try read(buffer.bytes.extracting(first: count), body)
            return true
        }
    }

    /// Throws away everything that is there, past overruns too.
    func drain() {
        while true {
            do {
                guard try receive(wait: false, { _ in }) else { return }
            } catch {
                // The kernel says an overrun once; what fitted before it is still there.
                guard error.errno == ENOBUFS else { return }
            }
        }
    }

    private func read(
        _ span: RawSpan, _ body: (borrowing MessageView) throws(KernelError) -> Void
    ) throws(KernelError) {
        var messages = MessageReader(span)
        while true {
            do {
                guard let view = try messages.next() else { return }
                try body(view)
            } catch let error as KernelError {
                throw error
            } catch {
                throw KernelError(errno: EBADMSG, origin: .reply, text: "\(error)")
            }
        }
    }
}
