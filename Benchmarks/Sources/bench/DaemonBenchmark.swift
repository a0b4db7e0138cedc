import Glibc
import NetlinkProto
import RuleSyntax

/// What the daemon itself takes: one edit, many clients, a start, memory and disk.
struct DaemonBenchmark {
    let programs: String
    let floor: String
    let rules: Int
    let runs: Int
    let results: Results

    func run() throws {
        let daemon = try XT2(programs: programs)
        defer { daemon.stop() }
        let path = daemon.folder + "/ruleset"
        try daemon.writeRuleset((0..<rules).map(RuleLine.init(number:)), to: path)
        let load = try daemon.load(path)
        results.add("memory of xt2d", rules, "xt2", try residentMegabytes(daemon.pid), unit: "MB")
        try edits(daemon)
        try start(daemon, load: load)
        try sizes(daemon)
    }

    /// One edit from request to reply, beside the floor's same batch and one durable transaction, in turn.
    private func edits(_ daemon: XT2) throws {
        let (rounds, each) = (10, 20)
        var (mine, floors) = (Sample(), Sample())
        try daemon.namespace.enter()
        let connection = try Connection(path: daemon.socket)
        for round in 0..<rounds {
            for number in 0..<each {
                mine.add(try connection.insert(try body(round * each + number)))
            }
            try Namespace().enter()
            let output = try Program.run([
                floor, "commits", "\(each)", "\(rules)", "\(daemon.folder)/floor-\(round).db",
            ]).output
            floors.add(try number(output, 0))
            try daemon.namespace.enter()
        }
        results.add("one edit, request to reply", rules, "xt2", mine, unit: "µs")
        results.add("one edit, request to reply", rules, "floor + SQLite", floors, unit: "µs")
    }

    private func body(_ number: Int) throws -> RuleBody {
        try RuleText.parse(RuleLine.extra(number).iptables, context: RuleContext(family: .ip)).body
    }

    private func number(_ output: String, _ index: Int) throws -> Double {
        let words = output.split { $0 == " " || $0 == "\n" }
        guard words.count > index, let value = Double(words[index]) else {
            throw Failure("floor printed \(output)")
        }
        return value
    }

    /// A start with the kernel in sync, and one with an empty kernel, beside the load of the same rules.
    private func start(_ daemon: XT2, load: Double) throws {
        var (inSync, empty) = (Sample(), Sample())
        for _ in 0..<max(3, runs / 5) {
            daemon.stopDaemon()
            inSync.add(try daemon.startDaemon())
        }
        let home = daemon.namespace
        for _ in 0..<max(3, runs / 5) {
            daemon.stopDaemon()
            empty.add(try daemon.startDaemon(in: try Namespace()))
        }
        daemon.stopDaemon()
        try daemon.startDaemon(in: home)
        results.add("start, kernel in sync", rules, "xt2", inSync, unit: "ms", scale: 1_000)
        results.add("start, kernel in sync", rules, "its bulk load", load / 1_000, unit: "ms")
        results.add("start, kernel empty", rules, "xt2", empty, unit: "ms", scale: 1_000)
        results.add("start, kernel empty", rules, "its bulk load", load / 1_000, unit: "ms")
    }

    /// Memory of the daemon and growth of the database with 10,000 single edits by 16 clients.
    private func sizes(_ daemon: XT2) throws {
        results.add(
            "memory of xt2d, kernel read", rules, "xt2", try residentMegabytes(daemon.pid),
            unit: "MB")
        let (clients, each, socket) = (16, 625, daemon.socket)
        let bodies = try (0..<each).map { try body(10_000 + $0) }
        let bytes = try bodies.reduce(0) { try $0 + $1.encoded().count } * clients
        let before = databaseBytes(daemon)
        try withThreads(clients) {
            let connection = try Connection(path: socket)
            for body in bodies { _ = try connection.insert(body) }
        }
        results.add(
            "database growth for 10,000 edits", rules, "xt2",
            Double(databaseBytes(daemon) - before) / 1e6, unit: "MB")
        results.add(
            "database growth for 10,000 edits", rules, "bytes of the rules", Double(bytes) / 1e6,
            unit: "MB")
    }

    private func residentMegabytes(_ pid: Int32) throws -> Double {
        let status = try Program.run(["cat", "/proc/\(pid)/status"]).output
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
        guard words.count > 1, let kilobytes = Double(words[1]) else { throw Failure("no VmRSS") }
        return kilobytes / 1_024
    }

    private func databaseBytes(_ daemon: XT2) -> Int {
        var information = stat()
        return stat(daemon.database, &information) == 0 ? Int(information.st_size) : 0
    }
}
