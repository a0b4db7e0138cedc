import Glibc
import NetlinkProto
import TestSupport
import Testing

/// A long chain is several chains in the kernel, and nobody notices but the clock.
@Suite struct LongChainTests {
    private static let chain = "inet t c"

    /// A daemon with one chain, and what its rules are.
    private struct Bench {
        let daemon: Daemon
        var client: ControlClient
        var order: [UInt64] = []

        init(_ rules: Int, hook: Hook? = nil) throws {
            daemon = try Daemon()
            client = try daemon.connect()
            order = try client.commit {
                $0.addTable()
                $0.addChain("c", hook: hook, type: hook == nil ? nil : "filter")
                for number in 0..<rules { $0.append(.tcp(port: UInt16(number % 60_000)), to: "c") }
            }.ids
        }

        /// The kernel has what it should, in whatever parts.
        @discardableResult
        func check(_ what: String, location: SourceLocation = #_sourceLocation) throws
            -> KernelParts
        {
            let parts = try daemon.parts(LongChainTests.chain)
            #expect(parts.faults == [], "\(what)", sourceLocation: location)
            let isSame = parts.ids == order
            try #require(isSame, "\(what)", sourceLocation: location)
            return parts
        }
    }

    @Test func aLongChainIsSplitAndAShortOneIsNot() throws {
        var bench = try Bench(1_000)
        #expect(try bench.check("short").sizes == [])
        bench.order += try bench.client.commit { script in
            for number in 0..<5_000 { script.append(.udp(port: UInt16(number)), to: "c") }
        }.ids
        let parts = try bench.check("long")
        #expect(parts.ownCount < 1_100 && parts.sizes.allSatisfy { $0 < 1_100 })
        #expect(parts.sizes.count < 8)
        // One by one as well, at both ends.
        for _ in 0..<3 {
            bench.order.append(
                contentsOf: try bench.client.commit { $0.append(.udp(port: 1), to: "c") }.ids)
            bench.order.insert(
                contentsOf: try bench.client.commit { $0.insert(.udp(port: 2), into: "c") }.ids,
                at: 0)
        }
        #expect(try bench.check("at both ends").sizes.count <= parts.sizes.count + 1)
        // What is found at a start is what there was.
        try bench.daemon.restart()
        bench.client = try bench.daemon.connect()
        let middle = bench.order.count / 2
        try bench.client.commit { $0.delete(bench.order[middle], from: "c") }
        bench.order.remove(at: middle)
        try bench.check("after a start")
        #expect(try bench.client.ruleset().ids == bench.order)
        try bench.client.commit { $0.flush("c") }
        bench.order = []
        #expect(try bench.check("emptied").sizes == [])
    }

    // MARK: A random history

    /// A chain of rules some of which leave it, and edits of all kinds.
    private struct History {
        var bench: Bench
        var random: SeededGenerator
        /// The rules of each version.
        var versions: [[UInt64]]

        init(_ random: SeededGenerator) throws {
            self.random = random
            bench = try Bench(3_000)
            versions = [[], bench.order]
        }

        private mutating func body() -> RuleBody {
            let port = UInt16.random(in: 0..<60_000, using: &random)
            return switch Int.random(in: 0..<12, using: &random) {
            case 0: .tcp(port: port, .return)
            case 1: .tcp(port: port, .goto("side"))
            case 2: .tcp(port: port, .jump("side"))
            case 3: .tcp(port: port, nil)
            default: .tcp(port: port)
            }
        }

        private mutating func index() -> Int {
            guard !bench.order.isEmpty else { return 0 }
            return Int.random(in: bench.order.indices, using: &random)
        }

        /// New rules side by side: one, a few, or more than a part has.
        private mutating func insert(_ script: inout EditScript, _ model: inout [UInt64]) {
            let count = [1, 1, 1, 3, 40, 1_500].randomElement(using: &random) ?? 1
            let place =
                random.oneIn(4) ? [0, model.count].randomElement(using: &random) ?? 0 : index()
            let before = model.indices.contains(place) ? model[place] : nil
            for _ in 0..<count {
                if let before {
                    script.insert(body(), into: "c", before: before)
                } else {
                    script.append(body(), to: "c")
                }
            }
            let new = repeatElement(UInt64(0), count: count)
            model.insert(contentsOf: new, at: before == nil ? model.count : place)
        }

