import Foundation
import TestSupport
import Testing

/// `iptables-restore` and `iptables-save`, with the real programs as the judges.
@Suite struct RestoreTests {
    /// Restores the same text on both sides, and compares what came of it.
    private func restore(
        _ text: String, _ options: String = "", _ judged: Judged,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let ours = try judged.ours("iptables-restore \(options)", input: text)
        let real = try judged.real("iptables-restore \(options)", input: text)
        let note: Comment = "\(text)\nxt2: \(ours)\nreal: \(real)"
        #expect(ours.status == real.status, note, sourceLocation: sourceLocation)
        #expect(
            ours.errors.split(separator: "\n").first == real.errors.split(separator: "\n").first,
            note, sourceLocation: sourceLocation)
        #expect(ours.output == real.output, note, sourceLocation: sourceLocation)
        let kernels = try judged.kernels()
        #expect(kernels.ours == kernels.real, note, sourceLocation: sourceLocation)
        let counters = "iptables-save -c | grep -v '^[#:]'"
        #expect(
            try judged.ours(counters) == judged.real(counters), note,
            sourceLocation: sourceLocation)
    }

    @Test func textsAreRestored() throws {
        let judged = try Judged()
        defer { judged.stop() }
        for text in [
            "*filter\n:INPUT DROP [5:6]\n:FORWARD ACCEPT [0:0]\n:bar - [0:0]\n[3:4] -A INPUT -j bar\n-A bar -s 1.2.3.4/32 -j ACCEPT\nCOMMIT\n",
            "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment \"a b \\\" c\" -j ACCEPT\nCOMMIT\n*nat\n:X - [0:0]\n-A POSTROUTING -j X\nCOMMIT\n",
            "# a comment\n\n*filter\n-A INPUT -s 1.1.1.1,2.2.2.2 -j ACCEPT\n-I INPUT -p tcp -j DROP\n# another\nCOMMIT\n# the last\n",
            "*filter\nCOMMIT\n", "",
            "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT [bad]\n  -A INPUT -j ACCEPT\nCOMMIT\n",
        ] { try restore(text, "", judged) }
    }

    @Test func countersAreTakenOver() throws {
        let judged = try Judged()
        defer { judged.stop() }
        try restore(
            "*filter\n:bar - [0:0]\n[3:4] -A INPUT -j bar\n[0:0] -A bar\n-A bar -c 7 8 -j DROP\nCOMMIT\n",
            "-c", judged)
        try restore("*filter\n[3:4] -A OUTPUT\nCOMMIT\n", "-n", judged)
        try restore(
            "*filter\n:bar - [0:0]\n[5:6] -A INPUT -j bar\n[0:0] -A bar\n[0:0] -A bar -j DROP\nCOMMIT\n",
            "-c", judged)
        try restore("*filter\n[3:4] -A OUTPUT\nCOMMIT\n", "-n", judged)
        try restore("*filter\n[0:0] -A INPUT\n[1:2 -A INPUT\nCOMMIT\n", "-c", judged)
        try restore("*filter\n[a:0] -A INPUT\nCOMMIT\n", "-c", judged)
    }

    @Test func whatIsThereStaysWithNoflush() throws {
        let judged = try Judged()
        defer { judged.stop() }
        for text in [
            "*filter\n:INPUT DROP [0:0]\n:bar - [0:0]\n-A INPUT -j bar\n-A bar -s 1.2.3.4/32 -j ACCEPT\nCOMMIT\n",
            "*filter\n:bar - [0:0]\n:baz - [0:0]\n-A INPUT -j baz\n-A bar -s 9.2.3.4/32 -j ACCEPT\nCOMMIT\n",
            "*filter\n-F INPUT\n-X baz\n-I INPUT 1 -j DROP\n-N qq\n-P INPUT ACCEPT\nCOMMIT\n",
            "*filter\n:bar - [0:0]\n:bar - [0:0]\n-A bar -j ACCEPT\n:bar - [0:0]\nCOMMIT\n",
            "*filter\n-4 -A INPUT -s 4.4.4.4\n-6 -A INPUT -s 6::6\nCOMMIT\n",
            "*filter\n-D INPUT -s 4.4.4.4\n-R INPUT 1 -j ACCEPT\n-D INPUT 1\nCOMMIT\n",
            "*filter\n:INPUT - [0:0]\n:qq DROP [0:0]\nCOMMIT\n",
        ] { try restore(text, "--noflush", judged) }
        try restore(
            "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n*nat\n:X - [0:0]\nCOMMIT\n", "-n -T nat", judged)
        try restore("*raw\n-A OUTPUT\nCOMMIT\n*nat\n:Y - [0:0]\nCOMMIT\n", "-n -t", judged)
        try restore("*raw\n-A OUTPUT\nCOMMIT\n", "-n -w 5 -W 1000", judged)
    }

    @Test func faultsAreToldWithTheirLine() throws {
        let judged = try Judged()
        defer { judged.stop() }
        for text in [
            "*filter\n-A nochain -j ACCEPT\nCOMMIT\n", "*filter\n-A INPUT -j nochain\nCOMMIT\n",
            "*filter\n-A INPUT --foo\nCOMMIT\n", "*filter\n-A INPUT -j ACCEPT\n",
            "*filter\nfoo\nCOMMIT\n", "*filter\n:foo\nCOMMIT\n",
            "*filter\n:INPUT BAD [0:0]\nCOMMIT\n", "*nosuch\n:foo - [0:0]\nCOMMIT\n",
            "-A INPUT -j ACCEPT\n", "*filter\n-D INPUT -j ACCEPT\nCOMMIT\n",
            "*filter\n-X nothere\nCOMMIT\n", "*filter\n-F nothere\nCOMMIT\n",
            "*filter\n-D INPUT 50\nCOMMIT\n", "*filter\n-I INPUT 50 -j ACCEPT\nCOMMIT\n",
            "*filter\n-t nat -A INPUT -j ACCEPT\nCOMMIT\n",
            "*filter\n-A INPUT -m comment --comment 'a b' -j ACCEPT\nCOMMIT\n",
            "*filter\n:ACCEPT - [0:0]\nCOMMIT\n", "*filter\n-P foo DROP\nCOMMIT\n",
            "*filter\n:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa - [0:0]\nCOMMIT\n",
            "*filter\r\n-A INPUT -j ACCEPT\r\nCOMMIT\r\n",
        ] { try restore(text, "-n", judged) }
    }

    /// A file may list what it has made so far, and say what it does.
    @Test func filesMayListAndTell() throws {
        let judged = try Judged()
        defer { judged.stop() }
        _ = try judged.ours("iptables -A INPUT -s 9.9.9.9 -j DROP; iptables -N old")
        _ = try judged.real("iptables -A INPUT -s 9.9.9.9 -j DROP; iptables -N old")
        for (text, options) in [
            ("*filter\n-A INPUT -s 1.1.1.1\n-L INPUT -n\n-A INPUT -s 2.2.2.2\nCOMMIT\n", "-n"),
            ("*filter\n-A INPUT -s 3.1.1.1\n-S\n-A INPUT -s 3.2.2.2\n-S INPUT\nCOMMIT\n", "-n"),
            ("*filter\n-L -n -v --line-numbers -x\n-S INPUT 2\n-L INPUT 1 -n\nCOMMIT\n", "-n"),
            ("*filter\n-S nochain\nCOMMIT\n", "-n"),
            ("*filter\n-A INPUT -s 5.5.5.5\n-S INPUT\n-A INPUT -j nosuch\nCOMMIT\n", "-n"),
            ("*filter\n-Z INPUT\n-L INPUT -v -n -Z\nCOMMIT\n", "-n"),
            ("*filter\n-v -A INPUT -s 4.4.4.4\n-v -D INPUT -s 4.4.4.4\nCOMMIT\n", "-n"),
            ("*filter\n-A INPUT -s 7.7.7.7\n-V\nCOMMIT\n", "-n"),
            ("*filter\n-A INPUT -w -s 5.5.5.6\nCOMMIT\n", "-n"),
            ("*filter\n   \nCOMMIT\n", "-n"), ("*filter\n[1:2]\nCOMMIT\n", "-c"),
            ("*filter\n-E nosuch z\nCOMMIT\n", "-n"), ("*filter\n-E old old\nCOMMIT\n", "-n"),
            (
                "# c\n*filter\n:INPUT ACCEPT [1:2]\n:foo - [0:0]\n-A INPUT -s 1.2.3.4\nCOMMIT\n# x\n*nat\n-A OUTPUT -j ACCEPT\nCOMMIT\n",
                "-v"
            ),
            ("*filter\n-A INPUT -s 1.2.3.5\n-F INPUT\n-X foo\nCOMMIT\n", "-v -n"),
        ] { try restore(text, options, judged) }
    }

    /// Chains are renamed in a file too; rules that jump there follow, whether they are there or come with it.
    @Test func filesMayRename() throws {
        let judged = try Judged()
        defer { judged.stop() }
        func ours(_ text: String) throws -> Judged.Side {
            try judged.ours("iptables-restore -n", input: "*filter\n\(text)COMMIT\n")
        }
        #expect(try ours(":a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A b -j a\n").status == 0)
        let renamed = try ours("-A OUTPUT -j a\n-E a new\n-A new -j RETURN\n-A FORWARD -j new\n")
        #expect(renamed.status == 0, "\(renamed.errors)")
        let saved = try judged.ours("iptables -S | grep new").output
        #expect(
            saved
                == "-N new\n-A INPUT -j new\n-A FORWARD -j new\n-A OUTPUT -j new\n-A b -j new\n-A new -j RETURN\n"
        )
        #expect(try ours("-N c\n-E c d\n-A d -j DROP\n-E new b\n").status == 1)
        #expect(try ours("-N c\n-E c d\n-A d -j DROP\n").status == 0)
        #expect(try judged.ours("iptables -S d").output == "-N d\n-A d -j DROP\n")
        let builtin = try ours("-E INPUT other\n")
        #expect(builtin.status == 4 && builtin.errors.contains("keeps its name"))
        let taken = try ours("-F b\n-X b\n-E d b\n")
        #expect(taken.status == 4 && taken.errors.contains("until the whole file"))
        #expect(try judged.ours("iptables-save | grep -c '^:'").output == "6\n")
    }

    /// A file whose middle line is bad changes nothing, and the line is named.
    @Test(arguments: [
        ("-A INPUT -p tcp --dport nosuchport -j ACCEPT", 2), ("-A nochain -j ACCEPT", 1),
        ("-A INPUT -j nochain", 2),
    ])
    func aBadLineInTheMiddleChangesNothing(_ line: String, _ status: Int32) throws {
        let judged = try Judged()
        defer { judged.stop() }
        _ = try judged.ours("iptables -A INPUT -s 1.2.3.4 -j DROP")
        let before = try judged.ours("iptables-save -c | grep -v '^#'")
        var lines = (1...10_000).map { "-A INPUT -s 10.0.\($0 / 256).\($0 % 256) -j ACCEPT" }
        lines[5_000] = line
        let text = "*filter\n:INPUT DROP [0:0]\n" + lines.joined(separator: "\n") + "\nCOMMIT\n"
        let result = try judged.ours("iptables-restore", input: text)
        #expect(result.status == status)
        #expect(result.errors.contains("line 5003") || result.errors.contains("line: 5003"))
        #expect(try judged.ours("iptables-save -c | grep -v '^#'") == before)
        #expect(try judged.daemon.check("log").split(separator: "\n").count == 1)
    }

    /// Restoring what differs a little sends only that: all other rules keep handle, id and counters.
    @Test func onlyTheDifferenceIsSent() throws {
        let judged = try Judged()
        defer { judged.stop() }
        let rules = (1...200).map { "-A INPUT -s 10.0.0.\($0)/32 -j ACCEPT" }
        func text(_ rules: [String]) -> String {
            "*filter\n:INPUT ACCEPT [0:0]\n:side - [0:0]\n" + rules.joined(separator: "\n")
                + "\n-A side -j RETURN\nCOMMIT\n"
        }
        func restored(_ rules: [String], _ options: String = "") throws {
            let result = try judged.ours("iptables-restore \(options)", input: text(rules))
            #expect(result.status == 0, "\(result.errors)")
        }
        func handles() throws -> [String: String] {
            let listing = try judged.daemon.namespace.run {
                try Command.check("nft", "-a", "list", "chain", "ip", "filter", "INPUT")
            }
            var handles: [String: String] = [:]
            for line in listing.split(separator: "\n") where line.contains("saddr") {
                let parts = line.split(separator: " # handle ")
                handles[String(parts[0])] = String(parts[1])
            }
            return handles
        }
        try restored(rules)
        let before = try handles()
        try restored(rules)
        #expect(try judged.daemon.check("log").split(separator: "\n").count == 1)
        var changed = rules
        changed[20] = "-A INPUT -s 10.9.9.9/32 -j DROP"
        changed.remove(at: 100)
        changed.insert("-A INPUT -s 10.8.8.8/32 -j DROP", at: 150)
        changed.append("-A INPUT -s 10.7.7.7/32 -j DROP")
        try restored(changed)
        let log = try judged.daemon.check("log")
        #expect(log.split(separator: "\n").first?.contains("+2 -1 ~1 rules") == true, "\(log)")
        let after = try handles()
        let unchanged = before.filter { after[$0.key] != nil }
        #expect(unchanged.count == 198)
        for (rule, handle) in unchanged { #expect(after[rule] == handle) }
        #expect(try judged.real("iptables-restore", input: text(changed)).status == 0)
        let kernels = try judged.kernels()
        #expect(kernels.ours == kernels.real)
        try restored(changed, "-t")
        #expect(try judged.daemon.check("log").split(separator: "\n").count == 2)
    }

    /// Random texts one after the other come to the same as with the real program.
    @Test func randomTextsOneAfterTheOther() throws {
        let judged = try Judged()
        defer { judged.stop() }
        var random = SeededGenerator()
        for _ in 0..<25 {
            let chains = ["a", "b", "c"].filter { _ in Bool.random(using: &random) }
            var lines = ["*filter"]
            lines += chains.map { ":\($0) - [0:0]" }
            for _ in 0..<Int.random(in: 0...15, using: &random) {
                let chain =
                    (["INPUT", "FORWARD"] + chains).randomElement(using: &random) ?? "INPUT"
                let number = Int.random(in: 0...6, using: &random)
                lines.append("-A \(chain) -p tcp --dport \(number) -j ACCEPT")
            }
            try restore(
                (lines + ["COMMIT"]).joined(separator: "\n") + "\n",
                Bool.random(using: &random) ? "-n" : "", judged)
        }
    }

    @Test func whoChangedItIsInTheLog() throws {
        let judged = try Judged()
        defer { judged.stop() }
        _ = try judged.ours("iptables -A INPUT -s 1.2.3.4 -j DROP; true")
        let audit = try judged.daemon.check("audit --json")
        #expect(audit.contains("\"process\":\"iptables\""))
        #expect(audit.contains("iptables -A INPUT -s 1.2.3.4 -j DROP (run by sh, pid "))
        #expect(try judged.daemon.run(["iptables", "-S", "INPUT"]).output.contains("1.2.3.4"))
    }
}
