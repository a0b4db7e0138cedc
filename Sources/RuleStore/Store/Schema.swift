import GRDB

/// The tables of the store and how they come about.
enum Schema {
    /// Marks the file as a rule store: "xt2d" in `PRAGMA application_id`.
    static let applicationID: Int32 = 0x7874_3264

    /// One step of the schema.
    struct Migration {
        /// Its number, which is the format that it makes.
        let number: Int
        /// What it does.
        let sql: String

        init(_ number: Int, _ text: [UInt8]) {
            self.number = number
            sql = String(decoding: text, as: UTF8.self)
        }
    }

    /// The migrations in order; the format of a store is the number of the last that it has had
    /// (`PRAGMA user_version`).
    static let migrations: [Migration] = [
        Migration(1, PackageResources.migration_0001_sql),
        Migration(2, PackageResources.migration_0002_sql),
        Migration(3, PackageResources.migration_0003_sql),
    ]

    /// The format that this code writes.
    static var format: Int { migrations.last?.number ?? 0 }

    /// Brings a database from `format` up to date, each migration in a transaction of its own.
    static func migrate(_ database: Database, from format: Int) throws {
        for migration in migrations where migration.number > format {
            try database.inTransaction(.immediate) {
                try database.execute(sql: migration.sql)
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                try database.execute(sql: "PRAGMA user_version = \(migration.number)")
                return .commit
            }
        }
    }

    /// Throws if the database has other tables or indexes than the migrations make.
    ///
    /// Why: a query plan, a constraint or a trigger that was slipped in would make everything else
    /// unreliable.
    static func check(_ database: Database) throws {
        let expected = try DatabaseQueue().writeWithoutTransaction { pristine in
            try migrate(pristine, from: 0)
            return try definitions(pristine)
        }
        let found = try definitions(database)
        let names = Set(expected).symmetricDifference(found).map(\.name).sorted()
        if let name = names.first {
            throw StoreError(
                .corrupt,
                "\"\(name)\" in the rule store is missing, changed or does not belong there")
        }
    }

    private struct Definition: Hashable {
        let kind: String
        let name: String
        let sql: String
    }

    private static func definitions(_ database: Database) throws -> [Definition] {
        let run = try SQLRun(
            database, "SELECT rowid, type, name, ifnull(sql, '') FROM sqlite_schema",
            table: "sqlite_schema")
        var definitions: [Definition] = []
        while try run.step() {
            definitions.append(
                Definition(
                    kind: try run.text(1), name: try run.text(2),
                    sql: try run.text(3, limit: 65_536)))
        }
        return definitions
    }
}
