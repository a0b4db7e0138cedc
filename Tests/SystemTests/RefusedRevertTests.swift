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
    }

    private func put(_ obstacle: Obstacle, in namespace: Namespace) throws {
        let rules = obstacle == .table ? "" : "chain c { tcp dport 1 accept; }; "
        try namespace.run {
            _ = try Command.check("nft", "-f", "-", input: "table inet extra { \(rules)}\n")
        }
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
            $0.addChain("x")
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
        try put(obstacle, in: namespace)
        // Better the version that was not confirmed than no rules at all.
        let daemon = try Daemon(in: namespace, directory: directory)
        var kernel = try daemon.kernel()
        #expect(kernel.chains["inet t in"]?.rules.count == 2)
        #expect(kernel.outline["inet t in"] == unconfirmed.outline["inet t in"])
        #expect(kernel.markedVersion == 2)
        let second = try daemon.connect()
        let status = try #require(try second.status())
        #expect(status.head == 2 && status.unconfirmed == 2 && status.remaining == 0)
        let notice = status.notice.joined(separator: "\n")
        #expect(notice.contains("version 2, which was not confirmed in time"), "\(notice)")
        #expect(notice.contains("could not be taken back and was left in place"), "\(notice)")
        #expect(notice.contains("inet extra"), "\(notice)")
        let text = try daemon.xt2("status")
        #expect(text.contains("inet extra") && text.contains("nft"), "\(text)")
        #expect(daemon.log.contains("could not be taken back"))
        #expect(try second.auditProblems() == [])
        // Killed and started again it is the same.
        try daemon.stop(SIGKILL)
        try daemon.start()
        kernel = try daemon.kernel()
        #expect(kernel.outline["inet t in"] == unconfirmed.outline["inet t in"])
        // As soon as nothing is in the way any more, it is taken back.
        try daemon.run("nft", "delete table inet extra")
        let third = try daemon.connect()
        while try third.status()?.head == 2 {}
        kernel = try daemon.kernel()
        #expect(kernel.outline == base.outline)
        #expect(try third.status()?.unconfirmed == nil)
        #expect(try third.versions()[0].kind == VersionMessageKind.revert.rawValue)
        let after = try #require(try third.status()).notice.joined(separator: "\n")
        #expect(!after.contains("is tried again"), "\(after)")
        #expect(try third.auditProblems() == [])
    }
}
