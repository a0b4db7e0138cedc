import Glibc
import NetlinkProto
import TestSupport
import Testing

/// A version that nobody confirmed, and a kernel that does not let it be taken back.
@Suite struct RefusedRevertTests {
    /// Where the daemon starts that has to take it back.
    enum Place: CaseIterable {
        /// The kernel runs the version that was not confirmed.
        case sameKernel
        /// An empty kernel, as after a reboot.
        case reboot
    }

    /// What stands where a table of the old version was.
    enum Obstacle: CaseIterable {
        case table
        case tableWithRules
        /// A table that a running process has to itself.
        case ownedTable
        case ownedTableWithRules
        /// As many base chains at the hook as the kernel takes.
        case fullHook

        /// What an administrator has to be told.
        func words(_ owner: ForeignOwner?) -> [String] {
            switch self {
            case .table, .tableWithRules: ["inet extra", "nft"]
            case .ownedTable, .ownedTableWithRules:
                ["table inet extra", "owned by nft (pid \(owner?.pid ?? 0))"]
            case .fullHook: ["chain x of table inet extra", "1024 base chains"]
            }
        }
    }

    /// Puts it there; the process whose end removes it, if it is one.
    private func put(_ obstacle: Obstacle, in namespace: Namespace) throws -> ForeignOwner? {
        let rules: String
        switch obstacle {
        case .ownedTable: return try ForeignOwner(namespace, table: "inet extra")
        case .ownedTableWithRules:
            return try ForeignOwner(
                namespace, table: "inet extra", "add chain inet extra c",
                "add rule inet extra c tcp dport 1 accept")
        case .table: rules = "table inet extra { }"
        case .tableWithRules: rules = "table inet extra { chain c { tcp dport 1 accept; }; }"
        case .fullHook:
            // linux netfilter/core.c: MAX_HOOK_COUNT
            let chains = (1...1_024).map {
                "chain c\($0) { type filter hook output priority 0; }"
            }
            rules = "table inet full {\n\(chains.joined(separator: "\n"))\n}"
        }
        try namespace.run { _ = try Command.check("nft", "-f", "-", input: rules + "\n") }
        return nil
    }

    private func remove(_ obstacle: Obstacle, from daemon: Daemon) throws {
        switch obstacle {
        case .table, .tableWithRules: try daemon.run("nft", "delete table inet extra")
        case .fullHook: try daemon.run("nft", "delete table inet full")
        case .ownedTable, .ownedTableWithRules: break
        }
    }

