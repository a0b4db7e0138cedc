import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// A database that was put back from an older copy, with a kernel that has seen more.
@Suite struct StrayTableTests {
    /// A daemon on an older database; its kernel has a table more, and a rule more in an old one.
    private func restored() throws -> (Daemon, KernelListing) {
        let daemon = try Daemon()
        try daemon.connect().commit {
            $0.addTable()
            $0.addChain("c", hook: Hook(number: 1, priority: 0), type: "filter")
            $0.append(.tcp(port: 1, comment: "old"), to: "c")
        }
        let old = try daemon.kernel()
        try daemon.stop()
        try Command.check("cp", daemon.database, daemon.directory.file("backup.db"))
        try daemon.start()
        let client = try daemon.connect()
        try client.commit { $0.append(.tcp(port: 2, comment: "new"), to: "c") }
        try client.commit {
            $0.table = "newer"
            $0.addTable()
            $0.addChain("c", hook: Hook(number: 1, priority: 1), type: "filter", policy: .drop)
            $0.append(.tcp(port: 22, .accept), to: "c")
        }
        try client.commit {
            $0.family = .ip
            $0.table = "empty"
            $0.addTable()
            $0.addChain("c", hook: Hook(number: 1, priority: 1), type: "filter", policy: .drop)
        }
        try daemon.stop()
        try Command.check("cp", daemon.directory.file("backup.db"), daemon.database)
        try daemon.start()
        return (daemon, old)
    }

    @Test func whatTheDatabaseDoesNotHaveIsNamed() throws {
        let (daemon, old) = try restored()
        let kernel = try daemon.kernel()
        #expect(kernel.outline["inet t c"] == old.outline["inet t c"], "the old table is as it was")
        #expect(kernel.markedVersion == 1)
        let notice = try #require(try daemon.connect().status()).notice.joined(separator: "\n")
        #expect(notice.contains("version 4, which this database does not have"), "\(notice)")
        #expect(notice.contains("tables inet newer, ip empty"), "\(notice)")
        #expect(notice.contains("xt2 check --fix"))
        // Other programs' tables are none of it.
        try daemon.run("nft", "add table inet theirs; add chain inet theirs c")
        try daemon.run("nft", "add rule inet theirs c tcp dport 5 drop")
        let check = try daemon.tool("check")
        #expect(check.status == 1)
        #expect(check.output.contains("inet newer"), "\(check.output)")
        #expect(!check.output.contains("theirs"))
        #expect(try daemon.tool("check inet t").status == 0)
        #expect(try daemon.tool("check inet newer").status == 1)
    }

    @Test func itIsDeletedIfThatIsWanted() throws {
        let (daemon, old) = try restored()
        try daemon.xt2("check --fix inet newer")
        var kernel = try daemon.kernel()
        #expect(!kernel.tables.contains("inet newer"))
        #expect(try daemon.xt2("check").contains("in sync"))
        #expect(try daemon.xt2("audit -n 1").contains("check --fix"))
        try daemon.run("nft", "delete table ip empty")
        kernel = try daemon.kernel()
        #expect(kernel.outline == old.outline)
        // Ids that the lost versions had given are given anew, which disturbs nothing.
        try daemon.connect().commit { $0.append(.tcp(port: 3, comment: "next"), to: "c") }
        try daemon.restart()
        #expect(try daemon.xt2("check").contains("in sync"))
        #expect(try daemon.connect().auditProblems() == [])
    }

    @Test func whatWasLetGoIsNoStray() throws {
        let daemon = try Daemon()
        try daemon.connect().commit {
            $0.addTable(watch: TableWatch(.observed))
            $0.addChain("c")
            $0.append(.tcp(port: 1), to: "c")
        }
        try daemon.xt2("release inet t")
        #expect(try daemon.kernel().tables == ["inet t"])
        #expect(try daemon.xt2("check").contains("in sync"))
        try daemon.restart()
        #expect(try daemon.xt2("check").contains("in sync"))
        #expect(try daemon.connect().status()?.notice == [])
    }
}
