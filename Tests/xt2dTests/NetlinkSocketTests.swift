import TestSupport
import Testing

@testable import xt2d

/// The socket to the kernel, with the kernel.
@Suite struct NetlinkSocketTests {
    @Test func drainingGoesOnPastAnOverrun() throws {
        try Namespace().run {
            let socket = try NetlinkSocket()
            try socket.join(group: NetlinkSocket.tablesGroup)
            // More than its buffer holds.
            let rules = (0..<5_000).map {
                "add rule ip t c ip saddr 10.9.\($0 / 250).\($0 % 250) drop"
            }
            let lines = ["add table ip t", "add chain ip t c"] + rules
            let result = try ChildProcess(
                "nft", ["-f", "-"], input: lines.joined(separator: "\n") + "\n"
            ).wait()
            #expect(result.status == 0, "\(result.errors)")
            socket.drain()
            // What is left would come before what is new.
            let isMore = try socket.receive(wait: false) { _ in }
            #expect(!isMore)
        }
    }
}
