import Glibc
import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// What edits come to, one batch after the other.
@Suite struct RulesetEditorTests {
    /// A bench whose chain `input` has the ports 10, 20, 30.
    private func bench() throws -> Workbench {
        var bench = try Workbench.usual()
        try bench.commit {
            for port in [10, 20, 30] as [UInt16] { $0.append(.tcp(port: port), to: "input") }
        }
        return bench
    }

    // MARK: Places

    @Test func rulesGoWhereTheyAreTold() throws {
        var bench = try bench()
        let ids = bench.ids("input")
        try bench.commit {
            $0.insert(.tcp(port: 1), into: "input")
            $0.insert(.tcp(port: 2), into: "input", before: ids[1])
            $0.append(.tcp(port: 3), to: "input", behind: ids[1])
            $0.append(.tcp(port: 4), to: "input")
        }
        #expect(bench.ports("input") == [1, 10, 2, 20, 3, 30, 4])
        try bench.commit {
            $0.insert(.tcp(port: 5), into: "input", at: 0)
            $0.insert(.tcp(port: 6), into: "input", at: 8)
            $0.insert(.tcp(port: 7), into: "input", at: 2)
        }
        #expect(bench.ports("input") == [5, 1, 7, 10, 2, 20, 3, 30, 4, 6])
    }

    @Test func aPositionBeyondTheEndIsRefused() throws {
        let bench = try bench()
        #expect(bench.errno { $0.insert(.tcp(port: 1), into: "input", at: 4) } == ERANGE)
        #expect(bench.errno { $0.insert(.tcp(port: 1), into: "input", at: .max) } == ERANGE)
        #expect(bench.errno { $0.delete(at: 3, from: "input") } == ERANGE)
        #expect(bench.errno { $0.insert(.tcp(port: 1), into: "input", at: 3) } == 0)
        #expect(bench.errno { $0.insert(.tcp(port: 1), into: "input", before: 99) } == ENOENT)
        #expect(bench.errno { $0.insert(.tcp(port: 1), into: "input", before: .max) } == ENOENT)
    }

    @Test func aReplacedRuleKeepsIdAndPlace() throws {
        var bench = try bench()
        let ids = bench.ids("input")
        let changes = try bench.commit { $0.replace(ids[1], in: "input", with: .tcp(port: 21)) }
        #expect(bench.ids("input") == ids)
        #expect(bench.ports("input") == [10, 21, 30])
        #expect(changes.count == 1)
    }

    @Test func aMovedRuleKeepsItsId() throws {
        var bench = try bench()
        let ids = bench.ids("input")
        let changes = try bench.commit {
            $0.move(ids[2], in: "input", before: ids[0], with: .tcp(port: 30))
        }
        #expect(bench.ids("input") == [ids[2], ids[0], ids[1]])
        #expect(bench.ports("input") == [30, 10, 20])
        #expect(changes.count == 1)
        try bench.commit { $0.move(ids[0], in: "input", before: nil, with: .tcp(port: 11)) }
        #expect(bench.ids("input") == [ids[2], ids[1], ids[0]])
        #expect(bench.ports("input") == [30, 20, 11])
    }

