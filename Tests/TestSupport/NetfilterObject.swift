import Glibc

/// Things of netfilter that rules name and that have programs of their own: made and heard of without these programs.
///
/// The calling thread's network namespace is the one that counts.
public enum NetfilterObject {
    /// Makes an IPv4 set of type `hash:ip`, as `ipset create` does.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/ipset/ip_set.h`.
    public static func makeSet(_ name: String) throws {
        try create(
            subsystem: 6, command: 2, family: 2,
            attribute(1, [6]) + attribute(2, text(name)) + attribute(3, text("hash:ip"))
                + attribute(4, [4]) + attribute(5, [2]) + attribute(7 | nested, []))
    }

    /// Makes a timeout policy for ICMP, as `nfct add timeout` does.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nfnetlink_cttimeout.h`.
    public static func makeTimeout(_ name: String, seconds: UInt32) throws {
        let seconds = attribute(1 | bigEndian, withUnsafeBytes(of: seconds.bigEndian, Array.init))
        try create(
            subsystem: 8, command: 0, family: 2,
            attribute(1, text(name)) + attribute(2, [0, 2]) + attribute(3, [1])
                + attribute(4 | nested, seconds))
    }

    /// Makes an accounting object, as `nfacct add` does.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nfnetlink_acct.h`.
    public static func makeAccount(_ name: String) throws {
        try create(subsystem: 7, command: 0, family: 0, attribute(1, text(name)))
    }

    private static let nested: UInt16 = 0x8000
    private static let bigEndian: UInt16 = 0x4000

    private static func text(_ name: String) -> [UInt8] { Array(name.utf8) + [0] }

    fileprivate static func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt16(4 + payload.count)
        let padding = [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
        return bytes(length) + bytes(type) + payload + padding
    }

    fileprivate static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number, Array.init)
    }

    private static func create(
        subsystem: UInt16, command: UInt16, family: UInt8, _ attributes: [UInt8]
    ) throws {
        let socket = try NetfilterSocket()
        // NLM_F_REQUEST, ACK, EXCL, CREATE.
        try socket.send(
            type: subsystem << 8 | command, flags: 0x605, family: family, resource: 0, attributes)
        let errno = try socket.acknowledgement()
        guard errno == 0 else {
            throw CommandFailure(
                "subsystem \(subsystem), command \(command): \(String(cString: strerror(errno)))")
        }
    }
}

/// A netlink socket to netfilter.
private final class NetfilterSocket: Sendable {
    private let descriptor: Int32

    init() throws {
        descriptor = makeSocket(AF_NETLINK, SOCK_RAW, 12)
        guard descriptor >= 0 else { throw NetfilterSocket.failure("socket") }
    }

    deinit { close(descriptor) }

    fileprivate static func failure(_ call: String) -> CommandFailure {
        CommandFailure("netlink, \(call): \(String(cString: strerror(errno)))")
    }

    func send(
        type: UInt16, flags: UInt16, family: UInt8, resource: UInt16, _ attributes: [UInt8]
    ) throws {
        let body = [family, 0] + NetfilterObject.bytes(resource.bigEndian) + attributes
        var message = NetfilterObject.bytes(UInt32(16 + body.count))
        message += NetfilterObject.bytes(type) + NetfilterObject.bytes(flags)
        message += NetfilterObject.bytes(UInt32(1)) + NetfilterObject.bytes(UInt32(0)) + body
        guard Glibc.send(descriptor, message, message.count, 0) == message.count else {
            throw NetfilterSocket.failure("send")
        }
    }

    /// The next message; empty if there is none and it is not to be waited for.
    func receive(wait: Bool) throws -> [UInt8] {
        var room = [UInt8](repeating: 0, count: 8_192)
        let count = recv(descriptor, &room, room.count, wait ? 0 : Int32(MSG_DONTWAIT))
        if count < 0, !wait, errno == EAGAIN { return [] }
        guard count > 0 else { throw NetfilterSocket.failure("recv") }
        return Array(room.prefix(count))
    }

    /// The error number of the reply, 0 for none.
    func acknowledgement() throws -> Int32 {
        let reply = try receive(wait: true)
        guard reply.count >= 20 else { throw CommandFailure("a short reply") }
        return -reply.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
    }
}

/// Listens to a group of NFLOG, in the namespace of the thread that makes it.
///
/// - Source: linux `include/uapi/linux/netfilter/nfnetlink_log.h`.
public final class LogListener: Sendable {
    private let socket: NetfilterSocket

    /// Binds the group.
    public init(group: UInt16) throws {
        socket = try NetfilterSocket()
        // NFULNL_MSG_CONFIG with NFULA_CFG_CMD: NFULNL_CFG_CMD_BIND.
        try socket.send(
            type: 4 << 8 | 1, flags: 5, family: 0, resource: group,
            NetfilterObject.attribute(1, [1]))
        guard try socket.acknowledgement() == 0 else {
            throw CommandFailure("group \(group) of NFLOG cannot be bound")
        }
    }

    /// The prefixes of the packets that have been logged so far.
    public func prefixes() throws -> [String] {
        var found: [String] = []
        while true {
            let bytes = try socket.receive(wait: false)
            if bytes.isEmpty { return found }
            found += LogListener.prefixes(bytes)
        }
    }

    private static func prefixes(_ bytes: [UInt8]) -> [String] {
        func number<Number: FixedWidthInteger>(_ offset: Int) -> Number {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
        }
        var found: [String] = []
        var start = 0
        while start + 20 <= bytes.count {
            let length = Int(number(start) as UInt32)
            var place = start + 20
            while place + 4 <= min(start + length, bytes.count) {
                let size = Int(number(place) as UInt16)
                guard size >= 4, place + size <= bytes.count else { break }
                if (number(place + 2) as UInt16) & 0x3FFF == 10 {
                    let text = bytes[(place + 4)..<(place + size)].prefix { $0 != 0 }
                    found.append(String(decoding: text, as: UTF8.self))
                }
                place += (size + 3) / 4 * 4
            }
            guard length >= 16 else { break }
            start += (length + 3) / 4 * 4
        }
        return found
    }
}
