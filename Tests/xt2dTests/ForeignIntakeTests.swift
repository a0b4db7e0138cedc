import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// What other programs do becomes versions or an intrusion: commit by commit, without a kernel.
@Suite struct ForeignIntakeTests {
    private var bench = Workbench()
    private var handles = RuleHandles()

    /// The table `t` with the chain `c` and three rules that have the handles 11, 12 and 13.
    private mutating func intake(
        _ policy: TableWatch.Policy, lacksHandles: Bool = false
    ) throws -> ForeignIntake {
        try bench.commit {
            $0.addTable(watch: TableWatch(policy))
            $0.addChain("c")
            for port in 1...3 { $0.append(.tcp(port: UInt16(port)), to: "c") }
        }
        for (index, id) in bench.ids("c").enumerated() {
            handles[ObjectID(rawValue: id)] = KernelPlace(Handle(UInt64(11 + index)))
        }
        let head = Head(
            version: VersionID(rawValue: 1), ruleset: bench.ruleset, handles: handles,
            generation: 10)
        var state = ForeignState()
        state.overtaken = [:]
        return ForeignIntake(
            head, graph: bench.graph, nextID: bench.nextID, state, bootID: "boot",
            lacksHandles: lacksHandles)
    }

    private func ports(_ intake: ForeignIntake) -> [Int] {
        guard let table = intake.head.ruleset.tables.first,
            let chain = intake.head.ruleset.child(of: table.id, kind: .chain, name: "c")
        else { return [] }
        return intake.head.ruleset.rules(of: chain.id).map { rule in
            for case .compare(let compare) in (try? RuleBody(encoded: rule.body))?.expressions ?? []
            where compare.value.count == 2 {
                return Int(compare.value[0]) << 8 | Int(compare.value[1])
            }
            return 0
        }
    }

    /// The next start must not trust handles that are not all there.
    @Test mutating func aVersionWithoutAllHandlesIsNotTrusted() throws {
        var intake = try intake(.observed, lacksHandles: true)
        try intake.take(
            KernelNews.commit(11, pid: 5, KernelNews.newRule(14, behind: 13, .tcp(port: 4))))
        #expect(intake.versions.map(\.kernel.generation) == [0])
    }

    @Test mutating func eachCommitIsAVersion() throws {
        var intake = try intake(.observed)
        try intake.take(
            KernelNews.commit(11, pid: 5, KernelNews.newRule(14, behind: 13, .tcp(port: 4))))
        try intake.take(
            KernelNews.commit(
                12, pid: 6, KernelNews.newRule(15, appends: false, .tcp(port: 5)),
                KernelNews.deleteRule(12)))
        #expect(ports(intake) == [5, 1, 3, 4])
        #expect(intake.versions.map(\.description.id.rawValue) == [2, 3])
        #expect(intake.versions.map(\.description.author.pid) == [5, 6])
        #expect(intake.versions.map(\.changes.count) == [1, 2])
        #expect(intake.versions.map(\.kernel.generation) == [11, 12])
        #expect(intake.versions[0].description.summary == "+1 -0 rules in inet t c")
        #expect(intake.head.version.rawValue == 3)
        #expect(intake.head.generation == 12)
        #expect(intake.intrusion == nil)
        #expect(intake.overtaken?.count == 3)
    }

    @Test mutating func whatIsInAlreadyIsPassedOver() throws {
        var intake = try intake(.observed)
        let commit = KernelNews.commit(11, KernelNews.newRule(14, behind: 13, .tcp(port: 4)))
        try intake.take(commit)
        try intake.take(commit)
        try intake.take(KernelNews.commit(10, KernelNews.deleteRule(11)))
        #expect(ports(intake) == [1, 2, 3, 4])
        #expect(intake.versions.count == 1)
    }

