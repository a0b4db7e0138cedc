import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// Changes of a candidate on a head that others have changed meanwhile.
@Suite struct StagedChangesTests {
    private func editor(on bench: Workbench) -> RulesetEditor {
        RulesetEditor(bench.ruleset, graph: bench.graph, nextID: bench.nextID)
    }

    /// The bodies of a chain's rules, in order.
    private func bodies(_ ruleset: Ruleset, _ chain: String) throws -> [[UInt8]] {
        let table = try #require(ruleset.tables.first)
        let chain = try #require(ruleset.child(of: table.id, kind: .chain, name: chain))
        return ruleset.rules(of: chain.id).map(\.body)
    }

    @Test func rulesThatGaveWayStayTogetherAndCanBeEdited() throws {
        let base = try Workbench.usual()
        // Ids of the candidate and of the head must differ, as the committer makes them.
        var candidate = base
        let first = try candidate.commit {
            $0.append(.tcp(port: 101), to: "input")
            $0.append(.tcp(port: 102), to: "input")
        }
        let rule = try #require(first.first { $0.object.kind == .rule })
        let second = try candidate.commit {
            $0.replace(rule.id.rawValue, in: "input", with: .tcp(port: 103))
        }
        var head = base
        try head.commit { script in
            for port in [1, 2] as [UInt16] { script.append(.tcp(port: port), to: "side") }
        }
        try head.commit { script in
            for port in [11, 12] as [UInt16] { script.append(.tcp(port: port), to: "input") }
        }
        var editor = editor(on: head)
        for change in first + second { try editor.applyStaged(change.renumbered(by: 1_000)) }
        let wanted = try [11, 103, 102, 12].map { try RuleCheck.canonical(.tcp(port: $0)) }
        #expect(try bodies(editor.ruleset, "input") == wanted)
    }

    @Test func aRenameThatLeavesAJumpBehindIsRefused() throws {
        let base = try Workbench.usual()
        var candidate = base
        let rename = try candidate.commit { $0.rename("side", to: "other") }
        var head = base
        try head.commit { $0.append(.jump(to: "side"), to: "input") }
        var editor = editor(on: head)
        for change in rename { try editor.applyStaged(change) }
        let refusal = #expect(throws: Refusal.self) { try editor.changes() }
        #expect(refusal?.errno == 16)
    }
}

extension Change {
    /// The same change to a rule with another id.
    fileprivate func renumbered(by step: UInt64) -> Change {
        func moved(_ object: StoredObject) -> StoredObject {
            StoredObject(
                id: ObjectID(rawValue: object.id.rawValue + step), kind: object.kind,
                parent: object.parent, orderKey: object.orderKey, body: object.body)
        }
        return switch self {
        case .add(let object): .add(moved(object))
        case .delete(let object): .delete(moved(object))
        case .modify(let before, let after): .modify(from: moved(before), to: moved(after))
        }
    }
}
