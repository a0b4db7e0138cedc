import Foundation
import Glibc
import TestSupport
import Testing

@testable import xt2

/// Batches that are sent while they are read: long ones, of which the daemon has most before the end is known.
@Suite struct StreamedBatchTests {
    private static let head = ["add table filter", "add chain filter lan", "# comment", ""]
    /// Several times what is sent at once.
    private static let rules = (0..<4_000).map {
        "append filter lan -s 10.0.\($0 / 256).\($0 % 256) -p tcp --dport \($0) -j ACCEPT"
    }

    private func run(_ lines: [String], _ daemon: LiveDaemon) throws -> CommandResult {
        try daemon.run(["batch", "-"], input: lines.joined(separator: "\n") + "\n")
    }

    private func expectNothing(_ daemon: LiveDaemon) throws {
        #expect(try daemon.check("list").isEmpty)
        #expect(try daemon.check("log").isEmpty)
    }

    @Test func allOfIt() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let result = try run(StreamedBatchTests.head + StreamedBatchTests.rules, daemon)
        #expect(result.status == 0)
        #expect(result.output == "version 1: 4002 edits, 4002 changes\n")
        let listed = try daemon.check("save").split(separator: "\n").filter {
            $0.hasPrefix("append")
        }
        let wanted = StreamedBatchTests.rules.map {
            $0.replacingOccurrences(of: "append filter", with: "append inet filter")
                .replacingOccurrences(of: " -p tcp --dport", with: "/32 -p tcp -m tcp --dport")
        }
        func plain(_ line: some StringProtocol) -> String {
            line.replacingOccurrences(of: "/32", with: "").replacingOccurrences(
                of: " -m tcp", with: "")
        }
        #expect(listed.map { plain($0) } == wanted.map { plain($0) })
        // What was stamped must be what reading each line by itself gives.
        let again = try daemon.run(
            ["apply", "--dry-run", "-"], input: try daemon.check("save"))
        #expect(again.output.contains("no difference"), "\(again)")
    }

    /// A last line that cannot be read: nearly all was sent before.
    @Test(arguments: [
        ("append filter lan -p tcp --dprot 5 -j ACCEPT", 64), ("nonsense", 64),
        ("append filter lan 'open", 64),
    ])
    func aLineThatCannotBeRead(_ line: String, _ status: Int32) throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let result = try run(StreamedBatchTests.head + StreamedBatchTests.rules + [line], daemon)
        #expect(result.status == status)
        #expect(result.errors.hasPrefix("standard input:4005: "), "\(result.errors)")
        try expectNothing(daemon)
        #expect(try run(StreamedBatchTests.head, daemon).status == 0)
    }

    /// A last line that the daemon refuses.
    @Test(arguments: [
        "append filter nowhere -p tcp --dport 5 -j ACCEPT", "delete --id 99999 filter lan",
        "append filter lan -j nowhere",
    ])
    func aLineThatIsRefused(_ line: String) throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let result = try run(StreamedBatchTests.head + StreamedBatchTests.rules + [line], daemon)
        #expect(result.status == 1)
        #expect(result.errors.contains("standard input:4005: "), "\(result.errors)")
        #expect(result.errors.contains(line), "\(result.errors)")
        try expectNothing(daemon)
    }

    /// A line in the middle, of a form that is stamped before and after it.
    @Test func aLineInTheMiddleThatIsRefused() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        var rules = StreamedBatchTests.rules
        rules[2_000] = rules[2_000].replacingOccurrences(of: "--dport 2000", with: "--dport 70000")
        var result = try run(StreamedBatchTests.head + rules, daemon)
        #expect(result.status == 64)
        #expect(result.errors.hasPrefix("standard input:2005: "), "\(result.errors)")
        rules = StreamedBatchTests.rules
        rules[2_000] = rules[2_000].replacingOccurrences(of: "filter lan", with: "filter wan")
        result = try run(StreamedBatchTests.head + rules, daemon)
        #expect(result.status == 1)
        #expect(result.errors.contains("standard input:2005: "), "\(result.errors)")
        try expectNothing(daemon)
    }
}
