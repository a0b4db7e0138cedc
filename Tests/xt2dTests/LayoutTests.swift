import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// Which messages a diff comes to, and in which order.
@Suite struct LayoutTests {
    /// A bench, and handles that are a thousand more than the ids.
    private struct Kernel {
        var bench: Workbench
        var handles = RuleHandles()

        init(_ bench: Workbench) { self.bench = bench }

        mutating func batch(_ build: (inout EditScript) -> Void) throws -> KernelBatch {
            let old = bench.ruleset
            for object in old.allObjects {
                handles[object.id] = KernelPlace(Handle(1_000 + object.id.rawValue))
            }
            let changes = try bench.commit(build)
            return try Layout.batch(
                from: old, to: bench.ruleset, changes: changes, handles: handles,
                graph: bench.graph,
                plan: BatchPlan(
                    generation: GenerationID(rawValue: 5),
                    marker: Marker(uuid: Array(0..<16), version: VersionID(rawValue: 3)),
                    replacesMarker: true, adoptsMarkerTable: false, ownership: [.owner, .persist]))
        }

        /// The messages of a batch without its frame: BEGIN, the marker, END.
        mutating func lines(_ build: (inout EditScript) -> Void) throws -> [String] {
            let lines = try KernelLines.of(try batch(build).bytes)
            #expect(lines.prefix(2) == ["BATCH_BEGIN", "DELOBJ version"])
            #expect(lines.suffix(2) == ["NEWOBJ version", "BATCH_END"])
            return Array(lines.dropFirst(2).dropLast(2))
        }
    }

    /// Table 1, chains input 2 and side 3, rules from 4 on in `input`.
    private func kernel(rules: Int = 0) throws -> Kernel {
        var bench = try Workbench.usual()
        if rules > 0 {
            try bench.commit { script in
                for number in 0..<rules { script.append(.tcp(port: UInt16(number)), to: "input") }
            }
        }
        return Kernel(bench)
    }

    // MARK: One rule

