import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

@testable import xt2

/// The built program and a daemon that says what a test wants: what is printed, and the exit status.
@Suite struct ConversationTests {
    /// A transcript: each command line, what it printed and how it ended.
    private func transcript(_ lines: [[String]], _ script: @escaping ScriptedDaemon.Script) throws
        -> String
    {
        let daemon = try ScriptedDaemon(script)
        defer { daemon.stop() }
        var text = ""
        for line in lines {
            let result = try ChildProcess(
                Xt2.path, line,
                environment: ["XT2_SOCKET": daemon.path, "TZ": "UTC", "NO_COLOR": ""]
            ).wait()
            text += "$ xt2 \(RuleSyntax.CommandLine.join(line))\n\(result.output)\(result.errors)"
            text += "[\(result.status)]\n\n"
        }
        return text
    }

    private func transcript(_ lines: String..., script: @escaping ScriptedDaemon.Script) throws
        -> String
    {
        try transcript(lines.map { $0.split(separator: " ").map(String.init) }, script)
    }

    @Test func edits() throws {
        let text = try transcript(
            [
                ["insert", "-m", "let me in", "filter", "input", "-p", "tcp", "-j", "ACCEPT"],
                ["append", "--json", "filter", "input", "-j", "DROP"],
                ["add", "table", "filter"],
                ["delete", "--id", "42", "filter", "input"],
            ]
        ) { requests in
            let rule = RuleMessage(
                family: .inet, table: "filter", chain: "input", handle: Handle(42), index: 0,
                kernelHandle: Handle(9))
            var reply = ReplyWriter(to: requests[0])
            if requests[1].header.flags.contains(.echo) {
                reply = reply.part(rule, sequence: requests[1].header.sequence)
            }
            return reply.part(.newVersion, Sample.version).acknowledged().bytes
        }
        try Golden.expect(text, "edits.txt")
    }

    @Test func editsThatChangeNothing() throws {
        let text = try transcript("add table filter", "add table --json filter") { requests in
            ReplyWriter(to: requests[0])
                .acknowledged(0, "nothing to change; the table is there already").bytes
        }
        try Golden.expect(text, "nothing.txt")
    }

    @Test func candidates() throws {
        let text = try transcript(
            "begin", "begin --json", "flush --tx 3 filter", "candidates", "candidates --json",
            "commit 3", "commit 3 --json", "abort 3", "abort 3 --json"
        ) { requests in
            let reply = ReplyWriter(to: requests[0])
            switch requests[0].header.type {
            case .getCandidate: return reply.part(.newCandidate, Sample.candidate).done().bytes
            case .commit: return reply.part(.newVersion, Sample.version).acknowledged().bytes
            case .deleteCandidate: return reply.acknowledged().bytes
            default: return reply.part(.newCandidate, Sample.candidate).acknowledged().bytes
            }
        }
        try Golden.expect(text, "candidates.txt")
    }

    @Test func versions() throws {
        let text = try transcript(
            "log", "log --json", "show 7", "show 7 --json", "rollback 3", "rollback 3 --json"
        ) { requests in
            let reply = ReplyWriter(to: requests[0])
            switch requests[0].header.type {
            case .getVersion:
                let isOne = requests[0].bytes.count > 20
                let first = isOne ? reply : reply.part(.newVersion, Sample.rollback)
                return first.part(.newVersion, Sample.version).done().bytes
            case .getDiff:
                return Sample.changes.reduce(reply) { $0.part(.newChange, $1) }.done().bytes
            default:
                return reply.part(.newVersion, Sample.rollback).acknowledged().bytes
            }
        }
        try Golden.expect(text, "versions.txt")
    }

