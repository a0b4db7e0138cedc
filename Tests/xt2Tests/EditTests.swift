import NetlinkProto
import RuleSyntax
import Testing

@testable import xt2

/// Command lines, and the messages that they become.
@Suite struct EditTests {
    private func edit(_ line: String) throws -> Edit {
        try BatchLine.edit(line.split(separator: " ").map(String.init))
    }

    private func rule(_ edit: Edit) throws -> RuleMessage {
        guard case .rule(let rule) = edit.message else { throw WireError(.badValue, "no rule") }
        return rule
    }

    private static let create: MessageFlags = .create
    private static let append: MessageFlags = [.create, .append]

    @Test(
        arguments: [
            ("append filter input -j ACCEPT", append, nil, nil),
            ("add rule inet filter input -j ACCEPT", append, nil, nil),
            ("insert filter input -j ACCEPT", create, nil, nil),
            ("insert --at 1 filter input -j ACCEPT", create, 0, nil),
            ("insert --at 3 filter input -j ACCEPT", create, 2, nil),
            ("insert --before 42 filter input -j ACCEPT", create, nil, 42),
            ("insert --after 42 filter input -j ACCEPT", append, nil, 42),
        ] as [(String, MessageFlags, UInt32?, UInt64?)])
    func newRules(
        line: String, flags: MessageFlags, index: UInt32?, position: UInt64?
    ) throws {
        let edit = try edit(line)
        let rule = try rule(edit)
        #expect(edit.type == .newRule)
        #expect(edit.flags == flags)
        #expect(rule.index == index)
        #expect(rule.position?.rawValue == position)
        #expect(rule.handle == nil)
        #expect([rule.family.name, rule.table, rule.chain] == ["inet", "filter", "input"])
        let context = RuleContext(family: .inet, table: "filter", chain: "input")
        #expect(rule.body == (try RuleText.parse(["-j", "ACCEPT"], context: context).body))
    }

    @Test(
        arguments: [
            ("replace --id 7 ip filter input -j DROP", 7, nil),
            ("replace --at 2 ip filter input -j DROP", nil, 1),
        ] as [(String, UInt64?, UInt32?)])
    func replacements(line: String, id: UInt64?, index: UInt32?) throws {
        let edit = try edit(line)
        let rule = try rule(edit)
        #expect(edit.type == .newRule)
        #expect(edit.flags == .replace)
        #expect(rule.handle?.rawValue == id)
        #expect(rule.index == index)
        #expect(rule.family == .ip)
        #expect(!rule.body.isEmpty)
    }

    @Test(
        arguments: [
            ("delete --id 7 filter input", 7, nil, true),
            ("delete rule --at 1 filter input", nil, 0, true),
            ("delete filter input -j DROP", nil, nil, false),
            ("delete rule table chain -j DROP", nil, nil, false),
            ("delete inet table chain -j DROP", nil, nil, false),
            ("flush filter input", nil, nil, true),
        ] as [(String, UInt64?, UInt32?, Bool)])
    func deletions(line: String, id: UInt64?, index: UInt32?, isBare: Bool) throws {
        let edit = try edit(line)
        let rule = try rule(edit)
        #expect(edit.type == .deleteRule)
        #expect(rule.handle?.rawValue == id)
        #expect(rule.index == index)
        #expect(rule.body.isEmpty == isBare)
    }

    /// A deletion that names no rule would empty the chain.
    @Test(arguments: ["delete filter input", "delete rule inet filter input"])
    func deletionNamesARule(line: String) {
        let error = #expect(throws: CommandError.self) { try edit(line) }
        #expect(error?.kind == .usage)
        #expect(error?.hints.contains("all of its rules: xt2 flush inet filter input") == true)
    }

    @Test func flushOfATable() throws {
        let rule = try rule(edit("flush ip filter"))
        #expect(rule.chain == nil)
        #expect(rule.family == .ip)
    }

    @Test func tables() throws {
        let added = try edit("add table ip6 filter")
        #expect(added.type == .newTable && added.flags == .create)
        let body = TableBody(flags: [.owner, .persist])
        #expect(added.message == .table(TableMessage(family: .ip6, name: "filter", body: body)))
        let deleted = try edit("delete table filter")
        #expect(deleted.type == .deleteTable)
        #expect(deleted.message == .table(TableMessage(family: .inet, name: "filter")))
    }

    @Test func baseChain() throws {
        let line = "add chain --type filter --hook input --priority -10 --policy drop filter input"
        let edit = try edit(line)
        guard case .chain(let chain) = edit.message else { throw WireError(.badValue, "no chain") }
        #expect(edit.type == .newChain && edit.flags == .create)
        #expect(chain.body.hook == Hook(number: 1, priority: -10))
        #expect(chain.body.policy == .drop)
        #expect(chain.body.type == "filter")
    }

    @Test func otherChain() throws {
        let edit = try edit("add chain filter lan")
        #expect(
            edit.message
                == .chain(ChainMessage(family: .inet, table: "filter", name: "lan")))
        #expect(try self.edit("delete chain filter lan").type == .deleteChain)
    }

    @Test(arguments: ["limit", "lan-1", "日本", "reject"])
    func chainNames(name: String) throws {
        #expect(try edit("add chain filter \(name)").type == .newChain)
    }

    @Test func policyAndName() throws {
        let policy = try edit("policy filter input drop")
        #expect(policy.type == .newChain && policy.flags.isEmpty)
        #expect(
            policy.message
                == .chain(
                    ChainMessage(
                        family: .inet, table: "filter", name: "input",
                        body: ChainBody(policy: .drop))))
        let rename = try edit("rename ip filter input in")
        #expect(
            rename.message
                == .chain(
                    ChainMessage(family: .ip, table: "filter", name: "input", newName: "in")))
    }

    @Test(arguments: [
        "insert --at 0 filter input -j ACCEPT",
        "insert --at 1 --before 3 filter input -j ACCEPT",
        "replace filter input -j ACCEPT",
        "replace --id 1 --at 1 filter input -j ACCEPT",
        "delete --id 1 filter input -j ACCEPT",
        "delete --id 1 --at 1 filter input",
        "policy filter input reject",
        "policy drop",
        "rename filter input",
        "append filter input --json",
        "append --bogus filter input -j ACCEPT",
        "append --tx 3 filter input -j ACCEPT",
        "append -m why filter input -j ACCEPT",
        "add table --policy nobody x",
        "list",
        "inesrt filter input -j ACCEPT",
    ])
    func refusedLines(line: String) {
        let error = #expect(throws: CommandError.self) { try edit(line) }
        #expect(error?.kind == .usage)
    }

    @Test(arguments: [("observed", TableWatch.Policy.observed), ("enforced", .enforced)])
    func otherTablePolicies(word: String, policy: TableWatch.Policy) throws {
        guard case .table(let table) = try edit("add table --policy \(word) x").message else {
            Issue.record("no table")
            return
        }
        #expect(table.body.watch == TableWatch(policy))
        #expect(table.body.flags.isEmpty)
        #expect(throws: CommandError.self) { try edit("add table --policy open x") }
    }
}
