import NetlinkProto
import RuleStore
import Testing

@testable import xt2d

/// All combinations of what store and kernel can say at start.
@Suite struct RecoveryDecisionTests {
    private static let ours = [UInt8](repeating: 1, count: 16)
    private static let head = VersionID(rawValue: 7)
    private static let next = VersionID(rawValue: 8)
    private static let now = KernelState(bootID: "boot", generation: 40)

    private static let markers: [Marker?] =
        [nil] + [0, 6, 7, 8, 9].map { Marker(uuid: ours, version: VersionID(rawValue: $0)) }
    private static let records: [KernelState?] = [
        nil, now, KernelState(bootID: "boot", generation: 39),
        KernelState(bootID: "other boot", generation: 40),
    ]

    private func decide(
        _ marker: Marker?, pending: VersionID?, recorded: KernelState?
    ) throws(RecoveryDecision.Obstacle) -> RecoveryDecision {
        try RecoveryDecision(
            RecoveryDecision.Findings(
                uuid: Self.ours, head: Self.head, pending: pending, marker: marker,
                recorded: recorded, current: Self.now))
    }

    @Test(arguments: markers) func withAPendingVersion(_ marker: Marker?) throws {
        for recorded in Self.records {
            let decision = try decide(marker, pending: Self.next, recorded: recorded)
            let runsIt = marker?.version == Self.next
            #expect(decision.pending == (marker == nil || runsIt ? .finish : .drop))
            let isKnown = marker?.version == Self.head && recorded == Self.now
            #expect(decision.kernelWork == (isKnown ? .trust : .compare))
            #expect(decision.kernelIsEmpty == (marker == nil))
            let expected = runsIt || marker?.version == Self.head ? nil : marker?.version
            #expect(decision.leftover == expected)
        }
    }

    @Test(arguments: markers) func withoutAPendingVersion(_ marker: Marker?) throws {
        for recorded in Self.records {
            let decision = try decide(marker, pending: nil, recorded: recorded)
            #expect(decision.pending == .none)
            let isKnown = marker?.version == Self.head && recorded == Self.now
            #expect(decision.kernelWork == (isKnown ? .trust : .compare))
            #expect(decision.kernelIsEmpty == (marker == nil))
            #expect(decision.leftover == (marker?.version == Self.head ? nil : marker?.version))
        }
    }

    /// Versions 5 to 7 are foreign: the marker stays at 4, which is no difference.
    @Test func foreignVersionsLeaveTheMarkerBehind() throws {
        for (marked, isLive) in [(3, false), (4, true), (6, true), (7, true), (8, false)] {
            let decision = try RecoveryDecision(
                RecoveryDecision.Findings(
                    uuid: Self.ours, head: Self.head, pending: nil,
                    lastOwn: VersionID(rawValue: 4),
                    marker: Marker(uuid: Self.ours, version: VersionID(rawValue: UInt64(marked))),
                    recorded: Self.now, current: Self.now))
            #expect(decision.kernelWork == (isLive ? .trust : .compare))
            #expect((decision.leftover == nil) == isLive)
        }
    }

    @Test func anotherStoresMarkerIsAnObstacle() {
        let marker = Marker(uuid: [UInt8](repeating: 2, count: 16), version: Self.head)
        for pending in [nil, Self.next] {
            for recorded in Self.records {
                #expect(throws: RecoveryDecision.Obstacle.otherStore(marker)) {
                    try decide(marker, pending: pending, recorded: recorded)
                }
            }
        }
    }

    @Test func markerRoundTrip() throws {
        let marker = Marker(uuid: Array(0..<16), version: VersionID(rawValue: 0x0102_0304_0506))
        #expect(Marker(marker.object) == marker)
        #expect(Marker.hex(marker.uuid) == "00010203-0405-0607-0809-0a0b0c0d0e0f")
        var foreign = marker.object
        foreign.userData = [0, 3, 0x68, 0x69, 0]
        #expect(Marker(foreign) == nil)
    }
}
