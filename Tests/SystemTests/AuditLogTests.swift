import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// The audit log as people ask it, with the built programs.
@Suite struct AuditLogTests {
    private func prepared(_ configuration: String = "") throws -> Daemon {
        let daemon = try Daemon.configured("[socket]\nmode = 0666\n" + configuration)
        chmod(daemon.directory.path, 0o755)
        try daemon.xt2("add table inet filter")
        try daemon.xt2("add chain --type filter --hook input --priority 0 inet filter input")
        return daemon
    }

    private func entries(_ daemon: Daemon, _ options: String) throws -> [[String: Any]] {
        try daemon.xt2("audit --json \(options)").split(separator: "\n").map { line in
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(value as? [String: Any])
        }
    }

    private func numbers(_ daemon: Daemon, _ options: String) throws -> [Int] {
        try entries(daemon, options).compactMap { $0["sequence"] as? Int }
    }

    // MARK: Addresses

    @Test func attemptsAreFoundByTheAddressesInTheirRules() throws {
        let daemon = try prepared()
        try daemon.xt2("add table ip nat")
        try daemon.xt2("add chain --type nat --hook prerouting --priority dstnat ip nat pre")
        /// Rule text, then addresses that find it, then some that do not.
        let cases: [(rule: String, hits: [String], misses: [String])] = [
            (
                "inet filter input -s 10.1.2.3 -j ACCEPT",
                ["10.1.2.3", "10.1.0.0/16", "0.0.0.0/0"], ["10.1.2.4", "::/0", "11.0.0.0/8"]
            ),
            (
                "inet filter input -d 172.16.0.0/12 -j DROP",
                ["172.20.1.1", "172.31.255.0/24", "172.0.0.0/8"], ["172.32.0.1", "10.1.2.3"]
            ),
            ("inet filter input -s 192.168.0.0/16 -j DROP", ["192.168.7.7"], ["192.169.0.0"]),
            (
                "inet filter input -m iprange --src-range 203.0.113.5-203.0.113.9 -j DROP",
                ["203.0.113.5", "203.0.113.9", "203.0.113.8/30"], ["203.0.113.4", "203.0.113.10"]
            ),
            (
                "inet filter input -s 2001:db8::/32 -j DROP",
                ["2001:db8::1", "2001:db8:5::/48"], ["2001:db9::1", "32.1.13.184"]
            ),
            (
                "ip nat pre -p tcp --dport 80 -j DNAT --to-destination 198.51.100.7",
                ["198.51.100.7"], ["198.51.100.8"]
            ),
        ]
        var ids: [Int] = []
        for one in cases {
            try daemon.xt2("append \(one.rule)")
            ids += try numbers(daemon, "-n 1")
        }
        for (id, one) in zip(ids, cases) {
            for address in one.hits {
                #expect(
                    try numbers(daemon, "--address \(address)").contains(id),
                    "\(address) is in \(one.rule)")
            }
            for address in one.misses {
                #expect(
                    try !numbers(daemon, "--address \(address)").contains(id),
                    "\(address) is not in \(one.rule)")
            }
        }
        // What is deleted, rolled back and refused is found as well.
        try daemon.xt2("delete inet filter input -s 10.1.2.3 -j ACCEPT")
        try daemon.xt2("rollback 6")
        _ = try daemon.tool("append inet nowhere input -s 10.1.2.3 -j DROP")
        let found = try entries(daemon, "--address 10.1.2.3")
        #expect(
            found.map { $0["action"] as? String } == ["append", "rollback", "delete", "append"])
        #expect(found.first?["outcome"] as? String == "refused")
        #expect(try numbers(daemon, "--address 10.1.2.3 --outcome refused").count == 1)
        #expect(try daemon.tool("audit --address 10.1.2").status == 64)
        #expect(try daemon.tool("audit --address 10.1.2.3/33").status == 64)
    }

    // MARK: Who and what

    @Test func anEntrySaysWhoAndFromWhere() throws {
        let daemon = try prepared()
        let result = try daemon.tool(
            "append inet filter input -s 10.9.9.9 -j DROP",
            environment: ["SSH_CONNECTION": "203.0.113.9 50022 192.0.2.1 22"],
            prefix: ["setpriv", "--reuid", "4242", "--regid", "4243", "--clear-groups"])
        #expect(result.status == 77)
        #expect(result.errors.contains("the right 'edit' is missing"))
        let entry = try #require(try entries(daemon, "--user 4242").first)
        #expect(entry["gid"] as? Int == 4243 && entry["process"] as? String == "xt2")
        #expect((entry["pid"] as? Int ?? 0) > 1)
        #expect(
            entry["peer"] as? String
                == "203.0.113.9 port 50022 to 192.0.2.1 port 22 (as the client says; there is no such connection)"
        )
        #expect(entry["outcome"] as? String == "refused" && entry["version"] is NSNull)
        let login = try String(contentsOfFile: "/proc/self/loginuid", encoding: .utf8)
        let number = UInt32(login.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(entry["login_uid"] as? UInt32 == (number == .max ? nil : number))
    }

    @Test func whatWasChangedAndWhatWasAskedFor() throws {
        let daemon = try prepared()
        try daemon.xt2("append inet filter input -p tcp --dport 22 -j ACCEPT")
        let id =
            try #require(
                try entries(daemon, "-n 1 --changes").first?["diff"] as? [[String: Any]]
            ).first?["id"] as? Int
        try daemon.xt2(
            "replace --id \(id ?? 0) inet filter input -p tcp --dport 23 -j ACCEPT")
        _ = try daemon.tool("append inet filter nowhere -p tcp --dport 24 -j ACCEPT")
        let text = try daemon.xt2("audit -n 2 --changes")
        #expect(text.contains("-p tcp --dport 22 -j ACCEPT   # id \(id ?? 0)"), "\(text)")
        #expect(text.contains("→ 1  -p tcp --dport 23 -j ACCEPT"), "\(text)")
        #expect(
            text.contains("asked for: NEWRULE inet filter nowhere -p tcp --dport 24 -j ACCEPT"),
            "\(text)")
    }

    // MARK: Pages

    @Test func pagesFollowEachOther() throws {
        let daemon = try prepared()
        for port in 1...25 {
            try daemon.xt2("append inet filter input -p tcp --dport \(port) -j DROP")
        }
        let all = try numbers(daemon, "")
        #expect(all.count >= 27 && all == all.sorted(by: >))
        var pages: [Int] = []
        var page = try numbers(daemon, "-n 4")
        while let last = page.last {
            pages += page
            page = try numbers(daemon, "-n 4 --before \(last)")
        }
        #expect(pages == all)
        let appended = try numbers(daemon, "--action append")
        #expect(
            try numbers(daemon, "--action append -n 10 --before \(appended[9])")
                == Array(appended[10..<20]))
    }

    // MARK: Following

    @Test func newEntriesAreShownAsTheyCome() throws {
        let daemon = try prepared()
        let drop = "append inet filter input -s 10.0.0.1 -j DROP"
        try daemon.xt2(drop)
        let all = try daemon.startTool(["audit", "--follow", "--json", "-n", "1"])
        let drops = try daemon.startTool(["audit", "--follow", "-n", "1", "--address", "10.0.0.1"])
        defer {
            for process in [all, drops] {
                process.signal(SIGKILL)
                _ = process.wait()
            }
        }
        func lines(_ process: ChildProcess) -> [Substring] {
            process.output.split(separator: "\n")
        }
        // The last entry comes at once, and what comes behind it is not missed.
        try eventually("the last entry") { !lines(all).isEmpty && !lines(drops).isEmpty }
        for port in 1...5 {
            try daemon.xt2("append inet filter input -p tcp --dport \(port) -j DROP")
        }
        try daemon.xt2(drop)
        try eventually("six more entries") { lines(all).count >= 7 && lines(drops).count >= 2 }
        let numbers = try lines(all).map { line in
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return value?["sequence"] as? Int ?? 0
        }
        let first = try #require(numbers.first)
        #expect(numbers == Array(first...first + 6), "each once, in order")
        #expect(lines(drops).count == 2)
        #expect(try daemon.stop().status == 0, "who follows does not keep the daemon alive")
    }

    // MARK: Damage

    /// What somebody with another program does to the log of a daemon that is stopped.
    @Test(arguments: [
        ("UPDATE audit SET uid = 1000 WHERE seq = 3", "entry 3"),
        ("UPDATE audit SET reason = 'harmless' WHERE seq = 2", "entry 2"),
        (
            "DELETE FROM audit_address WHERE seq = 2; DELETE FROM audit_scope WHERE seq = 2; DELETE FROM audit WHERE seq = 2",
            "entries 2 to 2 are gone"
        ),
        (
            """
            UPDATE audit SET seq = 1000 WHERE seq = 4;
            INSERT INTO audit SELECT 4, time, uid, gid, pid, process, login_uid, peer, action, outcome, version, generation, reason,
            message, request, change_count, changes_digest, withdraws, hash FROM audit WHERE seq = 3;
            UPDATE audit SET seq = 5 WHERE seq = 1000
            """, "row 4"
        ),
        ("UPDATE version SET uid = 1000 WHERE id = 2", "version 2"),
    ])
    func aRowThatIsNotAsItWasIsNamed(_ sql: String, _ name: String) throws {
        let daemon = try prepared()
        for _ in 0..<2 { _ = try daemon.tool("append inet filter nowhere -j DROP") }
        #expect(try daemon.tool("audit --verify").status == 0)
        try daemon.stop()
        try Command.check(
            "sqlite3", "-cmd", "PRAGMA foreign_keys = OFF", daemon.database,
            "PRAGMA ignore_check_constraints = ON; \(sql)")
        try daemon.start()
        let result = try daemon.tool("audit --verify")
        #expect(result.status == 1)
        #expect(result.output.contains(name), "\(result.output)")
    }

    // MARK: The head

    @Test func aLogThatWasCutOffIsNoticed() throws {
        let daemon = try prepared()
        _ = try daemon.tool("append inet filter nowhere -j DROP")
        _ = try daemon.tool("append inet filter nowhere -j ACCEPT")
        let head = try daemon.xt2("audit --head")
        let kept = daemon.directory.file("head")
        try Data(head.utf8).write(to: URL(fileURLWithPath: kept))
        let token = head.trimmingCharacters(in: .newlines)
        #expect(try daemon.xt2("audit --verify --expect \(token)").contains("intact"))
        #expect(try daemon.xt2("audit --verify --expect \(kept)").contains("intact"))
        _ = try daemon.tool("append inet filter nowhere -j DROP")
        #expect(try daemon.tool("audit --verify --expect \(kept)").status == 0, "it only grew")

        _ = try daemon.stop()
        try Command.check(
            "sqlite3", daemon.database,
            "DELETE FROM audit_address WHERE seq > (SELECT max(seq) - 2 FROM audit); DELETE FROM audit_scope WHERE seq > (SELECT max(seq) - 2 FROM audit); DELETE FROM audit WHERE seq > (SELECT max(seq) - 2 FROM audit);"
        )
        try daemon.start()
        #expect(try daemon.tool("audit --verify").status == 0, "without a head nothing shows")
        let result = try daemon.tool("audit --verify --expect \(kept)")
        #expect(result.status == 1)
        #expect(result.output.contains("gone from the end of the log"), "\(result.output)")

        // Grown again, it has another hash at that number.
        _ = try daemon.tool("append inet filter nowhere -j DROP")
        _ = try daemon.tool("append inet filter nowhere -j DROP")
        let rewritten = try daemon.tool("audit --verify --expect \(kept)")
        #expect(rewritten.status == 1 && rewritten.output.contains("the log was rewritten"))
        #expect(try daemon.tool("audit --verify --expect /nowhere").status == 64)
        #expect(try daemon.tool("audit --expect \(token)").status == 64)
    }
}