    @Test func confirmations() throws {
        let text = try transcript(
            "insert --confirm 60s filter input -j DROP", "rollback HEAD~1 --confirm 1m",
            "commit --confirm 60 3", "confirm", "confirm good --json", "log", "log --json",
            "show 9", "status", "commit --check 3", "commit --check --json 3"
        ) { requests in
            let reply = ReplyWriter(to: requests[0])
            switch requests[0].header.type {
            case .getReference:
                return reply.part(.newReference, ReferenceMessage(version: 9)).acknowledged().bytes
            case .getVersion:
                let isOne = requests[0].bytes.count > 20
                let first = isOne ? reply : reply.part(.newVersion, Sample.revert)
                return first.part(.newVersion, Sample.reverted).done().bytes
            case .getDiff: return reply.acknowledged(2, "version 8 was pruned").bytes
            case .getStatus:
                var status = Sample.status
                (status.unconfirmed, status.remaining, status.fallback) = (9, 34, 8)
                return reply.part(.newStatus, status).acknowledged().bytes
            case .commit where requests[0].bytes.count == 36:
                return reply.part(.newCheck, Sample.check).acknowledged().bytes
            default:
                return reply.part(.newVersion, Sample.waiting).acknowledged().bytes
            }
        }
        let steady = text.replacing(/running since (\S+) \([^)]*\)/) { "running since \($0.1) (…)" }
        try Golden.expect(steady, "confirmations.txt")
    }

    @Test func namesAndOrigins() throws {
        let tag = TagMessage(name: "good", version: 7, time: 1_772_370_309_000_000, uid: 0)
        let text = try transcript(
            "tag", "tag --json", "tag good", "tag good HEAD~2", "tag --delete good",
            "tag --delete --json good", "blame filter input", "blame --json filter input",
            "prune --keep 5", "prune --keep 5 --dry-run --json", "show 7 --stat",
            "show 7 --stat --json", "diff --color always good HEAD", "diff --stat 3 7",
            "tag --delete", "prune", "prune --keep 0", "rollback"
        ) { requests in
            let reply = ReplyWriter(to: requests[0])
            switch requests[0].header.type {
            case .getReference:
                return reply.part(.newReference, ReferenceMessage(version: 7)).acknowledged().bytes
            case .getTag: return reply.part(.newTag, tag).done().bytes
            case .getBlame:
                return Sample.blame.reduce(reply) { $0.part(.newBlame, $1) }.done().bytes
            case .prune:
                let found = PruneMessage(horizon: 8, versions: 6, objects: 1_804, kept: ["7"])
                return reply.part(.newPrune, found).acknowledged().bytes
            case .getVersion: return reply.part(.newVersion, Sample.version).done().bytes
            case .getDiff:
                return Sample.changes.reduce(reply) { $0.part(.newChange, $1) }.done().bytes
            default: return reply.part(.newTag, tag).acknowledged().bytes
            }
        }
        try Golden.expect(text, "names.txt")
    }

    @Test func listings() throws {
        let text = try transcript(
            "list", "list --counters --ids filter", "list --json filter input", "save",
            "diff 3 7", "diff --json 3 7", "diff --tx 2"
        ) { requests in
            let reply = ReplyWriter(to: requests[0])
            guard requests[0].header.type == .getRuleset else {
                return Sample.changes.reduce(reply) { $0.part(.newChange, $1) }.done().bytes
            }
            return
                reply
                .part(Sample.table).part(Sample.chain).part(Sample.rule(42, "--dport 22"))
                .part(Sample.rule(40, "--dport 23")).done().bytes
        }
        try Golden.expect(text, "listings.txt")
    }

    @Test func auditAndStatus() throws {
        let text = try transcript(
            "audit", "audit --json", "audit --verify", "audit --verify --json", "status",
            "status --json", "zero filter input", "zero ip filter --json"
        ) { requests in
            let reply = ReplyWriter(to: requests[0])
            switch requests[0].header.type {
            case .getAudit:
                return Sample.audit.reduce(reply) { $0.part(.newAudit, $1) }.done().bytes
            case .verifyAudit:
                let found = VerificationMessage(
                    entries: 12, head: Array(repeating: 0xAB, count: 32),
                    problem: ["Entry 5 is missing."])
                return reply.part(.newVerification, found).acknowledged().bytes
            case .getStatus: return reply.part(.newStatus, Sample.status).acknowledged().bytes
            default: return reply.acknowledged().bytes
            }
        }
        // How long the daemon has been running is the one thing that depends on when the test runs.
        let steady = text.replacing(/running since (\S+) \([^)]*\)/) { "running since \($0.1) (…)" }
        try Golden.expect(steady, "audit-status.txt")
    }

    @Test func auditIsIntact() throws {
        let text = try transcript("audit --verify") { requests in
            let found = VerificationMessage(entries: 1, head: [0xAB])
            return ReplyWriter(to: requests[0]).part(.newVerification, found).acknowledged().bytes
        }
        #expect(text.hasSuffix("audit log intact: 1 entry, newest hash ab\n[0]\n\n"))
    }

    /// What is asked for, as the daemon sees it.
    @Test func filters() throws {
        let daemon = try ScriptedDaemon { ReplyWriter(to: $0[0]).done().bytes }
        defer { daemon.stop() }
        let lines = [
            "audit --user 1000 --since 2026-03-01T00:00:00Z --until 2026-03-02T00:00:00Z -n 5",
            "audit --table filter --chain input --rule 42 --action insert --outcome refused",
            "audit --version 7", "list --version 3 --counters ip filter input", "log -n 5",
        ]
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            let result = try ChildProcess(
                Xt2.path, words, environment: ["XT2_SOCKET": daemon.path]
            ).wait()
            #expect(result.status == 0, "\(line): \(result.errors)")
        }
        _ = try Xt2.run("audit", "--table", "ip6 filter", daemon: daemon)
        let requests = daemon.requests
        #expect(requests.allSatisfy { $0.header.flags == [.request, .acknowledge, .dump] })
        func body<Body: ControlBody>(_ index: Int, _: Body.Type) throws -> Body {
            let bytes = requests[index].bytes
            var reader = MessageReader(bytes.span.bytes)
            guard let view = try reader.next() else { throw WireError(.truncated, "nothing") }
            return try Body(view)
        }
        #expect(
            try body(0, AuditRequest.self)
                == AuditRequest(
                    uid: 1000, since: 1_772_323_200_000_000, until: 1_772_409_600_000_000, limit: 5)
        )
        #expect(
            try body(1, AuditRequest.self)
                == AuditRequest(
                    family: 1, table: "filter", chain: "input", ruleID: 42, action: "insert",
                    outcome: "refused"))
        #expect(try body(2, AuditRequest.self) == AuditRequest(version: 7))
        #expect(
            try body(3, RulesetRequest.self)
                == RulesetRequest(
                    family: 2, table: "filter", chain: "input", version: 3, counters: true))
        #expect(try body(4, VersionRequest.self) == VersionRequest(limit: 5))
        #expect(
            try body(5, AuditRequest.self) == AuditRequest(family: 10, table: "filter"))
    }

    /// A reader that has seen enough is no error.
    @Test func readerThatGoesAway() throws {
        let daemon = try ScriptedDaemon { requests in
            let one = ReplyWriter(to: requests[0]).part(.newVersion, Sample.version).bytes
            let many = Array(repeating: one, count: 20_000).flatMap { $0 }
            return many + ReplyWriter(to: requests[0]).done().bytes
        }
        defer { daemon.stop() }
        let result = try Command.run(
            "sh", "-c", "trap '' PIPE; '\(Xt2.path)' log | head -n 1 >&2",
            environment: ["XT2_SOCKET": daemon.path, "TZ": "UTC"])
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.hasPrefix("7  2026-03-01T13:05:09+00:00  root"))
    }

    @Test func outputThatCannotBeWritten() throws {
        let result = try Command.run("sh", "-c", "'\(Xt2.path)' --version > /dev/full")
        #expect(result.status == 70)
        #expect(result.errors == "xt2: cannot write the output: No space left on device.\n")
    }
}