        /// Some edits in one version; nothing is done to what is new in it.
        mutating func edit() throws {
            var script = EditScript()
            var model = bench.order
            var echoed: [Int] = []
            // What a replaced or moved rule is known by in the answer; new ones are 0 until then.
            var touched: Set<UInt64> = []
            let start = index()
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: insert(&script, &model)
            case 2:
                let count = [1, 1, 30, 1_100].randomElement(using: &random) ?? 1
                let doomed = model[start...].prefix(count)
                for id in doomed { script.delete(id, from: "c") }
                model.removeSubrange(doomed.indices)
            case 3:
                for id in model[start...].prefix(random.oneIn(2) ? 1 : 20) {
                    script.replace(id, in: "c", with: body())
                    touched.insert(id)
                }
            case 4:
                for id in model[start...].prefix(random.oneIn(2) ? 1 : 5) {
                    let target = index()
                    guard model.indices.contains(target), model[target] != id else { continue }
                    let before = model[target]
                    script.move(id, in: "c", before: before, with: body())
                    model.removeAll { $0 == id }
                    model.insert(id, at: model.firstIndex(of: before) ?? 0)
                    touched.insert(id)
                }
            default:
                // Several at once: holes and new rules beside each other.
                let doomed = Set(model[start...].prefix(1_200).filter { _ in !random.oneIn(3) })
                for id in doomed { script.delete(id, from: "c") }
                model.removeAll { doomed.contains($0) }
                insert(&script, &model)
            }
            guard !script.messages.isEmpty else { return }
            echoed = model.indices.filter { model[$0] == 0 }
            let reply = try bench.client.commit(script)
            let new = try reply.ids.filter { !touched.contains($0) }
            try #require(new.count == echoed.count)
            for (index, id) in zip(echoed, new) { model[index] = id }
            bench.order = model
            versions.append(model)
        }

        mutating func rollBack() throws {
            // The first version does not have the chain that rules jump to.
            let target = Int.random(in: 2..<versions.count, using: &random)
            try bench.client.rollback(to: UInt64(target))
            bench.order = versions[target]
            if try bench.client.status()?.head ?? 0 == UInt64(versions.count) {
                versions.append(bench.order)
            }
        }

        /// The daemon ends, and starts on a kernel that has everything, or nothing.
        mutating func restart() throws {
            try bench.daemon.stop(random.oneIn(2) ? SIGTERM : SIGKILL)
            if random.oneIn(3) { try bench.daemon.run("nft", "flush", "ruleset") }
            try bench.daemon.start()
            bench.client = try bench.daemon.connect()
        }
    }

    @Test func itIsWhatItShouldBeAfterRandomEdits() throws {
        var history = try History(SeededGenerator())
        try history.bench.client.commit { $0.addChain("side") }
        history.versions.append(history.bench.order)
        for step in 0..<Soak.count(40, 1_000) {
            let what: String
            switch Int.random(in: 0..<12, using: &history.random) {
            case 0:
                what = "rollback"
                try history.rollBack()
            case 1:
                what = "start"
                try history.restart()
            default:
                what = "edit"
                try history.edit()
            }
            try history.bench.check("\(what), step \(step)")
            if step.isMultiple(of: 10) {
                #expect(try history.bench.client.list(.checkKernel, CheckRequest()).isEmpty)
            }
        }
        #expect(try history.bench.client.ruleset().ids == history.bench.order)
        #expect(try history.bench.client.auditProblems() == [])
    }

    // MARK: Packets

