import RuleStore
import TestSupport
import Testing

/// What versions are called.
@Suite struct ReferenceTests {
    private let store: RuleStore
    private let directory: TemporaryDirectory

    /// Five versions, made at 1,000, 2,000 … 5,000 µs.
    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
        for number in 1...5 { try store.commitNext([.add(.table(UInt64(number), "t\(number)"))]) }
    }

    private func tag(_ name: String, _ version: UInt64) throws {
        try store.addTag(
            Tag(
                name: name, version: VersionID(rawValue: version), time: Timestamp(rawValue: 9),
                uid: 0), audit: .sample("tag"))
    }

    private func resolve(_ text: String) throws -> UInt64? {
        guard let reference = VersionReference(text) else { return nil }
        return try store.resolve(reference).rawValue
    }

    @Test func numbersHeadsAndTags() throws {
        try tag("good", 3)
        try tag("release/1.0", 2)
        try tag("größe", 4)
        let expected: [(String, UInt64)] = [
            ("1", 1), ("5", 5), ("0", 0), ("HEAD", 5), ("head", 5), ("HEAD~", 4), ("HEAD~0", 5),
            ("HEAD~5", 0), ("4~3", 1), ("good", 3), ("good~2", 1), ("release/1.0", 2), ("größe", 4),
        ]
        for (text, version) in expected { #expect(try resolve(text) == version, "\(text)") }
    }

    @Test(arguments: [
        "", "~", "HEAD~~", "HEAD~x", "HEAD~-1", "HEAD~+1", "a b", "-x", ".x", "a..b", "a/", "a:b",
        "a^", "99999999999999999999", "HEAD~99999999999999999999", "a\u{1B}[31m", "x\n",
    ]) func whatIsNoReference(_ text: String) {
        #expect(VersionReference(text) == nil)
    }

    @Test(arguments: ["nothing", "HEAD~6", "6", "3~4"]) func whatIsNotThere(_ text: String) {
        let error = #expect(throws: StoreError.self) { try resolve(text) }
        #expect([.noSuchTag, .noSuchVersion].contains(error?.code))
    }

    @Test(arguments: [
        "12", "HEAD", "head", "", "a b", "-a", "a~1", String(repeating: "x", count: 129),
    ])
    func namesThatCannotBeGiven(_ name: String) {
        let error = #expect(throws: StoreError.self) { try tag(name, 1) }
        #expect(error?.code == .malformed)
    }

    @Test func aNameIsGivenOnceAndTakenAway() throws {
        try tag("good", 3)
        let error = #expect(throws: StoreError.self) { try tag("good", 4) }
        #expect(error?.code == .exists)
        #expect(try store.version(VersionID(rawValue: 3)).tags == ["good"])
        try tag("also", 3)
        #expect(try store.version(VersionID(rawValue: 3)).tags == ["also", "good"])
        #expect(try store.tags().map(\.name) == ["also", "good"])
        #expect(try store.deleteTag("good", audit: .sample("delete tag")) == VersionID(rawValue: 3))
        #expect(throws: StoreError.self) {
            try store.deleteTag("good", audit: .sample("delete tag"))
        }
        try tag("good", 4)
        #expect(try store.audit(AuditFilter(action: "tag"), limit: 10).count == 3)
        #expect(try store.verifyAudit().faults == [])
        #expect(throws: StoreError.self) { try tag("none", 6) }
        #expect(throws: StoreError.self) { try tag("empty", 0) }
        try store.close()
        let again = try RuleStore(path: directory.file())
        #expect(try again.tags().map(\.version.rawValue) == [3, 4])
    }

    /// Who writes the tables instead of asking is found out: the log says which names there are.
    @Test(arguments: [
        "UPDATE tag SET version = 2 WHERE name = 'one'", "DELETE FROM tag WHERE name = 'one'",
        "UPDATE tag SET name = 'other' WHERE name = 'one'",
        "INSERT INTO tag VALUES ('new', 1, 0, 0)",
    ])
    func namesThatNobodyGaveAreFound(_ sql: String) throws {
        try tag("one", 1)
        try tag("two", 2)
        try store.deleteTag("two", audit: .sample("delete tag"))
        #expect(try store.verifyAudit().faults == [])
        try store.close()
        try editRaw(directory.file(), sql)
        let faults = try RuleStore(path: directory.file()).verifyAudit().faults
        #expect(!faults.isEmpty && faults.allSatisfy { $0.code == .tag }, "\(faults)")
    }

    @Test func timesLeadToTheVersionOfThatMoment() throws {
        func version(_ time: Int64) throws -> UInt64 {
            try store.version(at: Timestamp(rawValue: time)).rawValue
        }
        #expect(try version(1_000) == 1)
        #expect(try version(2_999) == 2)
        #expect(try version(.max) == 5)
        let error = #expect(throws: StoreError.self) { try version(999) }
        #expect(error?.code == .noSuchVersion)
    }
}
