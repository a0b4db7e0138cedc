import RuleStore
import TestSupport
import Testing

/// Versions that are live before they are on disk.
@Suite struct RecordTests {
    private let directory: TemporaryDirectory
    private let store: RuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
        try store.commitNext([.add(.table(1)), .add(.chain(2, of: 1, "input"))])
    }

    private func version(_ number: UInt64, _ changes: [Change], next: UInt64) -> LiveVersion {
        LiveVersion(
            NewVersion(
                id: VersionID(rawValue: number), time: Timestamp(rawValue: Int64(number)),
                author: .root, kind: .foreign),
            changes: changes, nextObjectID: ObjectID(rawValue: next),
            audit: .sample("foreign", .committed),
            handles: changes.map { ($0.id, $0.after == nil ? nil : $0.id.rawValue + 100) },
            kernel: KernelState(bootID: "boot", generation: UInt32(number) + 50))
    }

    @Test func manyBecomeTheHeadTogether() throws {
        let chain = StoredObject.chain(3, of: 1, "forward")
        try store.record([
            version(2, [.add(chain)], next: 4),
            version(3, [.add(.chain(4, of: 1, "output"))], next: 5),
            version(4, [.delete(chain)], next: 5),
        ])
        #expect(try store.head() == VersionID(rawValue: 4))
        #expect(try store.pending() == nil)
        #expect(try store.versions(limit: 10).allSatisfy { $0.state == .committed })
        #expect(try store.loadRuleset(at: VersionID(rawValue: 4)).count == 3)
        #expect(try store.loadRuleset(at: VersionID(rawValue: 3)).count == 4)
        #expect(try store.kernelHandles()[ObjectID(rawValue: 4)] == 104)
        #expect(try store.kernelHandles()[ObjectID(rawValue: 3)] == nil)
        #expect(try store.kernelState() == KernelState(bootID: "boot", generation: 54))
        #expect(try store.nextObjectID() == ObjectID(rawValue: 5))
        #expect(try store.lastOwnVersion() == VersionID(rawValue: 1))
        #expect(try store.verifyAudit().faults.isEmpty)
    }

    @Test func allOfThemOrNone() throws {
        for bad in [
            version(4, [], next: 9), version(3, [.add(.chain(4, of: 1, "input"))], next: 3),
            version(3, [.delete(.chain(8, of: 1, "absent"))], next: 9),
        ] {
            #expect(throws: StoreError.self) {
                try store.record([
                    version(2, [.add(.chain(3, of: 1, "forward"))], next: 4), bad,
                ])
            }
            #expect(try store.head() == VersionID(rawValue: 1))
            #expect(try store.kernelState()?.bootID != "boot")
        }
        #expect(try store.verifyAudit().faults.isEmpty)
    }

    @Test func notBehindOneThatIsPending() throws {
        let id = try store.prepareNext([.add(.chain(3, of: 1, "forward"))])
        let error = #expect(throws: StoreError.self) {
            try store.record([version(2, [], next: 9)])
        }
        #expect(error?.code == .conflict)
        try store.abandon(id, audit: .sample("add", .failed))
        try store.record([version(2, [], next: 9)])
    }
}
