import Glibc
import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// That a version is the head is written down when its client has the answer.
@Suite struct OwedMarkTests {
    private let bench: CommitterBench

    init() throws { bench = try CommitterBench() }

    private func commit(_ build: (inout EditScript) -> Void) async throws -> EditReply {
        let answers = await bench.commit([CommitterBench.batch(BatchOptions(), build)])
        return try #require(answers.first).get()
    }

    /// Asks the file, not the store, which would write what it owes.
    @discardableResult
    private func sqlite(_ query: String) throws -> String {
        try Command.check("sqlite3", bench.database, query).split(separator: "\n").joined()
    }

    private func setUp() async throws {
        _ = try await commit {
            $0.addTable()
            $0.addChain("a")
        }
    }

    @Test func itIsWrittenThoughNobodyAsks() async throws {
        try await setUp()
        try eventually("the version is marked") {
            // Of table and chain, only the chain has one that is needed.
            try sqlite("SELECT state, (SELECT count(*) FROM kernel_handle) FROM version")
                == "committed|1"
        }
    }

    @Test func theLogStaysShortInALongRow() async throws {
        try await setUp()
        for number in 0..<600 {
            _ = try await commit { $0.insert(.tcp(port: UInt16(1 + number)), into: "a") }
        }
        var information = stat()
        #expect(stat(bench.database + "-wal", &information) == 0)
        // All of them together are some 9,000 pages.
        #expect(information.st_size < 4_500 * 4_120)
        try await bench.expectAgreement(at: 601)
    }

    @Test func whileItCannotBeWrittenNothingIsCommittedAndAttemptsAreAudited() async throws {
        try await setUp()
        #expect(try bench.store.head().rawValue == 1)
        try sqlite(
            "CREATE TRIGGER no BEFORE UPDATE ON version BEGIN SELECT raise(ABORT, 'not now'); END")
        _ = try await commit { $0.insert(.tcp(port: 1), into: "a") }
        await #expect(throws: Refusal.self) {
            try await commit { $0.insert(.tcp(port: 2), into: "a") }
        }
        #expect(try sqlite("SELECT group_concat(state) FROM version") == "committed,pending")
        let outcomes = try sqlite("SELECT group_concat(outcome) FROM audit")
        #expect(outcomes == "committed,committed,refused")
        try sqlite("DROP TRIGGER no")
        _ = try await commit { $0.insert(.tcp(port: 3), into: "a") }
        try await bench.expectAgreement(at: 3)
    }
}
