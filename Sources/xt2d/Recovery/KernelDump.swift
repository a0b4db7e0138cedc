import NetlinkProto
import RuleStore

/// What the kernel has in some tables, read whole between two commits.
struct KernelDump {
    /// One chain with its rules in order.
    struct Chain {
        let message: ChainMessage
        var rules: [RuleMessage] = []
    }

    /// One table with its chains, by name.
    struct Table {
        let message: TableMessage
        var chains: [String: Chain] = [:]
        /// Anonymous sets of the table's rules, by the name that the kernel gave them.
        var sets: [String: AnonymousSet] = [:]
    }

    /// The tables that are there, of those that were asked for.
    private(set) var tables: [ObjectID: Table] = [:]

    /// The handles of a ruleset's rules, by the ids in their userdata, and of its chains, by their names.
    func handles(in ruleset: Ruleset) -> [(ObjectID, Handle)] {
        tables.flatMap { id, table in
            table.chains.values.flatMap { chain in
                let own = chain.message.name.flatMap {
                    ruleset.child(of: id, kind: .chain, name: $0)?.id
                }
                let all = [(own, chain.message.handle)] + chain.rules.map { ($0.identity, $0.handle) }
                return all.compactMap { id, handle in id.flatMap { id in handle.map { (id, $0) } } }
            }
        }
    }

    /// Reads the tables that the kernel has of these.
    ///
    /// - Throws: ``KernelError`` if commits by others never leave room for a whole dump.
    static func read(_ kernel: any Kernel, tables: [StoredObject]) throws(KernelError) -> KernelDump {
        var dump = KernelDump()
        try kernel.stable { () throws(KernelError) in
            dump = KernelDump()
            let generation = try kernel.generation()
            for table in tables { try dump.read(table, kernel) }
            // Several dumps make one picture only if no commit came between them.
            guard try kernel.generation() == generation else {
                throw KernelError(errno: Errno.interrupted, origin: .reply)
            }
        }
        return dump
    }

    private mutating func read(_ table: StoredObject, _ kernel: any Kernel) throws(KernelError) {
        let family = Family(rawValue: table.family)
        guard var found = try KernelDump.table(family, table.name, kernel) else { return }
        let named: (inout MessageWriter) -> Void = { $0.attribute(1, string: table.name) }
        // GETCHAIN has no filter by table, the others have.
        try kernel.dump(.getChain, family: family, { _ in }) { view throws(WireError) in
            let chain = try ChainMessage(view)
            guard chain.table == table.name, let name = chain.name else { return }
            found.chains[name] = Chain(message: chain)
        }
        try kernel.dump(.getRule, family: family, named) { view throws(WireError) in
            let rule = try RuleMessage(view)
            guard rule.table == table.name, let chain = rule.chain else { return }
            found.chains[chain]?.rules.append(rule)
        }
        try found.readSets(family, kernel)
        tables[table.id] = found
    }

    private static func table(
        _ family: Family, _ name: String, _ kernel: any Kernel
    ) throws(KernelError) -> Table? {
        var found: Table?
        try kernel.dump(.getTable, family: family, { _ in }) { view throws(WireError) in
            let message = try TableMessage(view)
            if message.name == name && message.family == family { found = Table(message: message) }
        }
        return found
    }
}

extension KernelDump.Table {
    /// Reads the anonymous sets, each with its elements.
    fileprivate mutating func readSets(_ family: Family, _ kernel: any Kernel) throws(KernelError) {
        let table = message.name
        var names: [String] = []
        var found: [String: AnonymousSet] = [:]
        try kernel.dump(.getSet, family: family, { $0.attribute(1, string: table) }) {
            view throws(WireError) in
            let set = try SetMessage(view)
            guard set.table == table, set.body.flags.contains(.anonymous) else { return }
            names.append(set.name)
            found[set.name] = AnonymousSet(body: set.body, elements: [])
        }
        for name in names {
            let asked: (inout MessageWriter) -> Void = { writer in
                writer.attribute(1, string: table)
                writer.attribute(2, string: name)
            }
            try kernel.dump(.getSetElement, family: family, asked) { view throws(WireError) in
                found[name]?.elements += try SetElementMessage(view).elements
            }
        }
        sets = found
    }

    /// The body of a rule as the store has it: without state and rule id, with its anonymous sets inside.
    func canonicalBody(_ rule: RuleMessage) throws(Refusal) -> [UInt8] {
        var body = rule.body
        for index in body.expressions.indices {
            guard case .lookup(var lookup) = body.expressions[index], let set = sets[lookup.set]
            else { continue }
            body.sets.append(set)
            lookup.set = RuleEncoder.anonymousName
            lookup.setID = UInt32(body.sets.count)
            body.expressions[index] = .lookup(lookup)
        }
        return try RuleCheck.canonical(body)
    }
}

extension RuleMessage {
    /// The rule id in the userdata, or nil if the rule is not one of ours.
    var identity: ObjectID? {
        guard let bytes = try? UserData(body.userData).identity, bytes.count == 8 else { return nil }
        return ObjectID(rawValue: UInt64(bigEndianBytes: bytes))
    }
}
