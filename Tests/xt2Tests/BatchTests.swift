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

    /// The short way.
    private func plain(_ words: [String]) throws(CommandError) -> Edit? {
        try PlainLine.edit(words) { (rule) throws(CommandError) in try rule.edit() }
    }

    /// The short way that most lines take must come to the same as the long one.
    @Test(arguments: [
        "append ip filter input -p tcp -j ACCEPT", "append filter input -j DROP",
        "insert filter input -j DROP", "insert --at 3 filter input -j DROP",
        "insert --before 42 inet filter input -j DROP", "insert --after 42 filter input -j DROP",
        "replace --id 7 filter input -j DROP", "replace --at 7 ip filter input -j DROP",
        "delete --id 7 filter input", "delete --at 7 filter input", "delete filter input -j DROP",
        "add rule filter input -j DROP", "add rule ip filter input ! -p tcp -j DROP",
        "delete rule filter input -j DROP", "delete rule --at 2 ip table chain",
        "add table filter", "add table ip6 filter", "add table --policy observed ip docker",
        "add chain ip filter x", "add chain filter x",
        "add chain --type filter --hook input --priority -5 --policy drop inet filter input",
        "add chain --hook ingress --device eth0 --priority filter netdev edge in",
        "add set --attributes 080003000000000008000400000000070800050000000004 inet filter blocked",
        "add element --attributes 0c00018008000100c0000201 inet filter blocked",
        "add object --attributes 080003000000000104000480 filter hits",
        "add flowtable --attributes 1c000380080001000000000008000200000000000800030000000000 t fast",
        "delete table filter", "delete chain ip filter x", "delete set ip filter blocked",
        "delete object filter hits", "delete flowtable inet filter fast", "flush filter",
        "flush ip filter", "flush inet filter input", "policy filter input drop",
        "policy ip filter input ACCEPT", "rename inet filter a b",
    ])
    func plainLines(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let short = try #require(try plain(words))
        let long = try #require(try RootCommand.parseAsRoot(words) as? any EditCommand)
        #expect(try short == long.edit())
    }

    /// What is wrong in the short way is wrong in the long one, and said in the same words.
    @Test(arguments: [
        "append a b c d", "add rule filter", "add table a b c", "add table --policy mine t",
        "add table ipp t", "add chain t", "add chain inet t ACCEPT", "add chain --hook nowhere t c",
        "add set --attributes 0g inet t s", "add object --attributes 0800 inet t s",
        "add element --attributes 1 inet t s", "delete table a b c", "delete chain t",
        "delete set t", "flush a b c d", "policy t c", "policy t c maybe", "rename t a",
        "rename inet t a DROP",
    ])
    func wrongPlainLines(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let short = try #require(throws: CommandError.self) { try plain(words) }
        let long = try #require(throws: CommandError.self) {
            try (RootCommand.parseAsRoot(words) as? any EditCommand)?.edit()
        }
        #expect(short.report == long.report)
        #expect(short.quoting(words).report == long.quoting(words).report)
    }

    /// What the short way cannot read, the long way must.
    @Test(arguments: [
        "insert --at=3 filter input -j DROP",
        "insert --at -3 filter input -j DROP", "insert --at 4294967296 filter input -j DROP",
        "append --at 3 filter input -j DROP", "append --help", "append -- filter input -j DROP",
        "insert --at", "append filter input --help", "insert --at 1 --at 2 filter input -j DROP",
        "delete --at 1 table filter", "add", "add table", "add table --dormant t",
        "add table --policy -x t", "add chain t c --hook input", "add chain --attributes 00 t c",
        "add chain --device a --device b --hook ingress t c", "add set inet t s", "add things t",
        "delete table --help", "flush -m why t", "list", "help", "",
    ])
    func otherLines(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        #expect(try plain(words) == nil)
    }

    /// A command's name that is no noun for the short way would be taken for the table of a rule.
    @Test func nounsAreTheCommands() {
        for (verb, command) in [("add", Add.configuration), ("delete", Delete.configuration)] {
            for noun in command.subcommands.map({ $0._commandName }) {
                #expect(PlainLine.noun([verb, noun]) == noun)
            }
        }
    }

    /// Commands that are read without the parser of commands mean what it makes of them.
    @Test(arguments: [
        "insert filter input -j DROP", "add rule -m why filter input -j DROP",
        "add table -m why --policy observed ip docker", "add chain --json inet t c",
        "delete chain --tx 3 inet t c", "flush --confirm 60s filter", "policy t c drop",
        "rename -m a --socket /run/x t a b", "delete --id 3 --message why filter input",
        "add chain --hook input --priority -5 -m why --type filter t c",
        "insert --json --at 2 --tx 7 --confirm 5m --socket /s ip t c -p tcp",
    ])
    func plainCommands(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let plain = try #require(try PlainEdit(words))
        let parsed = try #require(try RootCommand.parseAsRoot(words) as? any EditCommand)
        #expect(try plain.edit == parsed.edit())
        #expect(plain.options == parsed.options.run)
    }

    @Test(arguments: [
        "insert --force filter input -j DROP", "add --json table t", "delete --json table t",
        "add table --dormant t", "flush --protect x filter", "add table t --json", "list", "",
        "commit 3", "add -m why rule filter input -j DROP", "flush -m - t",
    ])
    func otherCommands(line: String) throws {
        #expect(try PlainEdit(line.split(separator: " ").map(String.init)) == nil)
    }

    /// What begins like an option is no value of another.
    @Test(arguments: [
        "flush -m --json t", "delete table -m --force t", "flush --socket -x t",
        "flush --tx -0 t", "insert -m -p t c tcp", "delete chain --confirm -1s t c",
    ])
    func optionsAreNoValues(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        #expect(try PlainEdit(words) == nil)
        #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(words) }
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
