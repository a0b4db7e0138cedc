import Foundation
import TestSupport
import Testing

@testable import xt2

/// Which commands are read without the parser of commands; what they do is tested beside it.
@Suite struct PlainRunTests {
    @Test(arguments: [
        "log", "log -n 5", "log --json --socket /run/x -n 0", "audit", "audit -n 50 --user root",
        "audit --outcome refused --action edit --json",
    ])
    func plainPages(_ line: String) {
        #expect(PlainPage(line.split(separator: " ").map(String.init)) != nil)
    }

    @Test(arguments: [
        "log --limit 5", "log -n five", "log -n -1", "log -n", "log -n 1 -n 2", "log --user root",
        "log --json --json", "log 3", "log --help", "audit --follow", "audit --user -x",
        "audit --verify", "audit --user=root", "audit -n 4294967296", "status", "",
    ])
    func otherPages(_ line: String) {
        #expect(PlainPage(line.split(separator: " ").map(String.init)) == nil)
    }

    /// With users in a directory on another machine, each look takes longer than all of the rest.
    @Test func eachUserIsLookedUpOnce() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        for number in 1...4 { try daemon.check("add table inet t\(number)") }
        let trace = daemon.directory + "/trace"
        for page in ["log", "audit"] {
            let listed = try Command.check(
                "strace", "-f", "-qq", "-o", trace, "-e", "trace=openat", Xt2.path, page,
                environment: ["XT2_SOCKET": daemon.socket])
            #expect(listed.split(separator: "\n").count == 4)
            let calls = try String(contentsOfFile: trace, encoding: .utf8)
            #expect(calls.components(separatedBy: "\"/etc/passwd\"").count == 2, "\(page)")
        }
    }

    /// The plain form prints what the parser of commands prints.
    @Test func plainPagesAreTheSame() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        try daemon.check("add table inet t")
        try daemon.check("add chain inet t c")
        try daemon.check("append inet t c -j ACCEPT")
        #expect(try daemon.run(["delete", "chain", "inet", "t", "x"]).status == 1)
        for (plain, other) in [
            ("log", "log --limit 9"), ("log -n 1 --json", "log --limit=1 --json"),
            ("audit -n 2", "audit --limit 2"), ("audit --user root", "audit --user=root"),
            ("audit --outcome refused --json", "audit --outcome=refused --json"),
            ("audit --action append", "audit --action=append"),
            ("audit --user nobody-here", "audit --user=nobody-here"),
        ] {
            let results = try [plain, other].map {
                try daemon.run($0.split(separator: " ").map(String.init))
            }
            #expect(results[0].output == results[1].output, "\(plain)")
            #expect(results[0].status == results[1].status, "\(plain)")
            #expect(results[0].errors == results[1].errors, "\(plain)")
            #expect(!(results[0].output + results[0].errors).isEmpty, "\(plain)")
        }
    }

    @Test(arguments: [
        "batch rules.xt2", "batch -", "apply -m why rules.xt2", "apply rules.xt2 --json --force",
        "rollback HEAD~1", "rollback --confirm 60s 3", "rollback 3 --message why --socket /run/x",
    ])
    func plainForms(_ line: String) {
        #expect(PlainRun(line.split(separator: " ").map(String.init)) != nil)
    }

    @Test(arguments: [
        "batch", "batch --check rules.xt2", "batch a b", "batch --tx 3 rules.xt2", "batch -m",
        "batch -m -x rules.xt2", "apply --dry-run rules.xt2", "apply --table ip t rules.xt2",
        "apply --help", "rollback", "rollback -", "rollback --to-time yesterday", "list", "",
        "rollback --confirm soon 3", "batch -m a -m b rules.xt2", "batch --json=1 rules.xt2",
        "batch -- rules.xt2",
    ])
    func otherForms(_ line: String) {
        #expect(PlainRun(line.split(separator: " ").map(String.init)) == nil)
    }
}
