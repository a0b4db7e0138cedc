import Glibc
import Testing

@testable import RuleStore

@Suite struct SchemaTests {
    /// The directory of the numbered migrations, seen from this file.
    private static let directory = String(
        #filePath.dropLast("Tests/RuleStoreTests/SchemaTests.swift".count) + "schema/store/")

    @Test func migrationsAreTheFilesOfTheSchemaDirectory() throws {
        let listing = try #require(opendir(Self.directory))
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".sql") { names.append(name) }
        }
        names.sort()
        #expect(names.count == Schema.migrations.count)
        for (name, migration) in zip(names, Schema.migrations) {
            let digits = String(migration.number)
            #expect(name.hasPrefix(String(repeating: "0", count: 4 - digits.count) + digits + "_"))
            #expect(
                String(decoding: try readFile(Self.directory + name), as: UTF8.self)
                    == migration.sql)
        }
    }
}
