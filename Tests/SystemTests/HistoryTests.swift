import Glibc
import NetlinkProto
import TestSupport
import Testing

/// A random history against the replay model and the kernel.
@Suite struct HistoryTests {
    @Test func everyVersionOfARandomHistoryEqualsItsReplay() throws {
        var random = SeededGenerator()
        let daemon = try Daemon()
        var client = try daemon.connect()
        var model = ReplayModel(random: SeededGenerator(seed: random.next()))
        var history = [PlainRuleset()]
        let count = Soak.count(500, 5_000)
        while history.count <= count {
            let before = model.ruleset
            let version =
                history.count > 2 && random.oneIn(12)
                ? try rollBack(client, &model, history, &random) : try commit(client, &model)
            if let version {
                history.append(model.ruleset)
                try #require(Int(version) == history.count - 1)
            } else {
                #expect(model.ruleset == before, "the daemon saw no change")
            }
            if random.oneIn(10) { try compareKernel(daemon, model, "version \(history.count - 1)") }
            if random.oneIn(25) {
                try daemon.stop(random.oneIn(2) ? SIGTERM : SIGKILL)
                try daemon.start()
                client = try daemon.connect()
            }
        }
        print("\(count) versions; \(model.ruleset.ids.count) rules at the end")
        try compareKernel(daemon, model, "the head")
        for (version, expected) in history.enumerated() {
            #expect(try client.ruleset(UInt64(version)) == expected, "version \(version)")
        }
        #expect(try client.auditProblems() == [])
    }

    private func commit(_ client: ControlClient, _ model: inout ReplayModel) throws -> UInt64? {
        model.makeBatch()
        let reply = try client.commit(model.script)
        try model.settle(reply)
        return try reply.version?.version
    }

    private func rollBack(
        _ client: ControlClient, _ model: inout ReplayModel, _ history: [PlainRuleset],
        _ random: inout SeededGenerator
    ) throws -> UInt64? {
        // Mostly a near one: far ones lead back to when there was little.
        let first = random.oneIn(8) ? 0 : max(0, history.count - 20)
        let version = Int.random(in: first..<history.count, using: &random)
        let reply = try client.rollback(to: UInt64(version))
        model.ruleset = history[version]
        return try reply.version?.version
    }

    private func compareKernel(
        _ daemon: Daemon, _ model: ReplayModel, _ what: Comment
    ) throws {
        let kernel = try daemon.kernel()
        #expect(kernel.outline == model.ruleset.outline, what)
        #expect(kernel.tables == Set(model.ruleset.tables.keys), what)
    }
}
