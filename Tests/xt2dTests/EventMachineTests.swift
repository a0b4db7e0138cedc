import NetlinkProto
import TestSupport
import Testing

@testable import xt2d

/// The kernel's events become whole commits, or a loss that is said before anything else.
@Suite struct EventMachineTests {
    private var machine = EventMachine(own: PortID(rawValue: 7))
    private let rule = KernelNews.newRule(1, .tcp(port: 1))

    private mutating func take(_ bytes: [UInt8]) throws -> EventMachine.Outcome {
        var messages = MessageReader(bytes.span.bytes)
        guard let view = try messages.next() else { return .none }
        return try machine.take(view) { $0.name == "t" }
    }

    private func commit(
        _ generation: UInt32, _ messages: [[UInt8]]
    ) -> EventMachine.Outcome {
        .commit(
            EventMachine.EndedCommit(
                generation: GenerationID(rawValue: generation), processID: 4_242,
                processName: "nft", messages: messages))
    }

    @Test mutating func aCommitIsWholeWhenItsGenerationComes() throws {
        #expect(try take(rule) == .none)
        #expect(try take(rule) == .none)
        #expect(try take(KernelNews.generation(5)) == commit(5, [rule, rule]))
        #expect(try take(KernelNews.generation(6)) == commit(6, []))
    }

    @Test mutating func onlyWatchedTablesAndOthersPortsCount() throws {
        #expect(try take(KernelNews.newRule(1, table: "other", .tcp(port: 1))) == .none)
        #expect(try take(KernelNews.newRule(1, port: 7, .tcp(port: 1))) == .none)
        #expect(try take(rule) == .none)
        #expect(try take(KernelNews.generation(5)) == commit(5, [rule]))
    }

    @Test mutating func aGapIsALoss() throws {
        _ = try take(KernelNews.generation(5))
        _ = try take(rule)
        #expect(try take(KernelNews.generation(7)) == .lost(GenerationID(rawValue: 7)))
        #expect(try take(KernelNews.generation(8)) == commit(8, []))
    }

    @Test mutating func anOverrunForgetsWhatWasCollected() throws {
        _ = try take(KernelNews.generation(5))
        _ = try take(rule)
        machine.overrun()
        #expect(try take(KernelNews.generation(9)) == commit(9, []))
    }

    @Test mutating func theCountBeginsAgainAfterItsEnd() throws {
        _ = try take(KernelNews.generation(.max))
        #expect(try take(KernelNews.generation(1)) == commit(1, []))
    }

    @Test mutating func damageIsSaid() throws {
        var damaged = KernelNews.generation(5)
        // ID's length reaches beyond the message.
        damaged[20] = 0xff
        #expect(throws: WireError.self) { try take(damaged) }
    }
}
