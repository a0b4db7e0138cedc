import Foundation
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// `xt2 import` and the exports, with the real iptables as the judge.
@Suite struct ImportTests {
    /// What a program of iptables wrote: Tests/Fixtures/iptables.
    private static func dump(_ name: String) throws -> String {
        try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Fixtures/iptables/\(name)"),
            encoding: .utf8)
    }

    /// The lines of a dump that say something, of each table, without counters unless asked for.
    private func lines(_ dump: String, counters: Bool = false) -> [String: Set<String>] {
        var tables: [String: Set<String>] = [:]
        var table = ""
        for line in dump.split(separator: "\n") where !line.hasPrefix("#") && line != "COMMIT" {
            if line.hasPrefix("*") { table = String(line) }
            var text = String(line).replacing(/^(:.*) \[\d+:\d+\]$/) { String($0.output.1) }
            if !counters { text = text.replacing(#/^\[\d+:\d+\] /#, with: "") }
            // A built-in chain that says nothing need not be there.
            if text.wholeMatch(of: /:[A-Z]+ ACCEPT/) == nil {
                tables[table, default: []].insert(text)
            }
        }
        return tables
    }

    @Test(arguments: [("docker.v4", "iptables"), ("ufw.v6", "ip6tables")])
    func realDumpsComeBack(name: String, program: String) throws {
        let judged = try Judged()
        defer { judged.stop() }
        let daemon = judged.daemon
        let dump = try ImportTests.dump(name)
        let plan = try daemon.run(["import", "--dry-run", "-"], input: dump)
        #expect(plan.status == 0 && plan.output.contains("+ chain"), "\(plan)")
        #expect(try daemon.check("list").isEmpty)
        let result = try daemon.run(["import", "--counters", "-m", "moved in", "-"], input: dump)
        #expect(result.status == 0 && result.output.hasPrefix("version 1: standard input imported"))
        // What the kernel has is what the program itself would have put there.
        #expect(try judged.real("\(program)-restore", input: dump).status == 0)
        let kernels = try judged.kernels()
        #expect(kernels.ours == kernels.real)
        let counted = try daemon.check("save --format \(program) --counters")
        #expect(lines(counted, counters: true) == lines(dump, counters: true))
        let saved = try daemon.check("save --format \(program)")
        #expect(lines(saved) == lines(try judged.real("\(program)-save").output))
        // Once more is nothing, and the export is what can be imported.
        for text in [dump, saved] {
            let again = try daemon.run(["import", "-"], input: text)
            #expect(again.output.hasPrefix("nothing to change"), "\(again)")
        }
        #expect(try daemon.check("log").split(separator: "\n").count == 1)
        let native = try daemon.check("save")
        #expect(
            try daemon.run(["apply", "-"], input: native).output.hasPrefix("nothing to change"))
    }

    @Test func whatIsThereStays() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let dump = try ImportTests.dump("docker.v4")
        try daemon.check("add table other")
        #expect(try daemon.run(["import", "--counters", "-"], input: dump).status == 0)
        let before = try daemon.check("list --ids --counters")
        let other = dump.replacing("172.17.0.2:80", with: "172.17.0.3:80")
        let result = try daemon.run(["import", "-"], input: other)
        #expect(result.output.contains("+0 -0 ~1 rules"), "\(result)")
        let after = try daemon.check("list --ids --counters")
        let changed = zip(before.split(separator: "\n"), after.split(separator: "\n"))
            .filter { $0 != $1 }
        #expect(changed.count == 1, "\(changed)")
    }

    @Test func candidatesTakeIt() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let dump = try ImportTests.dump("docker.v4")
        let id = try daemon.check("begin").trimmingCharacters(in: .newlines)
        #expect(try daemon.run(["import", "--tx", id, "-"], input: dump).status == 0)
        let again = try daemon.run(["import", "--tx", id, "-"], input: dump)
        #expect(again.output.hasPrefix("nothing to change"), "\(again)")
        #expect(try daemon.check("list").isEmpty)
        try daemon.check("commit \(id)")
        #expect(try daemon.check("save --format iptables").contains("-A DOCKER-USER -j RETURN"))
    }

    @Test func faults() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let head = "*filter\n:INPUT ACCEPT [0:0]\n"
        var text = ""
        for (options, input) in [
            ("", head + "-A INPUT -p tpc -j ACCEPT\nCOMMIT\n"),
            ("", head + "-A INPUT -p tcp --dprot 22 -j ACCEPT\nCOMMIT\n"),
            ("", head + "-A INPUT -j nowhere\nCOMMIT\n"), ("", head + "-A nowhere\nCOMMIT\n"),
            ("", head + "-A INPUT -j ACCEPT\n"), ("", "-A INPUT\n"), ("", "*nosuch\n"),
            ("", head + ":lan - [0:0]\n-A lan -j lan\n-A INPUT -j lan\nCOMMIT\n"),
            ("--counters ", head + "[1:x] -A INPUT\nCOMMIT\n"), ("", head + "-Z\nCOMMIT\n"),
            ("-4 -6 ", ""), ("--tx 1 --dry-run ", ""), ("--tx 9 ", head + "-A INPUT\nCOMMIT\n"),
        ] {
            let words = options.split(separator: " ").map(String.init)
            let result = try daemon.run(["import"] + words + ["-"], input: input)
            text +=
                "$ xt2 import \(options)-\n\(result.output)\(result.errors)[\(result.status)]\n\n"
        }
        #expect(try daemon.check("list").isEmpty)
        try Golden.expect(text, "live-import-faults.txt")
    }

    @Test func whatIPTablesCannotSayIsNamed() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        var text = ""
        func save(_ line: String) throws {
            let result = try daemon.run(RuleSyntax.CommandLine.split(line))
            let output = result.output.replacing(/# (Generated|Completed) .*/, with: "# …")
            text += "$ xt2 \(line)\n\(output)\(result.errors)[\(result.status)]\n\n"
        }
        for line in [
            "add table ip filter",
            "add chain --type filter --hook input --priority filter ip filter INPUT",
            "append ip filter INPUT -p tcp --dport 22 -j ACCEPT",
        ] { try daemon.check(line) }
        try save("save --format iptables")
        try save("save --format ip6tables")
        try save("save --json --counters")
        try daemon.check("add table inet filter")
        try save("save --format iptables")
        try save("save --format iptables --table 'ip filter'")
        try daemon.check("delete table inet filter")
        try daemon.check("add table ip other")
        try save("save --format iptables")
        // An expression that has no text in either language.
        let random = RuleBody(
            expressions: [.meta(MetaExpression(key: .random, destination: .r1))])
        let words = RuleText.words(random, family: .ip)
        #expect(try daemon.run(["append", "ip", "filter", "INPUT"] + words).status == 0)
        try save("save --format iptables --table 'ip filter'")
        try daemon.check("delete --at 2 ip filter INPUT")
        try daemon.check("add chain --type filter --hook input --priority 5 ip filter mine")
        try save("save --format iptables --table 'ip filter'")
        try save("save --format iptables --json")
        try save("save --counters")
        try Golden.expect(text, "live-export.txt")
    }
}
