import NetlinkProto
import RuleStore

/// Sends tables, chains and rules of one version as nf_tables messages, rule ids in place of handles.
struct RulesetStream {
    let ruleset: Ruleset
    let handles: RuleHandles
    let counters: CounterValues?
    let request: MessageHeader
    /// What is told of rules in place of the rules themselves.
    var outlines: (@Sendable ([StoredObject]) -> [RuleOutline])?
    /// Whether sets, objects and flowtables are told of.
    var hasObjects = true

    /// Sends a table, its chains, and behind each chain its rules.
    func send(
        _ table: StoredObject, onlyChain: String?, _ replies: inout ReplyStream
    ) async throws {
        let message = TableMessage(
            family: Family(rawValue: table.family), name: table.name,
            handle: Handle(table.id.rawValue), body: try TableBody(encoded: table.body))
        try await replies.item(.newTable, of: request) { message.write($0, to: &$1) }
        if onlyChain == nil, hasObjects { try await sendObjects(of: table, &replies) }
        for chain in ruleset.children(of: table.id, kind: .chain)
        where onlyChain == nil || chain.name == onlyChain {
            try await send(chain, of: table, &replies)
        }
    }

    /// Sends stateful objects, flowtables, and sets with their elements.
    private func sendObjects(
        of table: StoredObject, _ replies: inout ReplyStream
    ) async throws {
        let family = Family(rawValue: table.family)
        for object in ruleset.children(of: table.id, kind: .object) {
            var message = try ObjectBody(encoded: object.body)
                .message(family: family, table: table.name, name: object.name)
            message.handle = Handle(object.id.rawValue)
            try await replies.item(.newObject, of: request) { message.write($0, to: &$1) }
        }
        for object in ruleset.children(of: table.id, kind: .flowtable) {
            let message = FlowtableMessage(
                family: family, table: table.name, name: object.name,
                handle: Handle(object.id.rawValue),
                body: try FlowtableBody(encoded: object.body))
            try await replies.item(.newFlowtable, of: request) { message.write($0, to: &$1) }
        }
        for set in ruleset.children(of: table.id, kind: .set) {
            let message = SetMessage(
                family: family, table: table.name, name: set.name,
                handle: Handle(set.id.rawValue), body: try SetBody(encoded: set.body))
            try await replies.item(.newSet, of: request) { message.write($0, to: &$1) }
            for element in ruleset.elements(of: set.id) {
                let message = SetElementMessage(
                    family: family, table: table.name, set: set.name,
                    elements: [try SetElement(encoded: element.body)])
                try await replies.item(.newSetElement, of: request) { message.write($0, to: &$1) }
            }
        }
    }

    private func send(
        _ chain: StoredObject, of table: StoredObject, _ replies: inout ReplyStream
    ) async throws {
        let family = Family(rawValue: table.family)
        let message = ChainMessage(
            family: family, table: table.name, name: chain.name,
            handle: Handle(chain.id.rawValue), body: try ChainBody(encoded: chain.body),
            counters: counters?.policies[chain.id])
        try await replies.item(.newChain, of: request) { message.write($0, to: &$1) }
        if let outlines { return try await send(outlines, of: chain, &replies) }
        for start in stride(
            from: 0, to: ruleset.ruleCount(of: chain.id), by: RulesetStream.rulesAtOnce)
        {
            let part = start..<start + RulesetStream.rulesAtOnce
            for rule in ruleset.rules(of: chain.id, at: part) {
                try await send(rule, of: chain, in: table, &replies)
            }
        }
    }

    private static let rulesAtOnce = 512

    private func send(
        _ rule: StoredObject, of chain: StoredObject, in table: StoredObject,
        _ replies: inout ReplyStream
    ) async throws {
        var body = try RuleBody(encoded: rule.body)
        if let counters {
            body.expressions = counters.fill(
                body.expressions, of: rule.id, in: table.id, handle: handles[rule.id]?.handle)
        }
        let message = RuleMessage(
            family: Family(rawValue: table.family), table: table.name, chain: chain.name,
            handle: Handle(rule.id.rawValue), kernelHandle: handles[rule.id]?.handle, body: body)
        try await replies.item(.newRule, of: request) { message.write($0, to: &$1) }
    }