    @Test func oneInsertedRuleIsOneMessage() throws {
        var kernel = try kernel(rules: 1_000)
        let batch = try kernel.batch {
            $0.insert(.tcp(port: 22, comment: "ssh"), into: "input", at: 500)
        }
        #expect(
            try KernelLines.of(batch.bytes) == [
                "BATCH_BEGIN", "DELOBJ version", "NEWRULE input before 1504 id 1004",
                "NEWOBJ version", "BATCH_END",
            ])
        #expect(batch.bytes.count < 1_024)
    }

    @Test func deleteAndReplaceAreOneMessageEach() throws {
        var kernel = try kernel(rules: 3)
        #expect(try kernel.lines { $0.delete(5, from: "input") } == ["DELRULE input handle 1005"])
        #expect(
            try kernel.lines { $0.replace(4, in: "input", with: .tcp(port: 9)) } == [
                "NEWRULE input handle 1004 id 4"
            ])
        #expect(
            try kernel.lines { $0.append(.tcp(port: 1), to: "side") } == [
                "NEWRULE side id 7 append"
            ])
    }

    // MARK: Runs

    @Test func rulesSideBySideHangOnTheRuleBehindThem() throws {
        var kernel = try kernel(rules: 2)
        let lines = try kernel.lines {
            $0.insert(.tcp(port: 1), into: "input", at: 1)
            $0.insert(.tcp(port: 2), into: "input", at: 2)
            $0.insert(.tcp(port: 3), into: "input", at: 0)
            $0.append(.tcp(port: 4), to: "input")
            $0.append(.tcp(port: 5), to: "input")
        }
        #expect(
            lines == [
                "NEWRULE input before 1004 id 8", "NEWRULE input before 1005 id 6",
                "NEWRULE input before 1005 id 7", "NEWRULE input id 9 append",
                "NEWRULE input id 10 append",
            ])
    }

    // MARK: Many rules

    @Test func aFlushIsOneMessage() throws {
        var kernel = try kernel(rules: 50)
        #expect(try kernel.lines { $0.flush("input") } == ["DELRULE input"])
    }

    @Test func aFlushWithNewRulesLosesNothing() throws {
        var kernel = try kernel(rules: 50)
        let lines = try kernel.lines {
            $0.flush("input")
            $0.append(.tcp(port: 1), to: "input")
        }
        #expect(lines == ["DELRULE input", "NEWRULE input id 54 append"])
    }

    @Test func aTableGoesWithOneMessage() throws {
        var kernel = try kernel(rules: 20)
        #expect(try kernel.lines { $0.deleteTable() } == ["DELTABLE t"])
    }

    // MARK: Order

    @Test func rulesGoFirstAndComeLast() throws {
        var kernel = try kernel(rules: 1)
        _ = try kernel.batch { $0.append(.jump(to: "side"), to: "input") }
        let lines = try kernel.lines {
            $0.delete(5, from: "input")
            $0.deleteChain("side")
            $0.addChain("new")
            $0.append(.jump(to: "new"), to: "input")
            $0.setPolicy(.drop, of: "input")
        }
        #expect(
            lines == [
                "DELRULE input handle 1005", "DELCHAIN side", "NEWCHAIN new new",
                "NEWCHAIN input drop", "NEWRULE input id 7 jump new append",
            ])
    }

    @Test func aChainMadeAnewUnderItsName() throws {
        var kernel = try kernel(rules: 1)
        let lines = try kernel.lines {
            $0.deleteChain("side")
            $0.addChain("side", hook: Hook(number: 3, priority: 0))
        }
        #expect(lines == ["DELCHAIN side", "NEWCHAIN side accept new"])
    }

    @Test func aTableMadeAnewUnderItsName() throws {
        var kernel = try kernel(rules: 1)
        let lines = try kernel.lines {
            $0.deleteTable()
            $0.addTable()
            $0.addChain("c")
        }
        #expect(lines == ["DELTABLE t", "NEWTABLE t new", "NEWCHAIN c new"])
    }

    @Test func aReplacedRuleLetsGoOfAChainFirst() throws {
        var kernel = try kernel()
        _ = try kernel.batch {
            $0.append(.jump(to: "side"), to: "input")
            $0.append(.tcp(port: 1), to: "input")
        }
        let lines = try kernel.lines {
            $0.replace(4, in: "input", with: .tcp(port: 9))
            $0.deleteChain("side")
        }
        #expect(
            lines == [
                "DELRULE input handle 1004", "DELCHAIN side", "NEWRULE input before 1005 id 4",
            ])
    }

    @Test func aRuleThatStaysLetsGoOfAChainThatIsMadeAnew() throws {
        var kernel = try kernel()
        _ = try kernel.batch {
            $0.append(.jump(to: "side"), to: "input")
            $0.append(.tcp(port: 1), to: "input")
        }
        let lines = try kernel.lines {
            $0.deleteChain("side")
            $0.addChain("side")
        }
        #expect(
            lines == [
                "DELRULE input handle 1004", "DELCHAIN side", "NEWCHAIN side new",
                "NEWRULE input before 1005 id 4 jump side",
            ])
    }

    // MARK: Renames

    @Test func aRenameIsOneMessageAndTheLast() throws {
        var kernel = try kernel()
        _ = try kernel.batch { $0.append(.jump(to: "side"), to: "input") }
        let lines = try kernel.lines {
            $0.rename("side", to: "other")
            $0.append(.tcp(port: 7), to: "other")
            $0.append(.jump(to: "other"), to: "input")
        }
        // Until the batch is through, the kernel only knows the old name.
        #expect(
            lines == [
                "NEWRULE input id 6 jump side append", "NEWRULE side id 5 append",
                "NEWCHAIN other handle 1003",
            ])
    }

    @Test func aChainWhoseNameIsWantedIsMadeAnew() throws {
        var kernel = try kernel()
        _ = try kernel.batch {
            $0.append(.jump(to: "side"), to: "input")
            $0.append(.tcp(port: 1), to: "side")
            $0.append(.tcp(port: 2), to: "side")
        }
        let lines = try kernel.lines {
            $0.rename("side", to: "other")
            $0.addChain("side")
            $0.append(.tcp(port: 3), to: "side")
        }
        #expect(
            lines == [
                "DELRULE side", "DELRULE input handle 1004", "DELCHAIN side", "NEWCHAIN other new",
                "NEWCHAIN side new", "NEWRULE input id 4 jump other append",
                "NEWRULE other id 5 append", "NEWRULE other id 6 append",
                "NEWRULE side id 8 append",
            ])
    }

    @Test func ofAChainOfRenamesOnlyThoseWhoseNamesAreWantedAreMadeAnew() throws {
        var kernel = try kernel()
        _ = try kernel.batch {
            $0.addChain("a")
            $0.addChain("b")
            $0.append(.jump(to: "a"), to: "input")
            $0.append(.jump(to: "b"), to: "input")
        }
        // a gets the name of b, which gets another: a keeps its place in the kernel.
        let lines = try kernel.lines {
            $0.rename("b", to: "c")
            $0.rename("a", to: "b")
        }
        #expect(
            lines == [
                "DELRULE input handle 1007", "DELCHAIN b", "NEWCHAIN c new",
                "NEWRULE input id 7 jump c append", "NEWCHAIN b handle 1004",
            ])
    }

    @Test func aChainWhoseHandleIsNotKnownCannotBeRenamed() throws {
        var bench = try Workbench.usual()
        let old = bench.ruleset
        let changes = try bench.commit { $0.rename("side", to: "other") }
        #expect(throws: LayoutError.self) {
            try Layout.batch(
                from: old, to: bench.ruleset, changes: changes, handles: RuleHandles(),
                graph: bench.graph,
                plan: BatchPlan(
                    generation: GenerationID(rawValue: 5),
                    marker: Marker(uuid: Array(0..<16), version: VersionID(rawValue: 3)),
                    replacesMarker: true, adoptsMarkerTable: false, ownership: []))
        }
    }

    // MARK: The batch

    @Test func anotherGenerationChangesFourBytes() throws {
        var kernel = try kernel(rules: 1)
        var batch = try kernel.batch { $0.delete(4, from: "input") }
        let before = batch.bytes
        batch.plan(on: GenerationID(rawValue: 0x0A0B_0C0D))
        #expect(Array(batch.bytes[24..<28]) == [10, 11, 12, 13])
        #expect(batch.bytes[..<24] == before[..<24] && batch.bytes[28...] == before[28...])
        // NFNL_BATCH_GENID is attribute 1, eight bytes long.
        #expect(Array(before[20..<28]) == [8, 0, 1, 0, 0, 0, 0, 5])
    }

    @Test func eachMessageIsLaidToItsObject() throws {
        var kernel = try kernel(rules: 2)
        let batch = try kernel.batch {
            $0.delete(4, from: "input")
            $0.append(.tcp(port: 1), to: "side")
        }
        // The kernel lays errors of the commit as a whole to the message behind BATCH_BEGIN; no object may be blamed for them.
        #expect(batch.subjects[SequenceNumber(2)] == nil)
        #expect(batch.subjects[SequenceNumber(3)] == ObjectID(rawValue: 4))
        #expect(batch.subjects[SequenceNumber(4)] == ObjectID(rawValue: 6))
        #expect(batch.echoed == [SequenceNumber(4): ObjectID(rawValue: 6)])
        #expect(batch.acknowledged == SequenceNumber(5))
    }

    /// The sequence numbers of the messages with NLM_F_ECHO.
    private func echoing(_ batch: KernelBatch) throws -> [UInt32] {
        var reader = MessageReader(batch.bytes.span.bytes)
        var numbers: [UInt32] = []
        while let view = try reader.next() {
            if view.header.flags.contains(.echo) { numbers.append(view.header.sequence.rawValue) }
        }
        return numbers
    }

    @Test func ofARunOfNewRulesTheFirstAndTheLastAreEchoed() throws {
        var kernel = try kernel(rules: 2)
        let batch = try kernel.batch {
            for port in 1...5 { $0.append(.tcp(port: UInt16(port)), to: "side") }
            $0.replace(4, in: "input", with: .tcp(port: 9))
            $0.append(.tcp(port: 6), to: "input")
        }
        // The replaced rule comes first; the new ones of both chains follow each other, 4 to 9.
        #expect(try echoing(batch) == [3, 4, 9])
        #expect(batch.echoed.keys.map(\.rawValue).sorted() == [3, 4, 9])
        #expect(batch.runs.map(\.count) == [6])
        let run = try #require(batch.runs.first)
        let replaced = ObjectID(rawValue: 4)
        var handles = [replaced: Handle(4), run[0]: Handle(20), run[5]: Handle(25)]
        #expect(batch.count(&handles))
        #expect(run.map { handles[$0]?.rawValue } == [20, 21, 22, 23, 24, 25])
        for last in [Handle(24), Handle(26), nil] {
            var wrong: [ObjectID: Handle] = [replaced: Handle(4), run[0]: Handle(20)]
            wrong[run[5]] = last
            #expect(!batch.count(&wrong))
        }
        var unheard = [run[0]: Handle(20), run[5]: Handle(25)]
        #expect(!batch.count(&unheard), "the replaced rule's echo is missing")
    }
}