    private func expect(_ words: [String], in text: String) {
        for word in words { #expect(text.contains(word), "\(text)") }
    }

    @Test(arguments: Place.allCases, Obstacle.allCases)
    func theVersionIsLoadedAndThatIsSaid(_ place: Place, _ obstacle: Obstacle) throws {
        let directory = try TemporaryDirectory()
        let first = try Daemon(directory: directory)
        let client = try first.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("in", hook: Hook(number: 1, priority: 0), type: "filter", policy: .drop)
            $0.append(.tcp(port: 22, .accept, comment: "ssh"), to: "in")
            $0.table = "extra"
            $0.addTable()
            $0.addChain("x", hook: Hook(number: 3, priority: 0), type: "filter")
        }
        let base = try first.kernel()
        try client.commit(BatchOptions(confirm: 3_600)) {
            $0.insert(.tcp(port: 80, .accept, comment: "web"), into: "in")
            $0.table = "extra"
            $0.deleteTable()
        }
        let unconfirmed = try first.kernel()
        try first.stop(SIGKILL)
        try Command.check(
            "sqlite3", first.database,
            "UPDATE confirmation SET deadline = 1000000, boot_deadline = 0 WHERE state = 'open'")
        let namespace = try place == .sameKernel ? first.namespace : Namespace()
        var owner = try put(obstacle, in: namespace)
        let words = obstacle.words(owner)
        // Better the version that was not confirmed than no rules at all.
        let daemon = try Daemon(in: namespace, directory: directory)
        var kernel = try daemon.kernel()
        #expect(kernel.chains["inet t in"]?.rules.count == 2)
        #expect(kernel.outline["inet t in"] == unconfirmed.outline["inet t in"])
        #expect(kernel.markedVersion == 2)
        let second = try daemon.connect()
        var status = try #require(try second.status())
        #expect(status.head == 2 && status.unconfirmed == 2 && status.remaining == 0)
        let notice = status.notice.joined(separator: "\n")
        expect(["version 2, which was not confirmed in time"] + words, in: notice)
        expect(["could not be taken back and was left in place"], in: notice)
        expect(words, in: try daemon.xt2("status"))
        expect(["could not be taken back"] + words, in: daemon.log)
        #expect(try second.auditProblems() == [])
        // The running daemon tries as well, and what is in the way does not become a part of the history.
        status = try eventualValue("it is tried again") {
            let status = try second.status()
            let notices = status?.notice ?? []
            return notices.contains { $0.contains("is tried again") } ? status : nil
        }
        #expect(status.notice.count == 2)
        for notice in status.notice { expect(words, in: notice) }
        #expect(status.head == 2)
        let attempts = try second.audit().filter { $0.outcome != "committed" }
        #expect(Set(attempts.map(\.action)) == ["recovery", "revert"])
        for attempt in attempts { expect(words, in: attempt.error ?? "") }
        // Killed and started again it is the same.
        try daemon.stop(SIGKILL)
        try daemon.start()
        kernel = try daemon.kernel()
        #expect(kernel.outline["inet t in"] == unconfirmed.outline["inet t in"])
        // As soon as nothing is in the way any more, it is taken back.
        owner = nil
        try remove(obstacle, from: daemon)
        let third = try daemon.connect()
        try eventually("version 2 is taken back") { try third.status()?.head != 2 }
        kernel = try daemon.kernel()
        #expect(kernel.outline == base.outline)
        #expect(try third.status()?.unconfirmed == nil)
        #expect(try third.versions()[0].kind == VersionMessageKind.revert.rawValue)
        let after = try #require(try third.status()).notice.joined(separator: "\n")
        #expect(!after.contains("is tried again"), "\(after)")
        #expect(try third.auditProblems() == [])
        _ = owner
    }

    /// In the ruleset, such a table would keep the next start from loading anything.
    @Test func aTableThatAnotherProcessOwnsIsNotMadeAVersion() throws {
        let daemon = try Daemon()
        var client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.table = "extra"
            $0.addTable()
            $0.addChain("x")
        }
        let base = try daemon.kernel()
        try client.commit {
            $0.table = "extra"
            $0.deleteTable()
        }
        var owner: ForeignOwner? = try ForeignOwner(daemon.namespace, table: "inet extra")
        let words = ["table inet extra", "owned by nft (pid \(owner?.pid ?? 0))"]
        let refused = try refusal { try client.rollback(to: 1) }
        #expect(refused?.errno == EPERM)
        expect(words, in: refused?.message ?? "")
        #expect(try client.versions().count == 2)
        let entry = try #require(try client.audit(AuditRequest(action: "rollback")).first)
        expect(words, in: entry.error ?? "")
        // A new table of that name is refused by the kernel itself.
        let other = try refusal {
            try client.commit {
                $0.table = "extra"
                $0.addTable()
            }
        }
        expect(
            ["table inet extra", "owned by another process", "nft list"], in: other?.message ?? "")
        try daemon.stop(SIGKILL)
        try daemon.start()
        client = try daemon.connect()
        owner = nil
        try client.rollback(to: 1)
        #expect(try daemon.kernel().outline == base.outline)
        _ = owner
    }

    /// One of the ruleset's own tables belongs to another process: the daemon does not start, and says whose it is.
    @Test(arguments: ["", "--policy enforced "])
    func aTableOfTheRulesetThatAnotherProcessOwns(_ policy: String) throws {
        let daemon = try Daemon()
        try daemon.xt2("add table \(policy)inet t")
        try daemon.xt2("add chain inet t c")
        try daemon.stop()
        let namespace = try Namespace()
        let owner = try ForeignOwner(namespace, table: "inet t", "add chain inet t c")
        let ended = #expect(throws: DaemonEnded.self) {
            try Daemon(in: namespace, directory: daemon.directory)
        }
        expect(
            ["table inet t", "owned by nft (pid \(owner.pid))"], in: ended?.result.errors ?? "")
    }
}
