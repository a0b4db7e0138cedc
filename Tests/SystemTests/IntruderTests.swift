import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Others that change enforced tables so that it is hard to undo.
@Suite struct IntruderTests {
    private func adopt(_ client: ControlClient, _ table: String, _ policy: UInt8) throws {
        _ = try client.ask(
            .adoptTable, TableRequest(family: Family.ip.rawValue, table: table, policy: policy))
    }

    // MARK: What cannot be undone piece by piece

    @Test func anElementThatExpiresDoesNotKeepAChain() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft(
            "add table ip t", "add map ip t m { type ipv4_addr : verdict; flags timeout; }",
            "add chain ip t c { type filter hook input priority 0; }",
            "add rule ip t c ip saddr vmap @m", "add rule ip t c tcp dport 23 drop")
        try adopt(client, "t", 2)
        let before = try daemon.listing("ip t")
        // The element holds the chain, and xt2 does not keep track of elements that expire.
        try daemon.nft(
            "flush chain ip t c", "add chain ip t evil",
            "add element ip t m { 6.6.6.6 timeout 10h : jump evil }")
        let entries = try client.attempts(1)
        #expect(entries.map(\.outcome) == ["refused"])
        #expect(try daemon.listing("ip t") == before)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        // The rules' new handles are known.
        let ids = try client.ruleset().tables["ip t"]?["c"]?.rules.map(\.id) ?? []
        try client.commit {
            $0.family = .ip
            $0.delete(ids[0], from: "c")
        }
        #expect(try daemon.kernel().chains["ip t c"]?.rules.count == 1)
    }

    /// Makes the table anew as one that only its socket may change, until its input ends.
    private static let owner = """
        import socket, struct, sys
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        s.bind((0, 0))
        def attribute(kind, value):
            return struct.pack('HH', 4 + len(value), kind) + value + b'\\0' * (-len(value) % 4)
        def message(kind, flags, family, body=b'', resource=0):
            body = struct.pack('!BBH', family, 0, resource) + body
            return struct.pack('IHHII', 16 + len(body), kind, flags, 1, 0) + body
        name = attribute(1, b't\\0')
        s.send(message(16, 1, 0, resource=10) + message(0xa02, 5, 2, name)
            + message(0xa00, 0x405, 2, name + attribute(2, struct.pack('!I', 2)))
            + message(0xa03, 0x405, 2, name + attribute(3, b'evil\\0'))
            + message(17, 1, 0, resource=10))
        print('done', flush=True)
        sys.stdin.read()
        """

    /// A daemon with an enforced table `ip t`, which has a rule in chain `c`, and a table `ip mine`.
    private func enforced() throws -> (daemon: Daemon, client: ControlClient) {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.family = .ip
            $0.addTable(watch: TableWatch(.enforced))
            $0.addChain("c")
            $0.append(.longer(than: 1, comment: "r1"), to: "c")
            $0.table = "mine"
            $0.addTable()
            $0.addChain("c")
        }
        return (daemon, client)
    }

    @Test func whatCannotBeUndoneIsKeptInMindAndTriedAgain() throws {
        let (daemon, client) = try enforced()
        let directory = try TemporaryDirectory()
        #expect(mkfifo(directory.file("end"), 0o600) == 0)
        let owner = try daemon.namespace.run {
            try ChildProcess(
                "bash",
                [
                    "-c", "exec python3 -c \"$1\" < \"$2\"", "owner", Self.owner,
                    directory.file("end"),
                ])
        }
        defer { owner.signal(SIGKILL) }
        let end = try #require(FileHandle(forWritingAtPath: directory.file("end")))
        let failed = try #require(client.attempts(1).last)
        #expect(failed.outcome == "failed")
        #expect(failed.error?.contains("could not be undone") == true)
        #expect(failed.process == "python3")
        let notice = try #require(client.status()?.notice.first { $0.contains("cannot be undone") })
        #expect(notice.contains("ip t"))
        // Others are not kept waiting; there, nothing is acknowledged that is not live.
        try client.commit {
            $0.family = .ip
            $0.table = "mine"
            $0.append(.tcp(port: 1), to: "c")
        }
        let refused = try #require(
            try refusal {
                try client.commit {
                    $0.family = .ip
                    $0.append(.tcp(port: 1), to: "c")
                }
            })
        #expect(refused.errno == EAGAIN)
        #expect(refused.message.contains("python3"))
        #expect(try !client.list(.checkKernel, CheckRequest()).isEmpty)
        // With its owner the table goes, and nobody is told of that.
        try end.close()
        #expect(owner.wait().status == 0)
        try eventually("the table is put back") {
            try client.audit(AuditRequest(action: "enforce"))
                .contains { $0.outcome == "refused" && $0.error?.contains("undone after") == true }
        }
        #expect(try daemon.kernel().outline == client.ruleset().outline)
        #expect(try client.status()?.notice.contains { $0.contains("cannot be undone") } == false)
        try client.commit {
            $0.family = .ip
            $0.append(.tcp(port: 1), to: "c")
        }
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        #expect(try client.auditProblems() == [])
    }

    @Test func aRestartDoesNotTrustWhatCouldNotBeUndone() throws {
        let (daemon, client) = try enforced()
        let owner = try daemon.namespace.run {
            try ChildProcess("python3", ["-c", Self.owner + "\nimport time\ntime.sleep(1000)"])
        }
        defer { owner.signal(SIGKILL) }
        try client.attempts(1)
        // The version's generation is that of the kernel, which does not run what the store says.
        try client.commit {
            $0.family = .ip
            $0.table = "mine"
            $0.append(.tcp(port: 1), to: "c")
        }
        try daemon.stop(SIGKILL)
        owner.signal(SIGKILL)
        _ = owner.wait()
        try daemon.start()
        #expect(try daemon.kernel().outline == daemon.connect().ruleset().outline)
        #expect(try daemon.kernel().chains["ip t c"]?.rules.count == 1)
    }
}
