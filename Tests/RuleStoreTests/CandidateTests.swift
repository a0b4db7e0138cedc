import RuleStore
import TestSupport
import Testing

@Suite struct CandidateTests {
    private let directory: TemporaryDirectory
    private let store: RuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
    }

    private func create(_ message: String? = nil) throws -> Candidate {
        try store.createCandidate(
            base: .empty, created: Timestamp(rawValue: 5), uid: 1, gid: 2, message: message)
    }

    @Test func operationsComeBackInOrder() throws {
        let candidate = try create("a plan")
        try store.append([[1], []], to: candidate.id, nextObjectID: .first)
        try store.append([], to: candidate.id, nextObjectID: .first)
        try store.append([[3, 3, 3]], to: candidate.id, nextObjectID: .first)
        try store.close()
        let reopened = try RuleStore(path: directory.file())
        #expect(try reopened.operations(of: candidate.id) == [[1], [], [3, 3, 3]])
        let found = try reopened.candidate(candidate.id)
        #expect(
            found.message == "a plan" && found.uid == 1 && found.gid == 2 && found.base == .empty)
        #expect(found.operationCount == 3 && found.operationBytes == 4)
        #expect(try reopened.candidates() == [found])
    }

    @Test func idsInItsMessagesAreNotGivenAgain() throws {
        let candidate = try create()
        let next = ObjectID(rawValue: 9)
        try store.append([[1]], to: candidate.id, nextObjectID: next)
        #expect(try store.nextObjectID() == next)
        let error = #expect(throws: StoreError.self) {
            try store.append([[1]], to: candidate.id, nextObjectID: .first)
        }
        #expect(error?.code == .conflict)
        #expect(try store.operations(of: candidate.id).count == 1)
    }

    @Test func aDeletedCandidateIsGoneAndItsNumberToo() throws {
        let first = try create()
        let second = try create()
        try store.append([[1]], to: second.id, nextObjectID: .first)
        try store.deleteCandidate(second.id)
        #expect(try store.candidates() == [first])
        #expect(try create().id > second.id)
        for attempt in [
            { _ = try store.candidate(second.id) }, { _ = try store.operations(of: second.id) },
            { try store.append([[1]], to: second.id, nextObjectID: .first) },
            { try store.deleteCandidate(second.id) },
        ] {
            let error = #expect(throws: StoreError.self) { try attempt() }
            #expect(error?.code == .noSuchCandidate)
        }
    }

    @Test func aCandidateNeedsAVersionThatIsThere() throws {
        let error = #expect(throws: StoreError.self) {
            try store.createCandidate(
                base: VersionID(rawValue: 4), created: Timestamp(rawValue: 5), uid: 0, gid: 0)
        }
        #expect(error?.code == .noSuchVersion)
    }

    @Test func candidatesAreLimited() throws {
        for _ in 0..<StoreLimits.candidates { _ = try create() }
        let error = #expect(throws: StoreError.self) { try create() }
        #expect(error?.code == .limit)
        let message = String(repeating: "m", count: StoreLimits.textBytes + 1)
        try store.deleteCandidate(CandidateID(rawValue: 1))
        #expect(throws: StoreError.self) { try create(message) }
        _ = try create()
    }

    @Test func operationsAreLimited() throws {
        let candidate = try create()
        let messages = [[UInt8]](repeating: [], count: StoreLimits.candidateOperations)
        try store.append(Array(messages.dropLast()), to: candidate.id, nextObjectID: .first)
        let error = #expect(throws: StoreError.self) {
            try store.append([[], []], to: candidate.id, nextObjectID: .first)
        }
        #expect(error?.code == .limit)
        try store.append([[]], to: candidate.id, nextObjectID: .first)
        #expect(try store.candidate(candidate.id).operationCount == StoreLimits.candidateOperations)
    }
}
