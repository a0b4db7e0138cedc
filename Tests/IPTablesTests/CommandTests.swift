import IPTables
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing
import XTables

/// Whole command lines.
@Suite struct CommandTests {
    private func command(_ line: String) throws -> IPTablesCommand {
        let rules = IPTablesRules(extensions: try XTables { _ in 0 }, family: .ip)
        return try rules.command(try CommandLine.split(line)) { $0 == "mine" }
    }

    @Test func commandsAreTakenApart() throws {
        let insert = try command(
            "-t nat -I PREROUTING 3 -p tcp --dport 80 -j REDIRECT --to-ports 8080")
        #expect(insert.letter == "I")
        #expect(insert.chain == "PREROUTING")
        #expect(insert.ruleNumber == 3)
        #expect(insert.table == "nat")
        #expect(insert.rules.count == 1)
        let list = try command("-nvL INPUT --line-numbers -x -Z")
        #expect(list.letter == "L")
        #expect(list.chain == "INPUT")
        #expect(list.isNumeric && list.hasLineNumbers && list.isExact && list.zeroes)
        #expect(list.verbosity == 1)
        #expect(
            try command("--append INPUT --jump mine").rules == [
                RuleBody(expressions: [
                    .counter(CounterExpression()),
                    .immediate(
                        ImmediateExpression(destination: .verdict, data: .verdict(.jump("mine")))),
                ])
            ])
        #expect(try command("-D INPUT 4").ruleNumber == 4)
        #expect(try command("-D INPUT 4").rules.isEmpty)
        #expect(try command("-E a b").newName == "b")
        #expect(try command("-P INPUT DROP").policy == "DROP")
        #expect(try command("-w 5 -F").wait == 5)
        #expect(try command("-S").chain == nil)
        #expect(try command("--list-rules FORWARD").chain == "FORWARD")
        #expect(try command("-A INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.4").rules.count == 4)
        let counted = try command("-A INPUT -c 7 9 -j ACCEPT")
        #expect(counted.counter == CounterExpression(bytes: 9, packets: 7))
        #expect(try command("-A INPUT -p tcp -h").letter == "h")
    }

    @Test(arguments: [
        "-A INPUT -D INPUT", "-L -A INPUT", "-j ACCEPT", "-A", "-R INPUT -j DROP", "-D INPUT 0",
        "-I INPUT x -j DROP",
        "-L -s 1.2.3.4", "-F -n", "-P INPUT", "-E a", "-A INPUT -n",
        "-R INPUT 1 -s 1.1.1.1,2.2.2.2", "-w x -L",
        "-A averyveryverylongchainnameindeed -j DROP", "! -A INPUT", "-D INPUT 3 -j DROP",
    ])
    func wrongCommandsAreRefusedLikeIPTablesDoes(_ line: String) throws {
        let words = try CommandLine.split(line)
        let real = try Namespace().run { try ChildProcess("iptables-nft", words).wait() }
        let error = try #require(throws: RuleSyntaxError.self, "\(line)") { try command(line) }
        #expect(real.errors.contains(error.message), "\(real.errors) – \(error.message)")
        #expect(error.status == real.status)
    }
}
