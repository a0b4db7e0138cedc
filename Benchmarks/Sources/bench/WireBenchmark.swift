import Glibc

/// What goes over the netlink socket for one command, as strace sees it.
struct WireBenchmark {
    let programs: String
    let rules: Int
    let results: Results

    /// Bytes and messages of one piece of work.
    private struct Traffic {
        var sent = 0
        var received = 0
        var messages = 0

        /// Reads what strace wrote: with -yy it names the protocol of each socket.
        init(_ trace: String) {
            for line in trace.split(separator: "\n") where line.contains("<NETLINK:[NETFILTER") {
                // Without a result it is a call that has not ended; its line begins with a number, too.
                guard
                    let bytes = line.split(separator: " = ").dropFirst().last.flatMap({
                        Int($0.prefix { $0.isNumber })
                    })
                else { continue }
                if line.contains("send") {
                    sent += bytes
                    messages +=
                        line.split(separator: "nlmsg_type", omittingEmptySubsequences: false).count
                        - 1
                } else {
                    received += bytes
                }
            }
        }
    }

    func run() throws {
        let contenders: [any Contender] = [
            try XT2(programs: programs), try NFT(), try IPTables("iptables-nft"),
        ]
        defer { for contender in contenders { contender.stop() } }
        for contender in contenders {
            let path = contender.folder + "/ruleset"
            try contender.writeRuleset((0..<rules).map(RuleLine.init(number:)), to: path)
            _ = try contender.load(path)
            try trace("insert in the middle", contender) {
                try contender.insertion(RuleLine.extra(1), at: rules / 2)
            }
            let key = try contender.keys().first { $0.address == RuleLine.extra(1).address }?.key
            guard let key else { throw Failure("\(contender.name): the rule is not there") }
            try trace("delete", contender) { contender.deletion(key) }
        }
    }

    private func trace(
        _ work: String, _ contender: any Contender, _ command: () throws -> [String]
    ) throws {
        let words = try command()
        let file = contender.folder + "/trace"
        let options = [
            "-f", "-yy", "-qq", "-s", "1000", "-o", file, "-e",
            "trace=sendto,sendmsg,recvfrom,recvmsg", "-e", "signal=none",
        ]
        if let daemon = contender as? XT2 {
            // Of xt2 the daemon speaks to the kernel.
            let tracer = try Program(["strace"] + options + ["-p", "\(daemon.pid)"])
            while !WireBenchmark.isTraced(daemon.pid) { usleep(1_000) }
            _ = try contender.run(words)
            tracer.stop(SIGINT)
        } else {
            _ = try contender.run(["strace"] + options + words)
        }
        let traffic = Traffic(try Program.run(["cat", file]).output)
        guard traffic.sent > 0 else { throw Failure("\(contender.name): strace saw nothing") }
        results.add(
            "netlink, \(work): bytes sent", rules, contender.name, Double(traffic.sent), unit: "B")
        results.add(
            "netlink, \(work): bytes received", rules, contender.name, Double(traffic.received),
            unit: "B")
        results.add(
            "netlink, \(work): messages sent", rules, contender.name, Double(traffic.messages),
            unit: "")
    }

    private static func isTraced(_ pid: Int32) -> Bool {
        let tasks = (try? Program.run(["ls", "/proc/\(pid)/task"]).output) ?? ""
        return tasks.split(separator: "\n").allSatisfy { task in
            let status =
                (try? Program.run(["cat", "/proc/\(pid)/task/\(task)/status"]).output) ?? ""
            return !status.contains("TracerPid:\t0\n")
        }
    }
}
