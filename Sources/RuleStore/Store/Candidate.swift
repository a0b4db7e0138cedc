import GRDB

/// The number of a transaction that is being edited and not yet committed.
public struct CandidateID: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number itself.
    public let rawValue: UInt64

    /// Makes the candidate number `rawValue`.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Orders candidates by when they were begun.
    public static func < (left: CandidateID, right: CandidateID) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension CandidateID: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { String(rawValue) }
}

/// A transaction that is being edited and not yet committed; its operations are kept apart.
public struct Candidate: Hashable, Sendable {
    /// Its number, never given to another.
    public var id: CandidateID
    /// The version that it was begun on.
    public var base: VersionID
    /// When it was begun.
    public var created: Timestamp
    /// The user who began it.
    public var uid: UInt32
    /// The group of the user who began it.
    public var gid: UInt32
    /// The author's words on it; `nil` if none were given yet.
    public var message: String?
    /// How many operations it has.
    public var operationCount: Int
    /// How many bytes its operations have together.
    public var operationBytes: Int
}

extension RuleStore {
    /// Begins a candidate, durably, and returns it with its number.
    ///
    /// - Throws: ``StoreError`` `limit` if there are too many or the message is too long,
    ///   `noSuchVersion` for its base.
    public func createCandidate(
        base: VersionID, created: Timestamp, uid: UInt32, gid: UInt32, message: String? = nil
    ) throws(StoreError) -> Candidate {
        try StoreLimits.check(message ?? "", "the message")
        return try write(.full) { database in
            try Self.checkExists(base, database)
            try Self.checkRoom(database)
            let run = try SQLRun(
                database,
                "INSERT INTO candidate (base, created, uid, gid, message) VALUES (?, ?, ?, ?, ?)",
                table: "candidate")
            run.bind(1, base)
            run.bind(2, created.rawValue)
            run.bind(3, Int64(uid))
            run.bind(4, Int64(gid))
            run.bind(5, message)
            try run.run()
            let id = CandidateID(rawValue: UInt64(database.lastInsertedRowID))
            return Candidate(
                id: id, base: base, created: created, uid: uid, gid: gid, message: message,
                operationCount: 0, operationBytes: 0)
        }
    }

    /// Appends netlink messages to a candidate, durably: all of them, or none.
    ///
    /// - Parameter nextObjectID: greater than every id in the messages, so that none of them is given out again.
    /// - Throws: ``StoreError`` `noSuchCandidate`, or `limit` if it would have too many operations or bytes.
    public func append(
        _ messages: [[UInt8]], to id: CandidateID, nextObjectID: ObjectID
    ) throws(StoreError) {
        try write(.full) { database in
            try Self.advance(to: nextObjectID, database)
            guard var candidate = try Self.find(id, database) else { throw Self.noSuch(id) }
            let seqs = (candidate.operationCount + 1)...
            candidate.operationCount += messages.count
            candidate.operationBytes = messages.reduce(candidate.operationBytes) { $0 + $1.count }
            try Self.checkSize(candidate)
            try Self.updateSize(candidate, database)
            let run = try SQLRun(
                database,
                "INSERT INTO candidate_operation (candidate, seq, message) VALUES (?, ?, ?)",
                table: "candidate_operation")
            for (seq, message) in zip(seqs, messages) {
                run.bind(1, id.rawValue)
                run.bind(2, Int64(seq))
                run.bind(3, message)
                try run.run()
            }
        }
    }

    /// The candidate with a number.
    ///
    /// - Throws: ``StoreError`` `noSuchCandidate`.
    public func candidate(_ id: CandidateID) throws(StoreError) -> Candidate {
        try read { database in
            guard let candidate = try Self.find(id, database) else { throw Self.noSuch(id) }
            return candidate
        }
    }

