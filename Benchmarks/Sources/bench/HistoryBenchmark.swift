import Glibc

/// The first page of the audit log and of the list of versions among a million entries, beside sqlite3 with the same query.
struct HistoryBenchmark {
    let programs: String
    let entries: Int
    let runs: Int
    let results: Results

    func run() throws {
        let daemon = try XT2(programs: programs)
        defer { daemon.stop() }
        daemon.stopDaemon()
        try fill(daemon.database)
        try daemon.startDaemon()
        let pages: [(work: String, command: [String], query: String)] = [
            (
                "log, first page", ["log", "-n", "50"],
                "SELECT * FROM version ORDER BY id DESC LIMIT 50"
            ),
            (
                "audit, first page", ["audit", "-n", "50"],
                "SELECT * FROM audit INDEXED BY audit_time ORDER BY time DESC, seq DESC LIMIT 50"
            ),
            (
                "audit, one user", ["audit", "--user", "4321", "-n", "50"],
                "SELECT * FROM audit INDEXED BY audit_uid WHERE uid = 4321 ORDER BY time DESC, seq DESC LIMIT 50"
            ),
            (
                "audit, one outcome", ["audit", "--outcome", "refused", "-n", "50"],
                "SELECT * FROM audit INDEXED BY audit_outcome WHERE outcome = 'refused' ORDER BY time DESC, seq DESC LIMIT 50"
            ),
        ]
        for page in pages { try measure(page, daemon) }
    }

    private func measure(
        _ page: (work: String, command: [String], query: String), _ daemon: XT2
    ) throws {
        var (ours, theirs) = (Sample(), Sample())
        for _ in 0..<runs {
            let listed = try daemon.run(daemon.command(page.command))
            ours.add(listed.microseconds)
            let queried = try Program.run(["sqlite3", "-readonly", daemon.database, page.query])
            theirs.add(queried.microseconds)
            // The first word of a line is the number of the version or of the entry; both must begin with the same.
            guard number(listed.output) == number(queried.output), number(listed.output) != nil
            else {
                throw Failure("\(page.work): the pages differ")
            }
        }
        results.add(page.work, entries, "xt2", ours, unit: "ms", scale: 1_000)
        results.add(page.work, entries, "sqlite3", theirs, unit: "ms", scale: 1_000)
    }

    private func number(_ output: String) -> Int? {
        output.split(separator: "\n").first.flatMap { line in
            line.split { !$0.isNumber }.first.flatMap { Int($0) }
        }
    }

    /// A history that nobody made: its hashes chain nothing, but a page is read without them.
    ///
    /// Ten entries in a row are of one user, so that the first page has five, whose names are looked up; that of an outcome has twenty.
    private func fill(_ database: String) throws {
        let script = """
            PRAGMA synchronous = OFF;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(entries))
            INSERT INTO version (id, state, time, uid, gid, pid, process, message, kind, change_count, summary)
            SELECT i, 'committed', 1000000 * i, (i - 1) / 10 % 1000 + 4000, 0, i, 'xt2', 'why ' || i, 'edit', 1,
            '+1 -0 rules in ip bench input' FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(entries))
            INSERT INTO audit (seq, time, uid, gid, pid, process, action, outcome, reason, message, change_count, hash)
            SELECT i, 1000000 * i, (i - 1) / 10 % 1000 + 4000, 0, i, 'xt2', 'append',
            CASE WHEN i % 500 = 0 THEN 'refused' ELSE 'committed' END, '', 'why ' || i, 1, zeroblob(32) FROM n;
            """
        try Program.run(["sqlite3", database, script])
    }
}
