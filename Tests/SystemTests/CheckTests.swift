import Glibc
import NetlinkProto
import TestSupport
import Testing

/// `check` beside other things that go on.
@Suite struct CheckTests {
    @Test func fixingLeavesNothingToBeUndone() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        for (table, policy) in [("o", UInt8(1)), ("e", 2)] {
            try daemon.nft(
                "add table ip \(table)", "add set ip \(table) s { type ipv4_addr; }",
                "add chain ip \(table) c { type filter hook output priority 0; }")
            // In one batch with the set, nft would make that dynamic, and its elements state.
            try daemon.nft("add rule ip \(table) c add @s { ip daddr }")
            _ = try client.ask(
                .adoptTable, TableRequest(family: Family.ip.rawValue, table: table, policy: policy))
        }
        // The rules put an element into each set, and nobody is told of that.
        try daemon.run("ping", "-c", "1", "-W", "5", "127.0.0.1")
        #expect(try !client.list(.checkKernel, CheckRequest()).isEmpty)
        _ = try client.list(.checkKernel, CheckRequest(fix: true))
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        try client.commit {
            $0.family = .ip
            $0.table = "e"
            $0.addChain("d")
        }
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        // What was put back is told as such, and nothing has failed.
        let attempts = try client.audit(AuditRequest(action: "enforce"))
        #expect(attempts.allSatisfy { $0.outcome == "refused" })
        #expect(
            try client.audit(AuditRequest(action: "check --fix")).map(\.outcome) == ["committed"])
    }

    @Test func readersKeepNobodyFromWriting() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let rules = (0..<10_000).map {
            "add rule ip t c ip saddr 10.9.\($0 / 250).\($0 % 250) drop"
        }
        try daemon.nft((["add table ip t", "add chain ip t c"] + rules).joined(separator: "\n"))
        _ = try client.ask(
            .adoptTable, TableRequest(family: Family.ip.rawValue, table: "t", policy: 1))
        try client.commit {
            $0.family = .ip
            $0.table = "mine"
            $0.addTable()
            $0.addChain("c")
        }
        let reader = try daemon.connect()
        let check = try reader.begin(.checkKernel, CheckRequest())
        var count = 0
        while !reader.hasAnswer {
            try client.commit {
                $0.family = .ip
                $0.table = "mine"
                $0.append(.tcp(port: UInt16(count % 60_000)), to: "c")
            }
            count += 1
        }
        print("\(count) versions while 10,000 rules were compared")
        #expect(try reader.reply(to: check).messages.isEmpty)
        #expect(count > 5)
    }
}
