import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// A ruleset without daemon, store or kernel: edits go in as clients send them, changes come out.
struct Workbench {
    private(set) var ruleset = Ruleset()
    private(set) var graph = ChainGraph()
    private(set) var nextID = ObjectID.first

    /// An empty bench.
    init() {}

    /// A bench with a ruleset that no client could have made.
    init(_ ruleset: Ruleset) {
        self.ruleset = ruleset
        graph = ChainGraph(ruleset)
        nextID = ruleset.allObjects.map(\.id).max()?.next ?? .first
    }

    /// Carries out a batch; the bench is as before if it is refused.
    @discardableResult
    mutating func commit(_ build: (inout EditScript) -> Void) throws(Refusal) -> [Change] {
        var script = EditScript()
        build(&script)
        var editor = RulesetEditor(ruleset, graph: graph, nextID: nextID)
        for message in script.messages { try editor.apply(try Edit(message)) }
        let changes = try editor.changes()
        ruleset = editor.ruleset
        graph = editor.graph
        nextID = editor.nextID
        return changes
    }

    /// The error number with which a batch is refused; 0 if it is not.
    func errno(_ build: (inout EditScript) -> Void) -> Int32 {
        refusal(build)?.errno ?? 0
    }

    /// The refusal of a batch; nil if it would be carried out.
    func refusal(_ build: (inout EditScript) -> Void) -> Refusal? {
        var copy = self
        do {
            try copy.commit(build)
            return nil
        } catch {
            return error
        }
    }

    /// The ports that the rules of a chain match, in order; the bench's rules differ by them.
    func ports(_ chain: String) -> [Int] {
        rules(chain).map { rule in
            guard let body = try? RuleBody(encoded: rule.body) else { return -1 }
            for case .compare(let compare) in body.expressions where compare.value.count == 2 {
                return Int(compare.value[0]) << 8 | Int(compare.value[1])
            }
            return 0
        }
    }

    /// The ids of the rules of a chain, in order.
    func ids(_ chain: String) -> [UInt64] { rules(chain).map(\.id.rawValue) }

    /// The chains that the rules of a chain jump to, in order.
    func targets(_ chain: String) -> [String] {
        rules(chain).flatMap { (try? RuleBody(encoded: $0.body))?.targets ?? [] }
    }

    private func rules(_ name: String) -> [StoredObject] {
        guard let table = ruleset.table(family: Family.inet.rawValue, name: "t"),
            let chain = ruleset.child(of: table.id, kind: .chain, name: name)
        else { return [] }
        return Array(ruleset.rules(of: chain.id))
    }

    /// A table `inet t` with base chain `input` and regular chain `side`.
    static func usual() throws -> Workbench {
        var bench = Workbench()
        try bench.commit {
            $0.addTable()
            $0.addChain("input", hook: Hook(number: 1, priority: 0), type: "filter")
            $0.addChain("side")
        }
        return bench
    }
}
