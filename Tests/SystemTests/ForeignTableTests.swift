import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Tables that go, come back and are let go, and what of them cannot be read.
@Suite struct ForeignTableTests {
    private func name(
        _ table: String, _ policy: TableWatch.Policy? = nil
    ) -> TableRequest {
        TableRequest(family: Family.ip.rawValue, table: table, policy: policy?.rawValue)
    }

    // MARK: Deleted and made again

    @Test func aReleasedTableStaysReleased() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let follower = try Follower(daemon)
        try daemon.nft("add table ip r")
        _ = try client.ask(.adoptTable, name("r", .observed))
        try follower.next()
        try daemon.nft("delete table ip r")
        try follower.next()
        try daemon.nft("add table ip r")
        try follower.next()
        _ = try client.ask(.releaseTable, name("r"))
        try follower.next()
        try daemon.restart()
        let again = try daemon.connect()
        try daemon.nft("add chain ip r c", "delete table ip r")
        try daemon.nft("add table ip r { chain c { accept; }; }")
        // With this, all that came before has been taken in.
        try again.commit { $0.addTable(watch: TableWatch(.observed)) }
        #expect(try again.ruleset().tables["ip r"] == nil)
        #expect(try again.versions().count == 5)
    }

    @Test func aTableThatIsGoneCanBeLetGo() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let follower = try Follower(daemon)
        try daemon.nft("add table ip r")
        _ = try client.ask(.adoptTable, name("r", .observed))
        try follower.next()
        try daemon.nft("delete table ip r")
        try follower.next()
        let reply = try client.ask(.releaseTable, name("r"))
        #expect(try reply.version == nil)
        #expect(reply.note.contains("not watched any more"))
        #expect(try refusal { try client.ask(.releaseTable, name("r")) }?.errno == ENOENT)
        for restarts in [false, true] {
            if restarts { try daemon.restart() }
            let again = try daemon.connect()
            try daemon.nft("add table ip r")
            try again.commit {
                $0.table = "m\(restarts)"
                $0.addTable(watch: TableWatch(.observed))
            }
            #expect(try again.ruleset().tables["ip r"] == nil, "restarted: \(restarts)")
            try daemon.nft("delete table ip r")
        }
    }

    @Test func aRollbackLeavesWhatAnotherProgramMade() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit { $0.addTable() }
        let follower = try Follower(daemon)
        try client.commit {
            $0.family = .ip
            $0.table = "w"
            $0.addTable(watch: TableWatch(.observed))
        }
        try follower.next()
        for lines in [["delete table ip w"], ["add table ip w", "add chain ip w docker"]] {
            try daemon.nft(lines.joined(separator: "\n"))
            try follower.next()
        }
        try client.rollback(to: 1)
        #expect(try client.ruleset().tables["ip w"] == nil)
        #expect(try daemon.listing("ip w").contains("docker"))
    }

    @Test func whatIsTakenOverAgainIsTheSame() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft(
            "add table ip t", "add set ip t s { type ipv4_addr; flags timeout; }",
            "add element ip t s { 10.0.0.3 timeout 1h }",
            "add chain ip t o { type filter hook output priority 0; }",
            "add rule ip t o ip daddr 127.0.0.1 counter accept")
        _ = try client.ask(.adoptTable, name("t", .observed))
        try daemon.run("ping", "-c", "2", "-W", "5", "127.0.0.1")
        _ = try client.ask(.releaseTable, name("t"))
        _ = try client.ask(.adoptTable, name("t", .observed))
        #expect(try client.ruleset(3) == client.ruleset(1))
        let before = try daemon.run("nft", "-a", "list", "table", "ip", "t")
        #expect(before.contains("10.0.0.3"))
        // No rule is made again: handles, counters and what expires stay.
        #expect(try refusal { try client.rollback(to: 1) } == nil)
        let after = try daemon.run("nft", "-a", "list", "table", "ip", "t")
        #expect(after.filterExpiry == before.filterExpiry)
        // Deletion goes by the handles as ever.
        let id = try #require(client.ruleset().tables["ip t"]?["o"]?.rules.first?.id)
        try client.commit {
            $0.family = .ip
            $0.delete(id, from: "o")
        }
        #expect(try daemon.kernel().chains["ip t o"]?.rules.isEmpty == true)
    }

    // MARK: Odd bytes

    private func odd(
        _ daemon: Daemon, _ type: MessageType,
        _ body: @escaping @Sendable (inout MessageWriter) -> Void
    ) throws {
        try daemon.namespace.run {
            try KernelRules(family: .ip, table: "t").commit(type, body)
        }
    }

    @Test func aTableWhoseNameIsNoTextIsInNobodysWay() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.family = .ip
            $0.table = "seen"
            $0.addTable(watch: TableWatch(.observed))
        }
        try odd(daemon, .newTable) { $0.attribute(1, bytes: [0xFF, 0xFE, 0]) }
        try odd(daemon, .newChain) {
            $0.attribute(1, bytes: [0xFF, 0xFE, 0])
            $0.attribute(3, string: "c")
        }
        try daemon.nft("add table ip v")
        _ = try client.ask(.adoptTable, name("v", .observed))
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        try client.commit {
            $0.family = .ip
            $0.table = "seen"
            $0.addChain("c")
        }
        try daemon.restart()
        let again = try daemon.connect()
        #expect(try again.list(.checkKernel, CheckRequest()).isEmpty)
        #expect(try again.status()?.notice == [])
    }

    @Test func aWatchedTableThatCannotBeReadIsInNobodysWay() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("c")
        }
        try daemon.nft(
            "add table ip u { chain c { accept; }; }", "add table ip e { chain c { accept; }; }")
        _ = try client.ask(.adoptTable, name("u", .observed))
        _ = try client.ask(.adoptTable, name("e", .enforced))
        let enforced = try daemon.listing("ip e")
        for table in ["u", "e"] {
            try odd(daemon, .newChain) {
                $0.attribute(1, string: table)
                $0.attribute(3, bytes: [0xFF, 0xFE, 0])
            }
        }
        try client.commit { $0.append(.tcp(port: 22), to: "c") }
        #expect(try daemon.listing("ip e") == enforced)
        let notice = try client.status()?.notice.joined() ?? ""
        #expect(notice.contains("table ip u that cannot be read"))
        // Nobody says that all is well with it.
        #expect(try refusal { try client.list(.checkKernel, CheckRequest()) }?.errno == EBADMSG)
        let own = CheckRequest(family: Family.inet.rawValue, table: "t")
        #expect(try client.list(.checkKernel, own).isEmpty)
        // A start that has to compare everything.
        try daemon.stop()
        try daemon.nft("add table ip other")
        try daemon.start()
        let again = try daemon.connect()
        try again.commit { $0.append(.tcp(port: 23), to: "c") }
        #expect(try again.list(.checkKernel, own).isEmpty)
        #expect(try again.ruleset().tables["ip u"]?["c"]?.rules.count == 1)
        #expect(try again.status()?.notice.joined().contains("table ip u") == true)
        // When that is gone, all is as before.
        try odd(daemon, .deleteChain) {
            $0.attribute(1, string: "u")
            $0.attribute(3, bytes: [0xFF, 0xFE, 0])
        }
        try daemon.nft("add rule ip u c drop")
        try again.commit { $0.append(.tcp(port: 24), to: "c") }
        #expect(try again.ruleset().tables["ip u"]?["c"]?.rules.count == 2)
        #expect(try again.list(.checkKernel, CheckRequest()).isEmpty)
    }

    @Test func aProcessMayCallItselfAnything() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.family = .ip
            $0.addTable(watch: TableWatch(.observed))
        }
        let follower = try Follower(daemon)
        try daemon.namespace.run {
            let old = try ThreadName.current()
            try ThreadName.set([0x6E, 0xFF, 0x0A, 0x1B, 0x5B, 0x31, 0x6D, 0x74])
            defer { try? ThreadName.set(old) }
            try KernelRules(family: .ip, table: "t").commit(.newChain) {
                $0.attribute(1, string: "t")
                $0.attribute(3, string: "c")
            }
        }
        let version = try follower.next()
        #expect(version.pid == UInt32(daemon.namespace.threadID))
        #expect(version.process.hasPrefix("n\u{FFFD}"))
        let log = try daemon.stop().errors
        #expect(log.contains("another program changed observed tables"))
        #expect(!log.contains("\u{1B}"))
    }
}

extension String {
    /// Without the times that are left.
    fileprivate var filterExpiry: String {
        split(separator: " ").filter { !$0.contains(where: \.isNumber) || !$0.hasSuffix("ms") }
            .joined(separator: " ")
    }
}

/// What the calling thread calls itself: any bytes, at most 15.
private enum ThreadName {
    private static let path = "/proc/thread-self/comm"

    static func current() throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { throw CommandFailure("\(path) cannot be read") }
        // The kernel adds the end of a line.
        return Array(buffer[..<(count - 1)])
    }

    static func set(_ name: [UInt8]) throws {
        let descriptor = open(path, O_WRONLY)
        defer { close(descriptor) }
        guard write(descriptor, name, name.count) == name.count else {
            throw CommandFailure("\(path) cannot be written")
        }
    }
}
