import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Differences between any two versions, and the way back to any of them.
@Suite struct DiffTests {
    /// A daemon with a random history; what nft said at each version.
    private func randomHistory(_ count: Int) throws -> (Daemon, ControlClient, [String]) {
        var random = SeededGenerator()
        let daemon = try Daemon()
        let client = try daemon.connect()
        var model = ReplayModel(random: SeededGenerator(seed: random.next()))
        var texts = [try blocks(daemon)]
        while texts.count <= count {
            model.makeBatch()
            let reply = try client.commit(model.script)
            try model.settle(reply)
            if try reply.version != nil { texts.append(try blocks(daemon)) }
        }
        return (daemon, client, texts)
    }

    /// What nft says about the kernel without counters and handles, block by block: nft lists tables and chains as they came
    /// to be, which is not part of a version.
    private func blocks(_ daemon: Daemon) throws -> String {
        let listing = try daemon.run("nft", "-s", "list", "ruleset")
        var table = ""
        var blocks: [String] = []
        for line in listing.split(separator: "\n") {
            if line.hasPrefix("table ") {
                table = String(line)
                blocks.append(table)
            } else if line.hasPrefix("\tchain ") {
                blocks.append("\(table) \(line)")
            } else {
                blocks[blocks.count - 1] += "\n\(line)"
            }
        }
        let closed = blocks.map { $0.hasSuffix("\n}") ? String($0.dropLast(2)) : $0 }
        return closed.filter { !$0.hasPrefix("table inet xt2 ") }.sorted().joined(separator: "\n")
    }

    @Test func theDifferenceOfEachPairLeadsFromOneToTheOther() throws {
        let (daemon, client, texts) = try randomHistory(Soak.count(40, 200))
        defer { _ = try? daemon.stop() }
        let rulesets = try texts.indices.map { try client.ruleset(UInt64($0)) }
        for from in texts.indices {
            for to in texts.indices {
                let request = DiffRequest(from: UInt64(from), to: UInt64(to))
                let changes = try client.list(.getDiff, request)
                    .map { try $0.read { try ChangeMessage($0) } }
                let result = try rulesets[from].applying(changes)
                #expect(result == rulesets[to], "from \(from) to \(to)")
            }
        }
    }

    @Test func aRollbackToAnyVersionIsThatVersionInTheKernel() throws {
        let (daemon, client, texts) = try randomHistory(Soak.count(60, 500))
        for version in texts.indices.shuffled() {
            try client.rollback(to: UInt64(version))
            #expect(try blocks(daemon) == texts[version], "version \(version)")
        }
    }

    @Test func whatComesBackHasTheIDItHad() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let ids = try client.commit {
            $0.addTable()
            $0.addChain("c")
            for port in 1...20 { $0.append(.tcp(port: UInt16(port)), to: "c") }
        }.ids
        try client.commit { script in
            for id in ids.prefix(10) { script.delete(id, from: "c") }
            script.insert(.tcp(port: 99), into: "c")
        }
        try client.rollback(to: 1)
        #expect(try client.ruleset().ids == ids)
        #expect(try daemon.kernel().ids("inet t c") == ids)
        try client.rollback(to: 0)
        try client.rollback(to: 3)
        #expect(try daemon.kernel().ids("inet t c") == ids)
    }
}

extension PlainRuleset {
    /// The ruleset with the changes made that a difference names.
    fileprivate func applying(_ changes: [ChangeMessage]) throws -> PlainRuleset {
        var result = self
        for change in changes where change.kind == ObjectMessageKind.table.rawValue {
            if change.after == nil { result.tables[change.place] = nil }
            if change.before == nil { result.tables[change.place] = [:] }
        }
        try result.applyToChains(changes.filter { $0.kind == ObjectMessageKind.chain.rawValue })
        try result.applyToRules(changes.filter { $0.kind == ObjectMessageKind.rule.rawValue })
        return result
    }

    private mutating func applyToChains(_ changes: [ChangeMessage]) throws {
        var moved: [UInt64: Chain] = [:]
        for change in changes where change.before != nil {
            moved[change.id] = tables[change.place]?
                .removeValue(forKey: change.oldName ?? change.name)
        }
        for change in changes {
            guard let after = change.after else { continue }
            let body = try ChainBody(encoded: after)
            tables[change.place]?[change.name] = Chain(
                hook: body.hook, policy: body.policy, rules: moved[change.id]?.rules ?? [])
        }
    }

    private mutating func applyToRules(_ changes: [ChangeMessage]) throws {
        let gone = Set(changes.filter { $0.before != nil }.map(\.id))
        tables = tables.mapValues { chains in
            chains.mapValues { chain in
                var chain = chain
                chain.rules.removeAll { gone.contains($0.id) }
                return chain
            }
        }
        let here = changes.filter { $0.after != nil }
        for change in here.sorted(by: { ($0.indexAfter ?? 0) < ($1.indexAfter ?? 0) }) {
            let rule = Rule(id: change.id, body: try RuleBody(encoded: change.after ?? []))
            let index = Int(change.indexAfter ?? 0)
            let count = tables[change.place]?[change.name]?.rules.count ?? -1
            try #require(index <= count, "\(change.name) has \(count) rules, not \(index)")
            tables[change.place]?[change.name]?.rules.insert(rule, at: index)
        }
    }
}

extension ChangeMessage {
    fileprivate var place: String { "\(Family(rawValue: family).name) \(table)" }
}