    @Test func aRuleThatIsMovedToWhereItStandsIsNoChange() throws {
        var bench = try bench()
        let ids = bench.ids("input")
        for (id, port, other) in [(0, 10, 0), (0, 10, 1), (2, 30, nil), (1, 20, 2)]
            as [(Int, UInt16, Int?)]
        {
            let changes = try bench.commit {
                $0.move(
                    ids[id], in: "input", before: other.map { ids[$0] }, with: .tcp(port: port))
            }
            #expect(changes.isEmpty)
        }
        #expect(
            bench.errno { $0.move(ids[0], in: "input", before: 99, with: .tcp(port: 1)) } == ENOENT)
    }

    @Test func idsAreNeverGivenOutAgain() throws {
        var bench = try bench()
        let ids = bench.ids("input")
        try bench.commit { $0.delete(ids[2], from: "input") }
        try bench.commit { $0.append(.tcp(port: 31), to: "input") }
        #expect(bench.ids("input").last == ids[2] + 1)
    }

    // MARK: Deletion

    @Test func deletionByTextTakesTheFirstOfEqualRules() throws {
        var bench = try bench()
        try bench.commit {
            $0.append(.tcp(port: 10), to: "input")
            $0.append(.tcp(port: 10), to: "input")
        }
        let ids = bench.ids("input")
        try bench.commit { $0.delete(.tcp(port: 10), from: "input") }
        #expect(bench.ids("input") == Array(ids.dropFirst()))
        try bench.commit {
            $0.delete(.tcp(port: 10), from: "input")
            $0.delete(.tcp(port: 10), from: "input")
        }
        #expect(bench.ports("input") == [20, 30])
        #expect(bench.errno { $0.delete(.tcp(port: 10), from: "input") } == ENOENT)
    }

    @Test func counterValuesDoNotMakeARuleAnother() throws {
        var bench = try bench()
        var body = RuleBody.tcp(port: 20)
        body.expressions = body.expressions.map { expression in
            guard case .counter = expression else { return expression }
            return .counter(CounterExpression(bytes: 500, packets: 5))
        }
        try bench.commit { $0.delete(body, from: "input") }
        #expect(bench.ports("input") == [10, 30])
    }

    @Test func whatABatchAddsAndDeletesIsNoChange() throws {
        var bench = try bench()
        let changes = try bench.commit {
            $0.append(.tcp(port: 40), to: "input")
            $0.delete(.tcp(port: 40), from: "input")
            $0.addChain("new")
            $0.deleteChain("new")
            $0.rename("side", to: "other")
            $0.rename("other", to: "side")
        }
        #expect(changes.isEmpty)
    }

    @Test func flushAndDeleteTable() throws {
        var bench = try bench()
        #expect(bench.errno { $0.deleteChain("input") } == EBUSY)
        #expect(try bench.commit { $0.flush("input") }.count == 3)
        #expect(try bench.commit { $0.flushTable() }.isEmpty)
        try bench.commit { $0.append(.tcp(port: 1), to: "side") }
        #expect(try bench.commit { $0.deleteTable() }.count == 4)
        #expect(bench.ruleset.isEmpty)
    }

    // MARK: What is there, what is not

    @Test func unknownThingsAreNamed() throws {
        let bench = try bench()
        let refusal = try #require(bench.refusal { $0.append(.tcp(port: 1), to: "inptu") })
        #expect(refusal.errno == ENOENT)
        #expect(refusal.message.contains("inptu") && refusal.message.contains("input"))
        #expect(refusal.sequence == SequenceNumber(100))
        // Behind nlmsghdr and nfgenmsg stands TABLE, 8 bytes, then CHAIN.
        #expect(refusal.offset == 28)
        #expect(
            bench.errno {
                $0.table = "nowhere"
                $0.addChain("c")
            } == ENOENT)
        #expect(bench.errno { $0.delete(99, from: "input") } == ENOENT)
        #expect(bench.errno { $0.flush("nowhere") } == ENOENT)
        let second = bench.refusal {
            $0.flush("side")
            $0.delete(99, from: "input")
        }
        #expect(second?.sequence == SequenceNumber(101))
    }

    @Test func aRuleOfAnotherChainIsNotFound() throws {
        let bench = try bench()
        let id = bench.ids("input")[0]
        #expect(bench.errno { $0.delete(id, from: "side") } == ENOENT)
        #expect(bench.errno { $0.replace(id, in: "side", with: .tcp(port: 1)) } == ENOENT)
        #expect(bench.errno { $0.insert(.tcp(port: 1), into: "side", before: id) } == ENOENT)
    }

    @Test func existingThings() throws {
        var bench = try bench()
        #expect(try bench.commit { $0.addTable() }.isEmpty)
        #expect(bench.errno { $0.addTable(exclusive: true) } == EEXIST)
        #expect(try bench.commit { $0.addChain("side") }.isEmpty)
        #expect(bench.errno { $0.addChain("side", exclusive: true) } == EEXIST)
        #expect(bench.errno { $0.addChain("side", hook: Hook(number: 1, priority: 0)) } == EEXIST)
        #expect(bench.errno { $0.addChain("input", hook: Hook(number: 1, priority: 1)) } == EEXIST)
        #expect(bench.errno { $0.rename("side", to: "input") } == EEXIST)
        #expect(bench.errno { $0.addTable(flags: []) } == EINVAL)
        #expect(
            bench.errno { $0.addTable(watch: TableWatch(.observed)) } == EOPNOTSUPP,
            "the kernel lets go of no owned table")
        #expect(
            bench.errno {
                $0.table = "xt2"
                $0.addTable()
            } == EPERM)
    }

    @Test func anEmptyNameIsRefused() throws {
        let bench = try bench()
        #expect(bench.errno { $0.addChain("") } == EINVAL)
        #expect(bench.errno { $0.rename("side", to: "") } == EINVAL)
        #expect(
            bench.errno {
                $0.table = ""
                $0.addTable()
            } == EINVAL)
    }

    // MARK: Chains

    @Test func policies() throws {
        var bench = try bench()
        #expect(try bench.commit { $0.setPolicy(.drop, of: "input") }.count == 1)
        #expect(try bench.commit { $0.setPolicy(.drop, of: "input") }.isEmpty)
        #expect(bench.errno { $0.setPolicy(.drop, of: "side") } == EINVAL)
        #expect(bench.errno { $0.setPolicy(ChainPolicy(rawValue: 7), of: "input") } == EINVAL)
        // Made again without a policy, the chain keeps the one it has.
        #expect(
            try bench.commit {
                $0.addChain("input", hook: Hook(number: 1, priority: 0), type: "filter")
            }.isEmpty)
    }

    @Test func typesAndHooksMustGoTogether() throws {
        let bench = try bench()
        func errno(_ type: String?, _ hook: UInt32, _ priority: Int32 = 0) -> Int32 {
            bench.errno {
                $0.addChain("c", hook: Hook(number: hook, priority: priority), type: type)
            }
        }
        #expect(errno("filter", 4) == 0)
        #expect(errno("nat", 2) == EOPNOTSUPP)
        #expect(errno("nat", 0, -100) == 0)
        #expect(errno("nat", 0, -200) == EOPNOTSUPP)
        #expect(errno("route", 1) == EOPNOTSUPP)
        #expect(errno("nonsense", 1) == EOPNOTSUPP)
        #expect(errno("filter", 6) == EOPNOTSUPP)
        #expect(errno("filter", .max) == EOPNOTSUPP)
        #expect(errno("filter", 5) == EINVAL)
        #expect(bench.errno { $0.addChain("c", type: "filter") } == EINVAL)
        #expect(bench.errno { $0.addChain("c", policy: .drop) } == EINVAL)
    }

    @Test func aRenameReachesTheRulesThatJumpThere() throws {
        var bench = try bench()
        try bench.commit {
            $0.append(.jump(to: "side"), to: "input")
            $0.append(.verdict(.goto("side")), to: "input")
        }
        let changes = try bench.commit { $0.rename("side", to: "other") }
        #expect(bench.targets("input") == ["other", "other"])
        #expect(changes.count == 3)
        #expect(bench.errno { $0.append(.jump(to: "side"), to: "input") } == ENOENT)
        // Two at once: each rule follows both.
        try bench.commit {
            $0.addChain("third")
            $0.append(.jump(to: "third"), to: "input")
            $0.rename("other", to: "side")
            $0.rename("third", to: "fourth")
        }
        #expect(bench.targets("input") == ["side", "side", "fourth"])
    }

    // MARK: Rules by themselves

    @Test func setsMustBeTheRulesOwn() throws {
        let bench = try bench()
        let missing = RuleBody.single(
            .lookup(LookupExpression(source: .r1, set: "__set%d", setID: 1)))
        #expect(bench.errno { $0.append(missing, to: "input") } == EINVAL)
    }

    @Test func aCommentMustLeaveRoomForTheId() throws {
        let bench = try bench()
        let fits = String(repeating: "x", count: 242)
        #expect(bench.errno { $0.append(.tcp(port: 1, comment: fits), to: "input") } == 0)
        let tooLong = fits + "yyyy"
        #expect(
            bench.errno { $0.append(.tcp(port: 1, comment: tooLong), to: "input") } == EINVAL)
    }

    @Test func messagesThatAreNoEdits() throws {
        for type in [MessageType.getRule, .getSet, .newVersion, .newGeneration] {
            var writer = MessageWriter()
            writer.message(MessageHeader(type: type)) { $0.netfilterHeader(family: .inet) }
            let bytes = writer.bytes
            #expect { try Edit(bytes) } throws: { ($0 as? Refusal)?.errno == EINVAL }
        }
    }
}
