import TestSupport

/// A host between two others: `near`, 10.9.8.2, and `far`, 10.9.9.2, which reach each other through it.
final class PacketBox: Sendable {
    let box: Namespace
    let near: Namespace
    let far: Namespace

    /// Plugs two hosts into `box`; it routes between them, or bridges them.
    init(_ box: Namespace, isBridge: Bool = false) throws {
        self.box = box
        near = try Namespace()
        far = try Namespace()
        try plug(near, "near", network: 8, isBridge)
        try plug(far, "far", network: isBridge ? 8 : 9, isBridge)
        // A bridge that snoops sends reports of its own to 224.0.0.106, at any time, which rules count.
        let bridge =
            "ip link add br0 type bridge mcast_snooping 0 && ip link set near master br0 && ip link set far master br0 && ip link set br0 up && ip address add 10.9.8.1/24 dev br0"
        let line = isBridge ? bridge : "echo 1 > /proc/sys/net/ipv4/ip_forward"
        try box.run { _ = try Command.check("sh", "-c", line) }
    }

    private func plug(
        _ host: Namespace, _ name: String, network: Int, _ isBridge: Bool
    ) throws {
        let thread = host.threadID
        // Hosts of a bridge share one network.
        let number = isBridge && name == "far" ? 3 : 2
        try box.run {
            _ = try Command.check(
                "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns",
                "\(thread)")
            _ = try Command.check("ip", "link", "set", name, "up")
            guard !isBridge else { return }
            _ = try Command.check("ip", "address", "add", "10.9.\(network).1/24", "dev", name)
        }
        try host.run {
            _ = try Command.check(
                "sh", "-c",
                "ip address add 10.9.\(network).\(number)/24 dev eth0 && ip link set eth0 up && ip route add default via 10.9.\(network).1"
            )
        }
    }

    /// Counts, at the far end, the packets that `condition` of nft holds for.
    func watch(_ condition: String) throws {
        try far.run {
            _ = try Command.check(
                "nft",
                "add table inet w; add chain inet w c { type filter hook prerouting priority -500; }; flush chain inet w c; add rule inet w c \(condition) counter"
            )
        }
    }

    /// How many were counted.
    func watched() throws -> Int {
        let listing = try far.run { try Command.check("nft", "list", "chain", "inet", "w", "c") }
        let words = listing.split { $0 == " " || $0 == "\n" }
        guard let place = words.firstIndex(of: "packets") else {
            throw CommandFailure("no counter: \(listing)")
        }
        return Int(words[place + 1]) ?? -1
    }

    /// What `ping` with these options says, without what is different each time.
    func ping(_ options: String, from host: Namespace? = nil) throws -> String {
        let words = ["-n", "-W", "1"] + options.split(separator: " ").map(String.init)
        let result = try (host ?? near).run { try ChildProcess("ping", words).wait() }
        return result.output.split(separator: "\n")
            .filter { !$0.hasPrefix("rtt ") && !$0.hasPrefix("pipe ") }
            .map { $0.replacing(/\ time[= ].*/, with: "") }
            .joined(separator: "\n")
    }
}