    /// A rule that returns ends the chain, not the part that others stand in; what comes behind it in a part counts on.
    @Test func aReturnInTheMiddleLeavesTheWholeChain() throws {
        // The output hook of inet is 3. Nothing matches but what is put there by name.
        var bench = try Bench(2_500, hook: Hook(number: 3, priority: 0))
        let daemon = bench.daemon
        let counting = try bench.client.commit {
            $0.insert(.udp(port: 9, nil, comment: "before"), into: "c", at: 1_500)
            $0.insert(.udp(port: 9, nil, comment: "behind"), into: "c", at: 1_700)
            $0.append(.udp(port: 9, nil, comment: "last"), to: "c")
        }.ids
        bench.order.insert(counting[0], at: 1_500)
        bench.order.insert(counting[1], at: 1_700)
        bench.order.append(counting[2])
        func packets() throws -> [String] {
            try daemon.parts(Self.chain).rules.filter { $0.comment != nil }.map { rule in
                let words = rule.text.split(separator: " ")
                let count = words.firstIndex(of: "packets").map { words[$0 + 1] } ?? "?"
                return "\(rule.comment ?? "") \(count)"
            }
        }
        try daemon.sendDatagram(bytes: 10)
        #expect(try packets() == ["before 1", "behind 1", "last 1"])
        let handles = Dictionary(
            uniqueKeysWithValues: try bench.check("loaded").rules.map { ($0.id ?? 0, $0.handle) })
        let leaving = try bench.client.commit {
            $0.insert(.udp(port: 9, .return, comment: "return"), into: "c", at: 1_600)
        }.ids
        bench.order.insert(leaving[0], at: 1_600)
        try bench.check("with a rule that returns")
        try daemon.sendDatagram(bytes: 10)
        #expect(try packets() == ["before 2", "return 1", "behind 1", "last 1"])
        // Most rules are where they were.
        let kept = try daemon.parts(Self.chain).rules.filter { handles[$0.id ?? 0] == $0.handle }
        #expect(kept.count > 1_400)
        // What xt2 shows is what nft shows, and it is the chain's that is set to zero.
        let shown = try daemon.xt2("list --counters inet t c").split(separator: "\n")
            .filter { $0.contains("--comment before") }
        #expect(shown.count == 1 && shown.first?.contains(" 2 ") == true, "\(shown)")
        try daemon.xt2("zero inet t c")
        #expect(try packets() == ["before 0", "return 0", "behind 0", "last 0"])
        // The rule that returned counts only now, and so do those behind it.
        try bench.client.commit {
            $0.replace(leaving[0], in: "c", with: .udp(port: 9, nil, comment: "counts"))
        }
        try daemon.sendDatagram(bytes: 10)
        #expect(try packets() == ["before 1", "counts 1", "behind 1", "last 1"])
        // In a part, it is moved out of it by saying something else.
        try bench.client.commit {
            $0.replace(counting[1], in: "c", with: .udp(port: 9, .return, comment: "behind"))
        }
        try bench.check("replaced")
        try daemon.sendDatagram(bytes: 10)
        #expect(try packets() == ["before 2", "counts 2", "behind 1", "last 1"])
    }

    // MARK: Others

    /// While xt2d is not there, anybody can change its tables.
    @Test(arguments: [
        "flush chain inet t _xt2.1", "flush chain inet t c",
        "add rule inet t _xt2.2 tcp dport 7 drop",
        "add chain inet t x; add rule inet t x jump _xt2.1",
        "insert rule inet t c jump _xt2.2", "add rule inet t _xt2.1 tcp dport 7 return",
        "add chain inet t _xt2.9", "add chain inet t _xt2.9; add rule inet t c jump _xt2.9",
        "add rule inet t _xt2.1 jump _xt2.2", "flush chain inet t _xt2.2; delete table inet t",
    ])
    func whatOthersDidToPartsIsPutRight(_ script: String) throws {
        let bench = try Bench(3_500)
        try bench.daemon.stop()
        try bench.daemon.nft(script)
        try bench.daemon.start()
        try bench.check(script)
        let client = try bench.daemon.connect()
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        try client.commit { $0.delete(bench.order[2_000], from: "c") }
        #expect(try bench.daemon.parts(Self.chain).rules.count == 3_499)
    }

