import Foundation
import Glibc
import IPTables
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing
import XTables

/// Damaged structures, absurd numbers and words: errors, never a crash.
@Suite struct HostileTests {
    /// The extensions that are installed, by the files of their folder.
    private static func installed() throws -> [(ExtensionKind, String)] {
        let folder = "/usr/lib/x86_64-linux-gnu/xtables"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        return files.sorted().compactMap { file in
            guard let name = file.firstMatch(of: #/lib(?:xt|ipt|ip6t)_(\w+)\.so/#)?.output.1 else {
                return nil
            }
            let isTarget = name.first?.isUppercase ?? false
            return (isTarget ? .target : .match, String(name))
        }
    }

    private static func body(
        _ kind: ExtensionKind, _ name: String, _ revision: UInt8, _ info: [UInt8]
    ) -> RuleBody {
        let expression: NetlinkProto.Expression =
            kind == .target
            ? .compatTarget(
                CompatTargetExpression(name: name, revision: UInt32(revision), info: info))
            : .compatMatch(
                CompatMatchExpression(name: name, revision: UInt32(revision), info: info))
        return RuleBody(expressions: [expression])
    }

    @Test(arguments: [Family.ip, .ip6])
    func damagedStructuresAreWrittenOrRefused(_ family: Family) throws {
        var generator = SeededGenerator(for: "damagedStructures \(family.name)")
        let extensions = try XTables { _ in 0 }
        let rules = IPTablesRules(extensions: extensions, family: family)
        let names = try HostileTests.installed()
        #expect(names.count > 90)
        var written = 0
        for (kind, name) in names {
            for revision in UInt8(0)...3 {
                let size = extensions.use(family: family.rawValue) {
                    $0.sizes(of: kind, named: name, revision: revision)?.size
                }
                let lengths = size.map { [0, 7, $0, $0 + 64, 8_192, 9_000] } ?? [8]
                for length in lengths {
                    for info in [generator.bytes(length), [UInt8](repeating: 0xFF, count: length)] {
                        let body = HostileTests.body(kind, name, revision, info)
                        written += rules.canSay(body) ? 1 : 0
                        #expect(!rules.text(body).isEmpty)
                        _ = rules.columns(body, numeric: true, exact: true)
                    }
                }
            }
        }
        #expect(written > 100, "most structures of the right size have some text")
    }

    @Test func anExtensionThatExitsIsContained() throws {
        let rules = IPTablesRules(extensions: try XTables { _ in 0 }, family: .ip)
        // libxt_rateest calls exit() when it meets a mode that is none.
        let info = [UInt8](repeating: 0x7F, count: 96)
        let body = HostileTests.body(.match, "rateest", 0, info)
        #expect(rules.text(body).contains("rateest"))
        let accepted = try rules.parse(["-j", "ACCEPT"], table: "filter", chain: "INPUT") { _ in
            false
        }
        #expect(accepted.count == 1)
    }

    @Test func absurdWordsAreRefused() throws {
        let rules = IPTablesRules(extensions: try XTables { _ in 0 }, family: .ip)
        let long = String(repeating: "x", count: 10_000)
        let digits = String(repeating: "9", count: 10_000)
        let lines: [[String]] = [
            ["-s", long], ["-d", digits], ["-i", long], ["-p", long], ["-p", digits], ["-m", long],
            ["-j", long], ["-g", long], ["--" + long], [long], ["-p", "tcp", "--dport", long],
            ["-p", "tcp", "--dport", digits], ["-m", "mark", "--mark", digits],
            ["-m", "limit", "--limit", digits + "/s"], ["-m", "limit", "--limit", long],
            ["-m", "string", "--algo", "bm", "--string", long],
            ["-m", "hashlimit", "--hashlimit-upto", "1/s", "--hashlimit-name", long],
            ["-m", "recent", "--set", "--name", long], ["-m", "helper", "--helper", long],
            ["-j", "LOG", "--log-prefix", long], ["-j", "NFLOG", "--nflog-prefix", long],
            ["-m", "time", "--timestart", long], ["-m", "u32", "--u32", long],
            ["-m", "bpf", "--bytecode", long], ["-j", "DNAT", "--to-destination", long],
            ["-m", "comment", "--comment", long], ["-c", long, "1"], ["!"], ["!", "!"],
            [""],
            ["-m", ""], ["-j", ""], ["-s", ""], ["-i", ""],
            ["-m", "comment", "--comment", "a\u{FFFD}b"],
        ]
        for words in lines {
            let error = #expect(throws: RuleSyntaxError.self, "\(words.map { $0.prefix(20) })") {
                try rules.parse(words, table: "filter", chain: "INPUT") { _ in false }
            }
            #expect(error?.message.isEmpty == false)
        }
    }

    @Test func randomWordsNeverTrap() throws {
        var generator = SeededGenerator(for: "randomWords")
        let rules = IPTablesRules(extensions: try XTables { _ in 0 }, family: .ip)
        let pool = [
            "-A", "-p", "tcp", "udp", "-m", "-j", "-s", "-d", "!", "--dport", "--sport", "22",
            "1:2", "x", "-i", "eth0",
            "conntrack", "--ctstate", "NEW", "ACCEPT", "DNAT", "--to-destination", "1.2.3.4",
            "hashlimit", "--hashlimit-upto",
            "1/s", "--hashlimit-name", "a", "-c", "1", "2", "--", "-f", "-g", "-n", "limit",
            "--limit", "recent", "--set", "LOG",
            "--log-prefix", "comment", "--comment", "multiport", "--dports", "1,2", "-D", "-w",
            "-h", "-t", "nat", "0", "-",
        ]
        for _ in 0..<3_000 {
            let words = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                pool[Int.random(in: 0..<pool.count, using: &generator)]
            }
            _ = try? rules.command(words) { _ in false }
        }
        #expect(
            try rules.parse(["-j", "DROP"], table: "filter", chain: "INPUT") { _ in false }.count
                == 1)
    }

    @Test func whatIsPrintedStaysInside() throws {
        let extensions = try XTables { _ in 0 }
        let help = try extensions.use(family: 2) { session throws(XTablesError) in
            try session.help(of: .match, named: "hashlimit")
        }
        #expect(help.contains("--hashlimit-name"))
        #expect(throws: XTablesError.self) {
            try extensions.use(family: 2) { session throws(XTablesError) in
                try session.help(of: .match, named: "nosuch")
            }
        }
    }
}
