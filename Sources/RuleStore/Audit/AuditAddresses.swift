import GRDB

/// The table `audit_address`: which entries are about rules with an address.
enum AuditAddresses {
    /// Files an entry under its addresses.
    static func insert(
        _ addresses: Set<AddressPrefix>, of seq: UInt64, _ database: Database
    ) throws {
        if addresses.isEmpty { return }
        let run = try SQLRun(
            database,
            "INSERT INTO audit_address (bits, address, prefix, seq) VALUES (?, ?, ?, ?)",
            table: "audit_address")
        // In order, so that a large version does not touch the same pages again and again.
        for prefix in addresses.sorted() {
            run.bind(1, Int64(prefix.bits))
            run.bind(2, prefix.address)
            run.bind(3, Int64(prefix.length))
            run.bind(4, seq)
            try run.run()
        }
    }

    /// The condition that an entry is about a rule whose address overlaps a prefix, and its values.
    ///
    /// Two prefixes overlap if one contains the other: those that contain it are looked up, a prefix
    /// of each length; those within it are a range of the index.
    static func condition(
        _ wanted: AddressPrefix
    ) -> (sql: String, values: [AuditQuery.Value]) {
        let bits = AuditQuery.Value.integer(Int64(wanted.bits))
        let rows = Array(repeating: "(?, ?)", count: wanted.length + 1).joined(separator: ", ")
        var values: [AuditQuery.Value] = []
        for length in 0...wanted.length {
            values.append(.blob(wanted.shortened(to: length)))
            values.append(.integer(Int64(length)))
        }
        values.append(bits)
        values += [
            bits, .blob(wanted.address), .blob(wanted.last), .integer(Int64(wanted.length)),
        ]
        let sql = """
            a.seq IN (SELECT x.seq FROM (VALUES \(rows)) v CROSS JOIN audit_address x \
            WHERE x.bits = ? AND x.address = v.column1 AND x.prefix = v.column2 UNION \
            SELECT seq FROM audit_address WHERE bits = ? AND address BETWEEN ? AND ? AND prefix >= ?)
            """
        return (sql, values)
    }
}
