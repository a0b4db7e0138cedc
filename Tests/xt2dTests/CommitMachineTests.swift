import Testing

@testable import xt2d

/// Every sequence of events that can come, against a plain model of store and kernel.
@Suite struct CommitMachineTests {
    /// What is true outside of the machine.
    private struct World {
        var isPending = false
        /// Whether the kernel runs the new version.
        var isLive = false
        /// Whether somebody took the marker away, so that nobody can know.
        var isForeign = false
        var sends = 0
    }

    private static let refusal = Refusal(1, "no")

    /// The next worlds, each with the event that leads there.
    private func outcomes(
        of action: CommitMachine.Action, in world: World
    ) -> [(CommitMachine.Event, World)] {
        var next = world
        switch action {
        case .sendBatch, .replan:
            next.sends += 1
            var live = next
            live.isLive = true
            return [
                (.accepted, live), (.refused(Self.refusal), next), (.generationMoved, next),
                (.lost(Self.refusal), next), (.lost(Self.refusal), live),
            ]
        case .readMarker:
            next.isForeign = true
            return [
                (world.isLive ? .markerIsNew : .markerIsOld, world),
                (.markerIsForeign(Self.refusal), next), (.markerUnreadable(Self.refusal), world),
            ]
        case .abandon:
            next.isPending = false
            return [(.abandoned, next), (.storeFailed(Self.refusal), world)]
        case .succeed, .fail, .failUnremoved, .failUndecided: return []
        }
    }

    private func check(_ action: CommitMachine.Action, in world: World) {
        switch action {
        case .sendBatch, .replan:
            #expect(world.isPending, "invariant 1")
            #expect(!world.isLive, "invariant 4: a batch is sent only if the kernel lacks it")
        case .readMarker: #expect(world.isPending)
        case .abandon: #expect(!world.isLive || world.isForeign, "invariant 4")
        case .fail: #expect(!world.isPending, "invariant 2")
        case .succeed: #expect(world.isLive && world.isPending, "invariant 3")
        case .failUndecided: #expect(world.isPending)
        case .failUnremoved: #expect(world.isPending && (!world.isLive || world.isForeign))
        }
    }

    /// Walks on from an action; returns how many ends it came to.
    private func explore(
        _ machine: CommitMachine, _ action: CommitMachine.Action, _ world: World
    ) -> Int {
        check(action, in: world)
        // Four batches show all that more could: the machine only counts them.
        guard world.sends < 4 else { return 0 }
        let outcomes = outcomes(of: action, in: world)
        if outcomes.isEmpty { return 1 }
        return outcomes.map { event, next in
            var machine = machine
            let following = machine.handle(event)
            return explore(machine, following, next)
        }.reduce(0, +)
    }

    @Test func everySequenceKeepsTheInvariants() {
        var failed = CommitMachine()
        guard case .fail = failed.handle(.storeFailed(Self.refusal)) else {
            Issue.record("a version that could not be stored must fail")
            return
        }
        #expect(failed.state == .failed)
        var machine = CommitMachine()
        let action = machine.handle(.stored)
        var world = World()
        world.isPending = true
        let ends = explore(machine, action, world)
        #expect(ends == 48)
    }

    @Test func givesUpWhenOthersCommitWithoutAPause() {
        var machine = CommitMachine()
        _ = machine.handle(.stored)
        for _ in 0..<CommitMachine.replanLimit {
            guard case .readMarker = machine.handle(.generationMoved),
                case .replan = machine.handle(.markerIsOld)
            else {
                Issue.record("must plan again")
                return
            }
        }
        _ = machine.handle(.generationMoved)
        guard case .abandon(let refusal) = machine.handle(.markerIsOld) else {
            Issue.record("must give up")
            return
        }
        #expect(refusal.errno == 11)
        guard case .fail(let told) = machine.handle(.abandoned) else {
            Issue.record("must fail")
            return
        }
        #expect(told.message == refusal.message)
    }

    @Test func anUnreadableMarkerDecidesNothing() {
        var machine = CommitMachine()
        _ = machine.handle(.stored)
        _ = machine.handle(.lost(Self.refusal))
        guard case .failUndecided = machine.handle(.markerUnreadable(Self.refusal)) else {
            Issue.record("the version must neither be committed nor abandoned")
            return
        }
    }

    @Test func aMarkerAheadAfterARefusedGenerationIsForeign() {
        var machine = CommitMachine()
        _ = machine.handle(.stored)
        _ = machine.handle(.generationMoved)
        guard case .abandon = machine.handle(.markerIsNew) else {
            Issue.record("a batch that was refused cannot have set the marker")
            return
        }
    }

    @Test func tellsTheReasonOfTheFirstFailure() {
        var machine = CommitMachine()
        _ = machine.handle(.stored)
        _ = machine.handle(.refused(Refusal(17, "there is one already")))
        guard case .failUnremoved(let told) = machine.handle(.storeFailed(Refusal(28, "full")))
        else {
            Issue.record("must fail, and remove the version later")
            return
        }
        #expect(told.errno == 17)
    }
}