    /// A jump that was deleted leaves a chain behind, which goes.
    @Test func aJumpThatWasDeletedComesBack() throws {
        let bench = try Bench(3_500)
        let listing = try bench.daemon.kernel()
        let jump = try #require(
            listing.chains[Self.chain]?.rules.first { $0.target == "_xt2.1" })
        try bench.daemon.stop()
        try bench.daemon.run(
            "nft", "delete", "rule", "inet", "t", "c", "handle", "\(jump.handle)")
        try bench.daemon.start()
        try bench.check("put right")
    }

    /// In a table that others may write to, parts that are there stay, and what is done in them is seen.
    @Test func aTableThatIsLetGoOfKeepsItsParts() throws {
        var bench = try Bench(3_500)
        try bench.daemon.xt2("release inet t")
        try bench.daemon.restart()
        bench.client = try bench.daemon.connect()
        try bench.daemon.xt2("adopt --policy observed inet t")
        try bench.check("observed")
        try bench.daemon.nft("add rule inet t _xt2.1 tcp dport 7 drop")
        let client = bench.client
        try eventually("the rule is seen") { try client.ruleset().ids.count == 3_501 }
        let order = try client.ruleset().ids
        let added = try #require(order.firstIndex { !bench.order.contains($0) })
        #expect(order.filter { $0 != order[added] } == bench.order)
        // The first part has the rules behind those of the chain itself.
        #expect(added == 2_048)
        #expect(try bench.daemon.parts(Self.chain).faults == [])
        try client.commit { $0.delete(order[added], from: "c") }
        let ids = try bench.client.commit {
            $0.insert(.tcp(port: 1, .return), into: "c", at: 2_000)
            $0.append(.tcp(port: 1), to: "c")
        }.ids
        bench.order.insert(ids[0], at: 2_000)
        bench.order.append(ids[1])
        try bench.check("edited")
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
    }

    /// A table that is found again is known with its parts, also by the next start.
    @Test func aTableThatIsBroughtBackKeepsItsParts() throws {
        var bench = try Bench(3_500)
        try bench.daemon.xt2("release inet t")
        try bench.client.rollback(to: 1)
        try bench.check("brought back")
        try bench.daemon.restart()
        bench.client = try bench.daemon.connect()
        let ids = try bench.client.commit {
            $0.insert(.tcp(port: 1, .return), into: "c", at: 2_000)
        }.ids
        bench.order.insert(ids[0], at: 2_000)
        try bench.check("edited")
        #expect(try bench.client.list(.checkKernel, CheckRequest()).isEmpty)
    }

    @Test func chainsOfTheRulesetHaveOtherNames() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("c")
        }
        let refused = try #require(try refusal { try client.commit { $0.addChain("_xt2.1") } })
        #expect(refused.errno == EPERM && refused.message.contains("_xt2."), "\(refused)")
        let renamed = try #require(
            try refusal { try client.commit { $0.rename("c", to: "_xt2.1") } })
        #expect(renamed.errno == EPERM, "\(renamed)")
    }

    // MARK: Whole chains

    /// Chains that are renamed, change their names with one another, or are deleted, take their parts with them.
    @Test func partsFollowTheirChain() throws {
        var bench = try Bench(2_500)
        try bench.client.commit { $0.rename("c", to: "d") }
        let listing = try bench.daemon.kernel()
        #expect(KernelParts(listing, "inet t d").ids == bench.order)
        #expect(KernelParts(listing, "inet t d").faults == [])
        try bench.client.commit {
            $0.rename("d", to: "e")
            $0.addChain("d")
            $0.append(.tcp(port: 1), to: "d")
            $0.rename("e", to: "c")
        }
        try bench.check("renamed")
        try bench.client.commit {
            $0.flush("c")
            $0.deleteChain("c")
            $0.addChain("c")
            for number in 0..<2_000 { $0.append(.udp(port: UInt16(number)), to: "c") }
        }
        bench.order = try bench.daemon.parts(Self.chain).ids
        #expect(bench.order.count == 2_000)
        try bench.check("made anew")
        try bench.client.commit { $0.deleteTable() }
        #expect(try bench.daemon.kernel().tables.isEmpty)
        // Nothing is left of it where places are kept.
        try bench.daemon.stop()
        let left = try Command.check(
            "sqlite3", bench.daemon.database, "SELECT count(*) FROM kernel_handle")
        #expect(left == "0\n")
        try bench.daemon.start()
        try bench.daemon.connect().rollback(to: 1)
        #expect(try bench.daemon.parts(Self.chain).rules.count == 2_500)
    }
}
