import Glibc

/// xt2, with a daemon and a database on disk.
final class XT2: Contender {
    let name = "xt2"
    let namespace: Namespace
    let folder: String
    private let programs: String
    private var daemon: Program?

    /// The programs are in the folder `programs`.
    init(programs: String) throws {
        self.programs = programs
        namespace = try Namespace()
        folder = try makeFolder()
        try startDaemon()
    }

    var database: String { folder + "/rules.db" }
    var socket: String { folder + "/xt2d.sock" }
    /// The daemon's process id.
    var pid: Int32 { daemon?.pid ?? 0 }

    func command(_ words: [String]) -> [String] { [programs + "/xt2", "--socket", socket] + words }

    /// Starts the daemon.
    ///
    /// - Returns: the microseconds until it answers.
    @discardableResult
    func startDaemon(in other: Namespace? = nil) throws -> Double {
        try (other ?? namespace).enter()
        let start = Clock.microseconds
        daemon = try Program([
            programs + "/xt2d", "--database", database, "--socket", socket, "--log-level", "error",
        ])
        let deadline = start + 120e6
        while !answers() {
            guard Clock.microseconds < deadline else { throw Failure("xt2d does not answer") }
            usleep(200)
        }
        return Clock.microseconds - start
    }

    /// Stops the daemon; the rules stay in the kernel.
    func stopDaemon() {
        daemon?.stop()
        daemon = nil
    }

    /// The socket is there before the daemon has recovered; an answer comes only after.
    private func answers() -> Bool {
        do {
            try Connection(path: socket).status()
            return true
        } catch {
            return false
        }
    }

    func stop() {
        stopDaemon()
        _ = try? Program.run(["rm", "-rf", folder])
    }

    func writeRuleset(_ rules: [RuleLine], to path: String) throws {
        let head = [
            "add table ip bench",
            "add chain --type filter --hook input --priority filter ip bench input",
        ]
        let lines = rules.lazy.map { "append ip bench input " + $0.iptables.joined(separator: " ") }
        try writeFile(path, Array(head) + lines)
    }

    func load(_ path: String) throws -> Double { try run(command(["batch", path])).microseconds }

    func insertion(_ rule: RuleLine, at position: Int) -> [String] {
        switch position {
        case -1: command(["append", "ip", "bench", "input"] + rule.iptables)
        case 0: command(["insert", "ip", "bench", "input"] + rule.iptables)
        default:
            command(["insert", "--at", "\(position + 1)", "ip", "bench", "input"] + rule.iptables)
        }
    }

    func deletion(_ key: String) -> [String] {
        command(["delete", "--id", key, "ip", "bench", "input"])
    }

    func keys() throws -> [(address: String, key: String)] {
        let keys = try run(command(["list", "--ids", "ip", "bench", "input"])).output
            .split(separator: "\n")
            .compactMap { line -> (address: String, key: String)? in
                guard let address = address(in: line, behind: "-s") else { return nil }
                // Position, id, rule text.
                return line.split(separator: " ").dropFirst().first.map { (address, String($0)) }
            }
        guard try kernelAddresses() == keys.map(\.address) else {
            throw Failure("xt2: the kernel has not what xt2 lists")
        }
        return keys
    }

    /// The addresses of the rules in the order in which packets meet them, as nft lists them; xt2 splits long chains.
    private func kernelAddresses() throws -> [String] {
        var chains: [Substring: [Substring]] = [:]
        var chain = Substring()
        for line in try run(["nft", "list", "table", "ip", "bench"]).output.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2).map { $0.drop { $0 == "\t" } }
            if words.first == "chain", words.count > 1 { chain = words[1] }
            chains[chain, default: []].append(line)
        }
        return (chains["input"] ?? []).flatMap { line in
            let words = line.drop { $0 == "\t" }.split(separator: " ")
            let isPart = words.count == 2 && words[0] == "jump" && words[1].hasPrefix("_xt2.")
            let lines = isPart ? chains[words[1]] ?? [] : [line]
            return lines.compactMap { address(in: $0, behind: "saddr") }
        }
    }
}
