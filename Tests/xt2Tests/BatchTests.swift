import ArgumentParser
import Foundation
import Glibc
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

@testable import xt2

@Suite struct BatchTests {
    private static let text = """
        # the web server's rules
        flush filter input

        append filter input -p tcp --dport 22 -j ACCEPT   # ssh
        insert --at 1 filter input \\
            -p tcp --dport 80 -j ACCEPT
        policy filter input drop
        """

    private func failure(_ text: String) -> CommandError? {
        #expect(throws: CommandError.self) {
            try BatchSource(name: "rules.xt2", text: text).edits()
        }
    }

    @Test func linesAreNumberedAsInTheFile() throws {
        let edits = try BatchSource(name: "rules.xt2", text: BatchTests.text).edits()
        #expect(edits.map(\.line.number) == [2, 4, 5, 7])
        #expect(edits.map(\.edit.type) == [.deleteRule, .newRule, .newRule, .newChain])
    }

    /// The short way that most lines take must come to the same as the long one.
    @Test(arguments: [
        "append ip filter input -p tcp -j ACCEPT", "append filter input -j DROP",
        "insert filter input -j DROP", "insert --at 3 filter input -j DROP",
        "insert --before 42 inet filter input -j DROP", "insert --after 42 filter input -j DROP",
        "replace --id 7 filter input -j DROP", "replace --at 7 ip filter input -j DROP",
        "delete --id 7 filter input", "delete --at 7 filter input", "delete filter input -j DROP",
    ])
    func plainLines(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let short = try #require(try RuleEdit(line: words))
        let long = try #require(try RootCommand.parseAsRoot(words) as? any EditCommand)
        #expect(try short.edit() == long.edit())
    }

    /// What the short way cannot read, the long way must.
    @Test(arguments: [
        "flush filter", "delete table filter", "delete chain filter input",
        "delete rule filter input -j DROP", "insert --at=3 filter input -j DROP",
        "insert --at -3 filter input -j DROP", "insert --at 4294967296 filter input -j DROP",
        "append --at 3 filter input -j DROP", "append --help", "append -- filter input -j DROP",
        "insert --at", "append filter input --help", "insert --at 1 --at 2 filter input -j DROP",
    ])
    func otherLines(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        #expect(try RuleEdit(line: words) == nil)
    }

    @Test func wrongWord() {
        let error = failure("flush filter input\nappend filter input -p tcp --dprot 22\n")
        #expect(error?.place == "rules.xt2:2")
        #expect(
            error?.excerpt == [
                "append filter input -p tcp --dprot 22", "                           ^^^^^^^",
            ])
        #expect(error?.kind == .usage)
    }

    @Test(arguments: [
        "list", "apend filter input -j ACCEPT", "append --tx 3 filter input -j ACCEPT",
        "flush --json filter", "policy filter input", "insert --at filter input -j ACCEPT",
        "append filter input --help", "insert --help", "add table", "--version", "help",
        "append filter input -m comment --comment 'open",
    ])
    func refusedLines(line: String) {
        let error = failure("# first\n\(line)\n")
        #expect(error?.place == "rules.xt2:2")
        #expect(error?.kind == .usage)
        #expect(error?.message.isEmpty == false)
    }

    @Test func missingFile() throws {
        let result = try Xt2.run("batch", "/nonexistent/rules.xt2")
        #expect(result.status == 64)
        #expect(
            result.errors
                == "xt2: /nonexistent/rules.xt2 cannot be read: No such file or directory.\n")
        #expect(try Xt2.run("batch", "/").status == 64)
    }

    @Test func standardInput() throws {
        let daemon = try ScriptedDaemon { requests in
            ReplyWriter(to: requests[0]).part(.newVersion, Sample.rollback).acknowledged().bytes
        }
        defer { daemon.stop() }
        let result = try Xt2.run("batch", "-m", "why", "-", daemon: daemon, input: BatchTests.text)
        #expect(result.output == "version 8: 4 edits, 12 changes\n")
        #expect(
            daemon.requests.map(\.header.type)
                == [.batchBegin, .deleteRule, .newRule, .newRule, .newChain, .batchEnd])
    }

    @Test func refusedEditIsNamedByItsLine() throws {
        let daemon = try ScriptedDaemon { requests in
            ReplyWriter(to: requests[0])
                .acknowledged(
                    ENOENT, "There is no table inet filter.", at: requests[2].header.sequence
                )
                .bytes
        }
        defer { daemon.stop() }
        let result = try Xt2.run("batch", "-", daemon: daemon, input: BatchTests.text)
        #expect(result.status == 1)
        #expect(
            result.errors == """
                standard input:4: There is no table inet filter.
                    append filter input -p tcp --dport 22 -j ACCEPT

                """)
    }

    /// A conflict is not the fault of a line.
    @Test func refusedBatchIsNamedAsAWhole() throws {
        let daemon = try ScriptedDaemon { requests in
            ReplyWriter(to: requests[0]).acknowledged(ERESTART, "Somebody was faster.").bytes
        }
        defer { daemon.stop() }
        let result = try Xt2.run("batch", "-", daemon: daemon, input: BatchTests.text)
        #expect(result.status == 75)
        #expect(result.errors == "xt2: Somebody was faster.\n")
    }

    @Test func emptyFile() throws {
        #expect(try BatchSource(name: "x", text: "# nothing\n\n").edits().isEmpty)
    }
}
