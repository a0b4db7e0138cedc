import Foundation
import RuleSyntax
import TestSupport
import Testing

@testable import xt2

/// The built program, the built daemon and the kernel.
@Suite struct LiveTests {
    /// A transcript of command lines, without what differs from run to run.
    private func transcript(_ daemon: LiveDaemon, _ lines: String) throws -> String {
        var text = ""
        for line in lines.split(separator: "\n") {
            let result = try daemon.run(RuleSyntax.CommandLine.split(String(line)))
            text += "$ xt2 \(line)\n\(result.output)\(result.errors)[\(result.status)]\n\n"
        }
        return steady(text, daemon)
    }

    private func steady(_ text: String, _ daemon: LiveDaemon) -> String {
        text.replacing(daemon.directory, with: "DIR")
            .replacing(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)/, with: "TIME")
            .replacing(/\(pid \d+\)/, with: "(pid PID)")
            .replacing(/xt2\[\d+\] */, with: "xt2[PID] ")
            .replacing(/"pid": \d+/, with: "\"pid\": PID")
            .replacing(/[0-9a-f]{64}/, with: "HASH")
            .replacing(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/, with: "UUID")
            .replacing(/TIME \([^)]*\)/, with: "TIME (AGE)")
            .replacing(/generation  \d+/, with: "generation  N")
    }

    @Test func story() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let text = try transcript(
            daemon,
            """
            status
            add table filter
            add table filter
            add chain --type filter --hook input --priority filter --policy drop filter input
            add chain filter lan
            append filter input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            insert -m 'let me in' filter input -p tcp --dport 22 -j ACCEPT
            insert --at 2 filter input -s 10.0.0.0/8 -j lan
            insert --after 5 filter input -i lo -j ACCEPT
            insert --before 4 filter input -p udp --dport 53 -j ACCEPT
            list --ids filter
            replace --at 1 filter input -p tcp --dport 2222 -j ACCEPT
            replace --id 7 filter input -i lo+ -j ACCEPT
            diff 8 10
            rename filter lan intern
            policy filter input accept
            delete filter input -p udp --dport 53 -j ACCEPT
            delete --at 2 filter input
            delete --id 6 filter input
            delete chain filter intern
            show 13
            list --counters
            list --version 8 filter input
            rollback -m 'as it was' 8
            log -n 2
            zero filter input
            save
            audit --rule 5
            audit --verify
            flush filter
            delete table filter
            list
            """)
        try Golden.expect(text, "live-story.txt")
    }

    @Test func refusals() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        try daemon.check("add table filter")
        try daemon.check("add chain --type filter --hook input --priority 0 filter input")
        try daemon.check("add chain filter lan")
        let text = try transcript(
            daemon,
            """
            append nosuch input -j ACCEPT
            append filter nosuch -j ACCEPT
            append filter input -j nosuch
            append filter lan -j lan
            insert --at 3 filter input -j ACCEPT
            insert --after 99 filter input -j ACCEPT
            replace --at 1 filter input -j ACCEPT
            delete --id 99 filter input
            delete filter input -j DROP
            append filter input -j MASQUERADE
            append filter input -p tcp --dport 99999 -j ACCEPT
            append filter input -p tpc --dport 22 -j ACCEPT
            append filter input -m conntrak --ctstate NEW -j ACCEPT
            append filter input -m recent --set -j ACCEPT
            add chain --type filter --hook output --priority 0 filter input
            add chain --type nat --hook forward --priority 0 filter x
            add table xt2
            policy filter lan drop
            rename filter lan input
            rollback 99
            show 99
            diff 1 99
            list --version 99
            list nosuch
            list filter nosuch
            commit 99
            abort 99
            diff --tx 99
            append --tx 99 filter input -j ACCEPT
            zero nosuch
            """)
        try Golden.expect(text, "live-refusals.txt")
        // Nothing of all that has left a trace.
        #expect(try daemon.check("list filter input").contains("{ type filter hook input"))
        #expect(try daemon.check("log").split(separator: "\n").count == 3)
        let refused = try daemon.check("audit --outcome refused").split(separator: "\n")
        #expect(refused.count >= 12)
    }

    @Test func savedRulesetsAreReadBack() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let lines = """
            add table filter
            add chain --type filter --hook input --priority 'filter - 10' --policy drop filter input
            add chain filter lan-2
            append filter input -p tcp -m multiport --dports 80,443 -j ACCEPT
            append filter input -s 10.0.0.0/8 -m comment --comment 'it''s "home"' -j lan-2
            append filter lan-2 -j LOG --log-prefix 'lan: '
            """
        #expect(try daemon.check("batch -", input: lines) == "version 1: 6 edits, 6 changes\n")
        let saved = try daemon.check("save")
        let kernel = try daemon.kernelRules("filter")
        try daemon.check("delete table filter")
        try daemon.check("batch -", input: saved)
        #expect(try daemon.check("save") == saved)
        #expect(try daemon.check("save --version 1") == saved)
        #expect(try daemon.kernelRules("filter") == kernel)
    }

    @Test func batchIsAllOrNothing() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        try daemon.check("batch -", input: "add table filter\nadd chain filter lan\n")
        let lines = "append filter lan -j ACCEPT\n# next\nappend filter nosuch -j ACCEPT\n"
        let result = try daemon.run(["batch", "-"], input: lines)
        #expect(result.status == 1)
        #expect(
            result.errors == """
                standard input:3: There is no chain nosuch in table inet filter; it has lan.
                    append filter nosuch -j ACCEPT

                """)
        #expect(try !daemon.check("list").contains("ACCEPT"))
        #expect(try !daemon.kernelRules("filter").contains("accept"))
    }

    @Test func candidateThatCameTooLate() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        try daemon.check("batch -", input: "add table filter\nadd chain filter lan\n")
        try daemon.check("append filter lan -p tcp --dport 22 -j ACCEPT")
        let id = try daemon.check("begin -m 'move ssh'").trimmingCharacters(in: .newlines)
        try daemon.check(
            "replace --tx \(id) --at 1 filter lan -p tcp --dport 2222 -j ACCEPT")
        #expect(
            try daemon.check("diff --tx \(id)") == """
                inet filter lan
                ~ 1  -p tcp --dport 22 -j ACCEPT   # id 3
                → 1  -p tcp --dport 2222 -j ACCEPT

                """)
        try daemon.check("delete --at 1 filter lan")
        let result = try daemon.run(["commit", id])
        #expect(result.status == 75)
        #expect(result.output.isEmpty)
        #expect(!result.errors.isEmpty)
        try daemon.check("abort \(id)")
        #expect(try daemon.check("candidates").isEmpty)
    }

    /// Each version that `log` names can be listed, and a rollback to it lists the same.
    @Test func rollbackListsTheSame() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        try daemon.check("batch -", input: "add table filter\nadd chain filter lan\n")
        for port in 1...5 { try daemon.check("insert filter lan -p tcp --dport \(port) -j DROP") }
        for version in 1...6 {
            let old = try daemon.check("list --ids --version \(version)")
            try daemon.check("rollback \(version)")
            #expect(try daemon.check("list --ids") == old)
        }
    }

    /// Somebody who may not use the socket is told who may.
    @Test func otherUser() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: daemon.directory)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o660], ofItemAtPath: daemon.socket)
        let result = try Command.run(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Xt2.path, "list",
            environment: ["XT2_SOCKET": daemon.socket])
        #expect(result.status == 77)
        #expect(
            result.errors.hasPrefix("xt2: you may not use xt2d's socket at \(daemon.socket)."))
        #expect(result.errors.contains("It belongs to user root and group root, mode 0660."))
    }

    /// A diff is in colours on a terminal, which `script` is, and nowhere else.
    @Test func coloursOnATerminal() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        try daemon.check("add table filter")
        let plain = try daemon.check("diff 1")
        #expect(plain == "+ table inet filter (owned)   # id 1\n")
        let environment = ["XT2_SOCKET": daemon.socket, "NO_COLOR": ""]
        let line = try "'\(Xt2.path)' diff 1"
        let terminal = try Command.check(
            "script", "-qec", line, "/dev/null", environment: environment)
        #expect(terminal.contains("\u{1B}[32m+ table"))
        let refused = try Command.check(
            "script", "-qec", line, "/dev/null",
            environment: environment.merging(["NO_COLOR": "1"]) { $1 })
        #expect(!refused.contains("\u{1B}["))
    }
}