    private func send(
        _ outlines: ([StoredObject]) -> [RuleOutline], of chain: StoredObject,
        _ replies: inout ReplyStream
    ) async throws {
        let size = OutlineMessage.rulesPerMessage
        for start in stride(from: 0, to: ruleset.ruleCount(of: chain.id), by: size) {
            let rules = ruleset.rules(of: chain.id, at: start..<start + size)
            try await send(outlines(rules), &replies)
        }
    }

    private func send(_ outlines: [RuleOutline], _ replies: inout ReplyStream) async throws {
        let message = OutlineMessage(outlines)
        try await replies.item(.newOutline, of: request) { message.write($0, to: &$1) }
    }
}

/// The counters of rules and policies, as the kernel has them at one moment.
struct CounterValues: Sendable {
    private var counters: [ObjectID: [CounterExpression]] = [:]
    /// What the policies of chains have counted, of those that count.
    private(set) var policies: [ObjectID: CounterExpression] = [:]
    /// Those of rules that do not carry their id, because another program made them; handles are the table's.
    private var strangers: [ObjectID: [Handle: [CounterExpression]]] = [:]

    /// Reads the counters of rules, in some chains of some tables or, for nil, in all of a table's, and of policies.
    static func read(
        _ tables: [(table: StoredObject, chains: [String?])],
        policies: [(chain: StoredObject, table: StoredObject)]
    ) throws -> CounterValues {
        do {
            let kernel = try KernelLink()
            var values = CounterValues()
            try kernel.stable { () throws(KernelError) in
                values = CounterValues()
                for (table, chains) in tables {
                    for chain in chains { try values.read(table, chain, kernel) }
                }
                for (chain, table) in policies { try values.read(chain, of: table, kernel) }
            }
            return values
        } catch {
            throw Refusal(
                error.errno, "The kernel's counters cannot be read: \(error.description).",
                outcome: .failed)
        }
    }

    private mutating func read(
        _ chain: StoredObject, of table: StoredObject, _ kernel: KernelLink
    ) throws(KernelError) {
        let name = ChainMessage(
            family: Family(rawValue: table.family), table: table.name, name: chain.name)
        do {
            policies[chain.id] = try kernel.counters(of: name)
        } catch  where error.errno == Errno.noEntry {
            // It went between the version that is shown and now.
        }
    }

    private mutating func read(
        _ table: StoredObject, _ chain: String?, _ kernel: KernelLink
    ) throws(KernelError) {
        var found: [ObjectID: [CounterExpression]] = [:]
        var others: [Handle: [CounterExpression]] = [:]
        try kernel.dump(.getRule, family: Family(rawValue: table.family)) { writer in
            writer.attribute(1, string: table.name)
            if let chain { writer.attribute(2, string: chain) }
        } _: { view throws(WireError) in
            let rule = try RuleMessage(view)
            guard rule.table == table.name else { return }
            if let id = rule.identity {
                found[id] = rule.body.expressions.counters
            } else if let handle = rule.handle {
                others[handle] = rule.body.expressions.counters
            }
        }
        counters.merge(found) { $1 }
        strangers[table.id, default: [:]].merge(others) { $1 }
    }

    /// The expressions of a rule with the kernel's values in its counters.
    func fill(
        _ expressions: [Expression], of rule: ObjectID, in table: ObjectID, handle: Handle?
    ) -> [Expression] {
        let values = counters[rule] ?? handle.flatMap { strangers[table]?[$0] }
        return expressions.counting(values ?? [])
    }
}

extension [Expression] {
    /// The counters among them, in order.
    var counters: [CounterExpression] {
        compactMap { expression in
            guard case .counter(let counter) = expression else { return nil }
            return counter
        }
    }

    /// The same expressions with these values in their counters, the first in the first and so on.
    func counting(_ values: [CounterExpression]) -> [Expression] {
        var values = values[...]
        return map { expression in
            guard case .counter = expression, let value = values.popFirst() else {
                return expression
            }
            return .counter(value)
        }
    }
}
