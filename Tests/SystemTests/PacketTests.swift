import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Real packets between two network namespaces.
@Suite struct PacketTests {
    @Test func aBlockedPortIsOpenedByARollback() throws {
        let daemon = try Daemon()
        let other = try Namespace()
        try daemon.join(other)
        let port: UInt16 = 8_080
        let listener = try daemon.namespace.run { try PortListener(port: port) }
        func errno() throws -> Int32 {
            try other.run { InternetAddress.connectionErrno(to: "10.9.8.1", port: port) }
        }
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("in", hook: Hook(number: 1, priority: 0), type: "filter")
        }
        #expect(try errno() == 0)
        let rule = try client.commit { $0.insert(.rejectTCP(port: port), into: "in") }.ids[0]
        func packets() throws -> Int {
            let line = try #require(daemon.kernel().lines("inet t in").first)
            let words = line.split(separator: " ")
            let index = try #require(words.firstIndex(of: "packets"))
            return Int(words[index + 1]) ?? -1
        }
        #expect(try packets() == 0)
        for attempt in 1...3 {
            #expect(try errno() == ECONNREFUSED)
            #expect(try packets() == attempt)
        }
        #expect(try daemon.kernel().ids("inet t in") == [rule])
        try client.rollback(to: 1)
        #expect(try errno() == 0)
        try client.rollback(to: 2)
        #expect(try errno() == ECONNREFUSED)
        #expect(try daemon.kernel().ids("inet t in") == [rule], "the rule comes back under its id")
        _ = listener
    }
}
