import ArgumentParser
import Glibc

/// xt2 beside the other programs that edit rulesets, in one run, in turn, in private network namespaces.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures xt2 beside nft, iptables-nft, iptables-legacy and a floor in C.")

    @Option(help: "The folder of xt2 and xt2d.")
    var programs: String
    @Option(help: "The floor program.")
    var floor: String
    @Option(help: "Numbers of rules, with commas.")
    var sizes = "1000,10000,100000"
    @Option(help: "Runs of each single edit; bulk loads run a third as often.")
    var runs = 15
    @Option(help: "Which, with commas.")
    var only = Bench.parts.joined(separator: ",")
    @Option(help: "How many versions and audit entries there are for 'history'.")
    var entries = 1_000_000
    @Option(help: "Where the table goes as Markdown.")
    var markdown: String?
    @Option(help: "Where the table goes as JSON.")
    var json: String?

    private static let parts = [
        "edit", "load", "daemon", "ruleset", "wire", "clients", "history",
    ]

    /// A slip is told before half an hour of measuring, not after it.
    func validate() throws {
        for part in only.split(separator: ",") where !Bench.parts.contains(String(part)) {
            throw ValidationError(
                "--only: '\(part)' is none of \(Bench.parts.joined(separator: ", ")).")
        }
        for size in sizes.split(separator: ",") where Int(size).map({ $0 < 1 }) ?? true {
            throw ValidationError("--sizes: '\(size)' is not a number of rules.")
        }
        for path in [markdown, json].compactMap({ $0 }) {
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            guard access(folder, W_OK) == 0 else {
                throw ValidationError(
                    "\(path) cannot be written: there is no such folder, or no right.")
            }
        }
    }

    func run() throws {
        let results = Results()
        let wanted = Set(only.split(separator: ",").map(String.init))
        for rules in sizes.split(separator: ",").compactMap({ Int($0) }) {
            if wanted.contains("edit") { try edit(rules, results) }
            if wanted.contains("load") {
                try LoadBenchmark(
                    programs: programs, floor: floor, rules: rules, runs: max(3, runs / 3),
                    results: results
                ).run()
            }
            if wanted.contains("daemon") {
                try DaemonBenchmark(
                    programs: programs, floor: floor, rules: rules, runs: runs, results: results
                ).run()
            }
            if wanted.contains("ruleset") {
                try RulesetBenchmark(
                    programs: programs, rules: rules, runs: max(3, runs / 3), results: results
                ).run()
            }
            if wanted.contains("wire") {
                try WireBenchmark(programs: programs, rules: rules, results: results).run()
            }
        }
        if wanted.contains("history") {
            try HistoryBenchmark(
                programs: programs, entries: entries, runs: runs, results: results
            ).run()
        }
        if wanted.contains("clients") {
            try ClientsBenchmark(programs: programs, floor: floor, results: results).run()
        }
        let report = Report(results: results, machine: try Bench.machine())
        print(report.markdown())
        if let markdown { try writeFile(markdown, [report.markdown()]) }
        if let json { try writeFile(json, [report.json()]) }
    }

    private func edit(_ rules: Int, _ results: Results) throws {
        let contenders: [any Contender] = [
            try XT2(programs: programs), try NFT(), try IPTables("iptables-nft"),
            try IPTables("iptables-legacy"),
        ]
        defer { for contender in contenders { contender.stop() } }
        try EditBenchmark(contenders: contenders, rules: rules, runs: runs, results: results).run()
    }

    private static func machine() throws -> String {
        let words = try [
            ["uname", "-srm"], ["nproc"], ["nft", "--version"], ["iptables-nft", "--version"],
            ["cat", "/proc/loadavg"],
        ]
        .map { try Program.run($0).output.split(separator: "\n").first.map(String.init) ?? "" }
        return
            "\(words[0]), \(words[1]) cores, \(words[2]), \(words[3]), load at the end \(words[4])"
    }
}
