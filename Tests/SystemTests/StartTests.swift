import Glibc
import NetlinkProto
import TestSupport
import Testing

/// One daemon, one kernel: the plain course of things.
@Suite struct StartTests {
    @Test func aRuleIsOnDiskInTheKernelAndStays() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let reply = try client.commit {
            $0.addTable()
            $0.addChain("input", hook: Hook(number: 1, priority: 0), type: "filter", policy: .drop)
            $0.addChain("side")
            $0.append(.tcp(port: 22, .accept, comment: "ssh"), to: "input")
            $0.append(.jump(to: "side", comment: "on"), to: "input")
        }
        #expect(try reply.version?.version == 1)
        let ids = try reply.ids
        let kernel = try daemon.kernel()
        #expect(kernel.markedVersion == 1)
        #expect(
            kernel.outline == [
                "inet t input": ["drop", "\(ids[0]) ssh -", "\(ids[1]) on side"],
                "inet t side": ["regular"],
            ])
        #expect(try client.ruleset().outline == kernel.outline)
        try daemon.restart()
        #expect(try daemon.kernel().outline == kernel.outline)
        #expect(try daemon.connect().ruleset().outline == kernel.outline)
        #expect(try daemon.connect().auditProblems() == [])
    }
}