    @Test mutating func whatDoesNotFitChangesNothing() throws {
        var intake = try intake(.observed)
        for message in [
            KernelNews.deleteRule(99), KernelNews.newRule(14, behind: 98, .tcp(port: 4)),
            KernelNews.newRule(14, chain: "absent", .tcp(port: 4)), [1, 2, 3],
        ] {
            #expect(throws: ForeignEditor.Mismatch.self) {
                try intake.take(
                    KernelNews.commit(
                        11, KernelNews.newRule(20, behind: 13, .tcp(port: 9)), message))
            }
        }
        #expect(ports(intake) == [1, 2, 3])
        #expect(intake.versions.isEmpty)
        #expect(intake.head.generation == 10)
    }

    @Test mutating func anEnforcedTableStaysAndTheAttemptIsNoted() throws {
        var intake = try intake(.enforced)
        try intake.take(KernelNews.commit(11, pid: 5, KernelNews.deleteRule(12)))
        try intake.take(
            KernelNews.commit(12, pid: 6, KernelNews.newRule(14, behind: 13, .tcp(port: 4))))
        #expect(ports(intake) == [1, 2, 3])
        #expect(intake.versions.isEmpty)
        #expect(intake.head.version.rawValue == 1)
        let intrusion = try #require(intake.intrusion)
        #expect(intrusion.attempts.map(\.origin.pid) == [5, 6])
        #expect(intrusion.there.count == intake.head.ruleset.count)
        #expect(intrusion.there != intake.head.ruleset)
    }

    @Test mutating func aRuleWithoutItsNeighbourWaitsForIt() throws {
        var intake = try intake(.observed)
        // Inserted one in front of the other; the kernel names the neighbours as they are in the end.
        try intake.take(
            KernelNews.commit(
                11, KernelNews.newRule(14, behind: 15, .tcp(port: 4)),
                KernelNews.newRule(15, appends: false, .tcp(port: 5))))
        #expect(ports(intake) == [5, 4, 1, 2, 3])
    }

    @Test mutating func withoutANeighbourBehindADeletionTheTablesHaveToBeRead() throws {
        var intake = try intake(.observed)
        // In the place of the deleted one, or at the end: the kernel says the same.
        #expect(throws: ForeignEditor.Mismatch.self) {
            try intake.take(
                KernelNews.commit(
                    11, KernelNews.deleteRule(11), KernelNews.newRule(14, .tcp(port: 4))))
        }
        // A replacement is no deletion, and of a chain that was flushed all is told.
        try intake.take(
            KernelNews.commit(
                12, KernelNews.deleteRule(11), KernelNews.newRule(11, behind: 12, .tcp(port: 7)),
                KernelNews.newRule(14, .tcp(port: 4))))
        #expect(ports(intake) == [7, 2, 3, 4])
        try intake.take(
            KernelNews.commit(
                13, KernelNews.deleteRule(11), KernelNews.deleteRule(12), KernelNews.deleteRule(13),
                KernelNews.deleteRule(14), KernelNews.newRule(15, .tcp(port: 1)),
                KernelNews.newRule(16, behind: 15, .tcp(port: 2)),
                KernelNews.newRule(17, .tcp(port: 3))))
        #expect(ports(intake) == [1, 2, 3])
    }

    @Test mutating func handlesAreThoseOfATable() throws {
        var intake = try intake(.observed)
        let id = intake.head.ruleset.rules(
            of: try #require(
                intake.head.ruleset.tables.first.flatMap {
                    intake.head.ruleset.child(of: $0.id, kind: .chain, name: "c")
                }
            ).id
        ).first?.id
        // Another chain's rule of the same number comes between the halves of a replacement.
        try intake.take(
            KernelNews.commit(
                11, KernelNews.newChain("d"), KernelNews.deleteRule(11),
                KernelNews.newRule(11, chain: "d", .tcp(port: 9)),
                KernelNews.newRule(11, behind: 12, .tcp(port: 7))))
        #expect(ports(intake) == [7, 2, 3])
        #expect(id.flatMap { intake.head.ruleset.object($0) } != nil)
    }

    @Test mutating func aFlowtableWhoseDevicesChangeHasToBeRead() throws {
        var intake = try intake(.observed)
        try intake.take(KernelNews.commit(11, KernelNews.flowtable(.newFlowtable, ["a", "b"])))
        for message in [
            KernelNews.flowtable(.newFlowtable, ["c"]),
            KernelNews.flowtable(.deleteFlowtable, ["b"]),
        ] {
            var copy = intake
            #expect(throws: ForeignEditor.Mismatch.self) {
                try copy.take(KernelNews.commit(12, message))
            }
        }
        try intake.take(KernelNews.commit(12, KernelNews.flowtable(.newFlowtable, ["a", "b"])))
        #expect(intake.versions.count == 1)
        try intake.take(KernelNews.commit(13, KernelNews.flowtable(.deleteFlowtable, [])))
        #expect(intake.versions.count == 2)
        #expect(intake.head.ruleset.allObjects.allSatisfy { $0.kind != .flowtable })
    }
}
