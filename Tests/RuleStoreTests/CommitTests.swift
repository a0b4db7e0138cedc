import RuleStore
import TestSupport
import Testing

@Suite struct CommitTests {
    private let directory: TemporaryDirectory
    private let store: RuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
    }

    private func expectConflict(_ body: () throws -> Void) {
        let error = #expect(throws: StoreError.self) { try body() }
        #expect(error?.code == .conflict)
    }

    private func prepare(_ number: UInt64, _ changes: [Change], next: UInt64) throws {
        let version = NewVersion(
            id: VersionID(rawValue: number), time: Timestamp(rawValue: 1), author: .root)
        try store.prepare(
            version, changes: changes, nextObjectID: ObjectID(rawValue: next), audit: .sample())
    }

    @Test func versionsFollowEachOther() throws {
        expectConflict { try prepare(2, [], next: 1) }
        expectConflict { try prepare(0, [], next: 1) }
        try prepare(1, [], next: 1)
        expectConflict { try prepare(2, [], next: 1) }
        expectConflict { try prepare(1, [], next: 1) }
        expectConflict {
            try store.commit(VersionID(rawValue: 2), handles: [], kernel: .sample)
        }
        try store.commit(VersionID(rawValue: 1), handles: [], kernel: .sample)
        expectConflict {
            try store.commit(VersionID(rawValue: 1), handles: [], kernel: .sample)
        }
        expectConflict { try store.abandon(VersionID(rawValue: 1), audit: .sample()) }
        #expect(try store.head() == VersionID(rawValue: 1))
    }

    // MARK: Several at once

    private func draft(_ number: UInt64, _ changes: [Change]) -> VersionDraft {
        VersionDraft(
            version: NewVersion(
                id: VersionID(rawValue: number), time: Timestamp(rawValue: 1), author: .root),
            changes: changes, audit: .sample())
    }

    /// A table that comes, is renamed and goes, in three versions on top of version 1.
    private func prepareThree() throws {
        try store.commitNext([.add(.table(1))])
        let (table, renamed) = (StoredObject.table(2, "old"), StoredObject.table(2, "new"))
        try store.prepare(
            [
                draft(2, [.add(table)]), draft(3, [.modify(from: table, to: renamed)]),
                draft(4, [.delete(renamed), .add(.table(3, "other"))]),
            ], nextObjectID: ObjectID(rawValue: 9))
    }

    @Test func severalVersionsBecomeTheHeadTogether() throws {
        try prepareThree()
        #expect(try store.head() == VersionID(rawValue: 1))
        #expect(try store.pending()?.id == VersionID(rawValue: 4))
        #expect(try store.pendingVersions().map(\.rawValue) == [2, 3, 4])
        expectConflict { try store.commit(VersionID(rawValue: 3), handles: [], kernel: .sample) }
        expectConflict { try prepare(5, [], next: 9) }
        try store.commit(VersionID(rawValue: 4), handles: [], kernel: .sample)
        #expect(try store.head() == VersionID(rawValue: 4))
        #expect(try store.pendingVersions() == [])
        let names = try (1...4).map { number in
            try store.loadRuleset(at: VersionID(rawValue: number)).tables.map(\.name).sorted()
        }
        #expect(
            names == [["filter"], ["filter", "old"], ["filter", "new"], ["filter", "other"]])
        #expect(try store.verifyAudit().isSound)
    }

    @Test func severalVersionsAreAbandonedTogether() throws {
        try prepareThree()
        let entries = (2...4).map {
            (id: VersionID(rawValue: $0), audit: AuditEntry.sample("add", .failed))
        }
        expectConflict { try store.abandon(Array(entries.dropLast())) }
        expectConflict { try store.abandon(Array(entries.dropFirst())) }
        expectConflict { try store.abandon([]) }
        expectConflict { try store.abandon(VersionID(rawValue: 4), audit: .sample()) }
        try store.abandon(entries)
        expectConflict { try store.abandon(entries) }
        #expect(try store.head() == VersionID(rawValue: 1))
        #expect(try store.loadRuleset(at: VersionID(rawValue: 1)).tables.map(\.name) == ["filter"])
        #expect(try store.nextObjectID() == ObjectID(rawValue: 9))
        #expect(try store.history(of: ObjectID(rawValue: 2)) == [])
        #expect(try store.verifyAudit().isSound)
        try store.commitNext([.add(.table(9, "again"))])
        #expect(try store.verifyAudit().isSound)
    }

    @Test func oneOfSeveralThatDoesNotFitKeepsAllOut() throws {
        try store.commitNext([.add(.table(1))])
        let table = StoredObject.table(2, "t")
        let wrong: [[VersionDraft]] = [
            [], [draft(3, [])], [draft(2, []), draft(2, [])], [draft(2, []), draft(4, [])],
            [draft(2, [.add(table)]), draft(3, [.add(table)])],
            [draft(2, [.add(table)]), draft(3, [.delete(.table(4, "none"))])],
        ]
        for drafts in wrong {
            #expect(throws: StoreError.self) {
                try store.prepare(drafts, nextObjectID: ObjectID(rawValue: 9))
            }
            #expect(try store.pendingVersions() == [])
        }
        #expect(try store.verifyAudit().entryCount == 1)
    }

    /// What is asked as the last thing keeps everything out.
    @Test func whatFailsItsCheckLeavesNoTrace() throws {
        struct Never: Error {}
        try store.commitNext([.add(.table(1))])
        let before = try StoreState(store)
        let error = #expect(throws: StoreError.self) {
            try store.prepare(
                [draft(2, [.add(.table(5, "nat"))])], nextObjectID: ObjectID(rawValue: 6)
            ) {
                throw Never()
            }
        }
        #expect(error?.code == .other)
        #expect(try StoreState(store) == before)
        try prepare(2, [.add(.table(5, "nat"))], next: 6)
    }

    @Test func idsAreNeverGivenAgain() throws {
        try prepare(1, [.add(.table(1))], next: 5)
        try store.abandon(VersionID(rawValue: 1), audit: .sample("add", .failed))
        #expect(try store.nextObjectID() == ObjectID(rawValue: 5))
        expectConflict { try prepare(1, [], next: 4) }
        let error = #expect(throws: StoreError.self) { try prepare(1, [.add(.table(5))], next: 5) }
        #expect(error?.code == .malformed)
    }

    @Test func abandonedVersionLeavesNoTrace() throws {
        let (table, chain) = (StoredObject.table(1), StoredObject.chain(2, of: 1, "input"))
        try store.commitNext([.add(table), .add(chain)])
        let before = try store.loadRuleset(at: try store.head())
        let id = try store.prepareNext([
            .delete(chain), .modify(from: table, to: table.with(body: [9])), .add(.table(3, "nat")),
        ])
        #expect(try store.loadRuleset(at: id) != before)
        #expect(try store.loadRuleset(at: VersionID(rawValue: 1)) == before)
        try store.abandon(id, audit: .sample("delete", .failed))
        #expect(try store.head() == VersionID(rawValue: 1))
        #expect(try store.loadRuleset(at: VersionID(rawValue: 1)) == before)
        #expect(try store.history(of: ObjectID(rawValue: 3)).isEmpty)
        #expect(try store.history(of: ObjectID(rawValue: 2)).map(\.died) == [nil])
        // The number is free again, the audit log has both attempts.
        #expect(try store.commitNext([.delete(chain)]) == id)
        let log = try store.audit(limit: 10)
        #expect(log.map(\.seq) == [4, 3, 2, 1])
        #expect(log.map(\.withdraws) == [nil, 2, nil, nil])
        #expect(log.map(\.withdrawnBy) == [nil, nil, 3, nil])
        #expect(try store.verifyAudit().isSound)
    }

    @Test func aChangeThatDoesNotFitChangesNothing() throws {
        let table = StoredObject.table(1)
        try store.commitNext([.add(table)])
        let head = try store.auditHead()
        expectConflict { try prepare(2, [.delete(.table(2))], next: 9) }
        expectConflict { try prepare(2, [.add(.table(1, "again"))], next: 9) }
        expectConflict { try prepare(2, [.add(.table(4)), .delete(.table(4))], next: 9) }
        for defect in [
            StoredObject.table(3, ""), .table(3, String(repeating: "n", count: 256)),
            .table(3, "a\0b"),
            StoredObject(id: ObjectID(rawValue: 3), kind: .rule),
            .table(3).with(body: [UInt8](repeating: 0, count: StoreLimits.bodyBytes + 1)),
            .element(3, of: 1, [UInt8](repeating: 0, count: StoreLimits.elementKeyBytes + 1)),
        ] {
            let error = #expect(throws: StoreError.self) { try prepare(2, [.add(defect)], next: 9) }
            #expect(error?.code == .malformed)
        }
        #expect(try store.auditHead() == head)
        #expect(try store.pending() == nil)
        try store.commitNext([.delete(table)])
        #expect(try store.verifyAudit().isSound)
    }

    @Test func whatIsAtTheLimitFits() throws {
        let table = StoredObject.table(1, String(repeating: "n", count: StoreLimits.nameBytes))
        let body = [UInt8](repeating: 7, count: StoreLimits.bodyBytes)
        let element = StoredObject.element(
            3, of: 2, [UInt8](repeating: 0, count: StoreLimits.elementKeyBytes))
        try store.commitNext(
            [.add(table.with(body: body)), .add(.set(2, of: 1, "s")), .add(element)],
            message: String(repeating: "m", count: StoreLimits.textBytes))
        let ruleset = try store.loadRuleset(at: try store.head())
        #expect(ruleset.object(ObjectID(rawValue: 1))?.body == body)
        #expect(ruleset.object(ObjectID(rawValue: 3)) == element)
        let error = #expect(throws: StoreError.self) {
            try store.prepareNext(
                [], message: String(repeating: "m", count: StoreLimits.textBytes + 1))
        }
        #expect(error?.code == .limit)
    }

    @Test func handlesAndKernelStateAreKept() throws {
        try store.prepareNext([.add(.table(1)), .add(.table(2, "nat"))])
        try store.commit(
            VersionID(rawValue: 1),
            handles: [(ObjectID(rawValue: 1), 4), (ObjectID(rawValue: 2), .max)], kernel: .sample)
        #expect(
            try store.kernelHandles().dictionary == [
                ObjectID(rawValue: 1): 4, ObjectID(rawValue: 2): .max,
            ])
        let later = KernelState(bootID: "another", generation: .max)
        try store.recordKernel(
            handles: [(ObjectID(rawValue: 1), nil), (ObjectID(rawValue: 2), 6)], kernel: later)
        try store.close()
        let reopened = try RuleStore(path: directory.file())
        #expect(try reopened.kernelHandles().dictionary == [ObjectID(rawValue: 2): 6])
        #expect(try reopened.kernelState() == later)
    }

    @Test func aPendingVersionOutlivesItsProcess() throws {
        try store.commitNext([.add(.table(1))])
        try store.prepareNext([.add(.table(2, "nat"))])
        // What kill -9 leaves: the files as they are, and no lock.
        let copy = try TemporaryDirectory()
        try copyFiles(from: directory.file(), to: copy.file())
        let recovered = try RuleStore(path: copy.file())
        #expect(recovered.uuid == store.uuid)
        #expect(try recovered.head() == VersionID(rawValue: 1))
        #expect(try recovered.pending()?.id == VersionID(rawValue: 2))
        try recovered.commit(VersionID(rawValue: 2), handles: [], kernel: .sample)
        #expect(try recovered.loadRuleset(at: VersionID(rawValue: 2)).tables.count == 2)
        #expect(try recovered.verifyAudit().isSound)
    }

    // MARK: The mark that is written later

    /// Prepares the next version and leaves its mark for later.
    private func commitLater(_ changes: [Change], handle: UInt64) throws {
        let id = try store.prepareNext(changes)
        store.commitLater(
            from: id, to: id, handles: changes.map { ($0.id, handle) }, kernel: .sample)
    }

    /// What the file says, without asking the store.
    private func states() throws -> String {
        let query = "SELECT group_concat(id || ' ' || state, ', ') FROM version"
        return try Command.check("sqlite3", directory.file(), query)
            .split(separator: "\n").joined()
    }

    @Test func aMarkThatIsLeftForLaterIsSeenAtOnce() throws {
        try commitLater([.add(.table(1))], handle: 7)
        #expect(try states() == "1 pending")
        #expect(try store.head() == VersionID(rawValue: 1))
        #expect(try states() == "1 committed")
        #expect(try store.kernelHandles().dictionary == [ObjectID(rawValue: 1): 7])
        #expect(try store.kernelState() == .sample)
    }

    @Test func theNextVersionBringsTheMarkAlong() throws {
        try commitLater([.add(.table(1))], handle: 7)
        let tables = [StoredObject.table(2, "a"), .table(3, "b")]
        try store.prepare(
            [draft(2, [.add(tables[0])]), draft(3, [.add(tables[1])])],
            nextObjectID: ObjectID(rawValue: 4))
        #expect(try states() == "1 committed, 2 pending, 3 pending")
        store.commitLater(
            from: VersionID(rawValue: 2), to: VersionID(rawValue: 3),
            handles: [(ObjectID(rawValue: 2), 8), (ObjectID(rawValue: 3), 9)], kernel: .sample)
        try store.appendAudit(.sample())
        #expect(try states() == "1 committed, 2 committed, 3 committed")
        #expect(try store.kernelHandles().values.sorted() == [7, 8, 9])
    }

    @Test func closingWritesTheMark() throws {
        try commitLater([.add(.table(1))], handle: 7)
        try store.close()
        #expect(try states() == "1 committed")
    }

    @Test func aProcessThatEndsBeforeTheMarkLeavesAPendingVersion() throws {
        try commitLater([.add(.table(1))], handle: 7)
        let copy = try TemporaryDirectory()
        try copyFiles(from: directory.file(), to: copy.file())
        let recovered = try RuleStore(path: copy.file())
        #expect(try recovered.pendingVersions() == [VersionID(rawValue: 1)])
        try recovered.commit(VersionID(rawValue: 1), handles: [], kernel: .sample)
        #expect(try recovered.head() == VersionID(rawValue: 1))
    }

    @Test func aMarkForWhatIsNotPendingIsRefused() throws {
        try store.commitNext([.add(.table(1))])
        let next = VersionID(rawValue: 2)
        store.commitLater(from: next, to: next, handles: [], kernel: .sample)
        expectConflict { try store.writeOwed() }
        #expect(try store.head() == VersionID(rawValue: 1))
    }

    @Test func callsAfterCloseAreRefused() throws {
        try store.close()
        let error = #expect(throws: StoreError.self) { try store.head() }
        #expect(error?.code == .closed)
        #expect(throws: StoreError.self) { try store.appendAudit(.sample()) }
    }
}
