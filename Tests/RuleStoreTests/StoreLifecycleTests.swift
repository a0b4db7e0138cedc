import RuleStore
import TestSupport
import Testing

@Suite struct StoreLifecycleTests {
    @Test func newStoreIsEmpty() throws {
        let directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        #expect(try store.head() == .empty)
        #expect(try store.pending() == nil)
        #expect(try store.loadRuleset(at: .empty).isEmpty)
        #expect(store.uuid.count == 16)
    }

    @Test func versionIsPendingThenHead() throws {
        let directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        let table = StoredObject.table(1)
        try store.prepareNext([.add(table)])
        #expect(try store.pending()?.id == VersionID(rawValue: 1))
        #expect(try store.head() == .empty)
        try store.commit(
            VersionID(rawValue: 1), handles: [(ObjectID(rawValue: 1), 9)], kernel: .sample)
        #expect(try store.pending() == nil)
        #expect(try store.head() == VersionID(rawValue: 1))
        #expect(try store.kernelHandles().dictionary == [ObjectID(rawValue: 1): 9])
        #expect(try store.kernelState() == .sample)
        #expect(try store.loadRuleset(at: VersionID(rawValue: 1)).tables.map(\.name) == ["filter"])
    }
}