    /// The netlink messages of a candidate, in the order in which they were appended.
    ///
    /// - Throws: ``StoreError`` `noSuchCandidate`.
    public func operations(of id: CandidateID) throws(StoreError) -> [[UInt8]] {
        try read { database in
            guard try Self.find(id, database) != nil else { throw Self.noSuch(id) }
            let run = try SQLRun(
                database,
                "SELECT seq, message FROM candidate_operation WHERE candidate = ? ORDER BY seq",
                table: "candidate_operation")
            run.bind(1, id.rawValue)
            var messages: [[UInt8]] = []
            while try run.step() {
                messages.append(try run.blob(1, limit: StoreLimits.candidateBytes))
            }
            return messages
        }
    }

    /// All candidates, the oldest first.
    public func candidates() throws(StoreError) -> [Candidate] {
        try read { database in
            let run = try SQLRun(
                database, "SELECT \(Self.candidateColumns) FROM candidate ORDER BY id",
                table: "candidate")
            var candidates: [Candidate] = []
            while try run.step() { candidates.append(try Self.readCandidate(run)) }
            return candidates
        }
    }

    /// Deletes a candidate and its operations, durably.
    ///
    /// - Throws: ``StoreError`` `noSuchCandidate`.
    public func deleteCandidate(_ id: CandidateID) throws(StoreError) {
        try write(.full) { database in
            let run = try SQLRun(
                database, "DELETE FROM candidate WHERE id = ?", table: "candidate")
            run.bind(1, id.rawValue)
            try run.run()
            guard run.changedRows == 1 else { throw Self.noSuch(id) }
        }
    }
}

// MARK: - Rows

extension RuleStore {
    private static let candidateColumns =
        "id, base, created, uid, gid, message, operation_count, operation_bytes"

    private static func readCandidate(_ run: borrowing SQLRun) throws(StoreError) -> Candidate {
        Candidate(
            id: CandidateID(rawValue: try run.number(0)),
            base: VersionID(rawValue: try run.integer(1, as: UInt64.self)),
            created: Timestamp(rawValue: try run.integer(2)),
            uid: try run.integer(3, as: UInt32.self), gid: try run.integer(4, as: UInt32.self),
            message: run.isNull(5) ? nil : try run.text(5),
            operationCount: try Int(run.integer(6, as: UInt32.self)),
            operationBytes: try Int(run.integer(7, as: UInt32.self)))
    }

    private static func find(_ id: CandidateID, _ database: Database) throws -> Candidate? {
        let run = try SQLRun(
            database, "SELECT \(candidateColumns) FROM candidate WHERE id = ?", table: "candidate")
        run.bind(1, id.rawValue)
        return try run.step() ? readCandidate(run) : nil
    }

    private static func checkSize(_ candidate: Candidate) throws {
        guard candidate.operationCount <= StoreLimits.candidateOperations,
            candidate.operationBytes <= StoreLimits.candidateBytes
        else {
            throw StoreError(
                .limit,
                """
                candidate \(candidate.id) would have more than \(StoreLimits.candidateOperations) operations or \
                \(StoreLimits.candidateBytes) bytes
                """)
        }
    }

    private static func updateSize(_ candidate: Candidate, _ database: Database) throws {
        let run = try SQLRun(
            database, "UPDATE candidate SET operation_count = ?, operation_bytes = ? WHERE id = ?",
            table: "candidate")
        run.bind(1, Int64(candidate.operationCount))
        run.bind(2, Int64(candidate.operationBytes))
        run.bind(3, candidate.id.rawValue)
        try run.run()
    }

    private static func checkRoom(_ database: Database) throws {
        let run = try SQLRun(database, "SELECT count(*) FROM candidate", table: "candidate")
        guard try run.step(), try run.integer(0) < StoreLimits.candidates else {
            throw StoreError(
                .limit,
                "there are \(StoreLimits.candidates) candidates already; commit or abort some first"
            )
        }
    }

    private static func noSuch(_ id: CandidateID) -> StoreError {
        StoreError(.noSuchCandidate, "there is no candidate \(id)")
    }
}
