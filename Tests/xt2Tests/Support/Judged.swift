import Foundation
import TestSupport

/// Shell lines run twice: with xt2 under iptables' names, and with the real iptables-nft; each in a namespace of its own.
final class Judged: Sendable {
    /// What came of one side.
    struct Side: Equatable {
        var status: Int32
        var output: String
        var errors: String
    }

    let daemon: LiveDaemon
    /// Where the real programs run.
    let judge: Namespace
    /// Where the names of iptables are those of xt2.
    let links: String
    /// Where they are those of the real programs.
    let realLinks: String

    private static let names = ["iptables", "ip6tables", "arptables", "ebtables"].flatMap {
        [$0, $0 + "-save", $0 + "-restore"]
    }

    /// Starts the daemon and lays the links.
    init() throws {
        daemon = try LiveDaemon()
        judge = try Namespace()
        links = daemon.directory + "/xt2"
        realLinks = daemon.directory + "/real"
        let real = try Command.check("sh", "-c", "readlink -f $(command -v iptables-nft)")
        try lay(links, to: Xt2.path)
        try lay(realLinks, to: real.trimmingCharacters(in: .newlines))
    }

    private func lay(_ directory: String, to program: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false)
        for name in Judged.names {
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/\(name)", withDestinationPath: program)
        }
    }

    /// Stops the daemon and removes the links.
    func stop() { daemon.stop() }

    /// Runs a shell line with xt2.
    func ours(_ line: String, input: String = "") throws -> Side {
        try run(line, input, daemon.namespace, links)
    }

    /// Runs a shell line with the real iptables-nft.
    func real(_ line: String, input: String = "") throws -> Side {
        try run(line, input, judge, realLinks)
    }

    private func run(
        _ line: String, _ input: String, _ namespace: Namespace, _ links: String
    ) throws -> Side {
        let path = links + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        let environment = [
            "XT2_SOCKET": daemon.socket, "PATH": path, "TZ": "UTC", "SAVED": links + ".saved",
        ]
        let result = try namespace.run {
            try ChildProcess("sh", ["-c", line], input: input, environment: environment).wait()
        }
        return Side(status: result.status, output: result.output, errors: result.errors)
    }

    // MARK: The kernel

    /// What both kernels have: tables and chains by name, each with its lines.
    func kernels() throws -> (ours: [String: [String]], real: [String: [String]]) {
        let list: @Sendable () throws -> String = {
            try Command.check("nft", "-s", "list", "ruleset")
        }
        return (
            Judged.chains(try daemon.namespace.run(list)), Judged.chains(try judge.run(list))
        )
    }

    /// The chains of a listing, without the daemon's own table and without what says whose a table is.
    private static func chains(_ listing: String) -> [String: [String]] {
        var chains: [String: [String]] = [:]
        var table = ""
        var chain = ""
        for line in listing.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            switch words.first {
            case "table": table = words.dropFirst().prefix(2).joined(separator: " ")
            case "chain": chain = table + " " + words[1]
            case "flags", "}", "#": continue
            default:
                if table != "inet xt2" {
                    chains[chain, default: []].append(words.joined(separator: " "))
                }
                continue
            }
            if table != "inet xt2" {
                chains[words[0] == "table" ? table : chain, default: []] += []
            }
        }
        // The real one makes built-in chains where it only looks; xt2 makes those that say something.
        return chains.filter { $0.value.count != 1 || !$0.value[0].hasSuffix("policy accept;") }
    }
}
