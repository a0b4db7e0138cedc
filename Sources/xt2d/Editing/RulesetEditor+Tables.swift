import Glibc
import NetlinkProto
import RuleStore

// What edits of tables and chains do.
extension RulesetEditor {
    mutating func newTable(_ message: TableMessage, _ edit: Edit) throws(Refusal) {
        try checkTable(message, edit)
        if let table = ruleset.table(family: message.family.rawValue, name: message.name) {
            return try update(table, message, edit)
        }
        var body = message.body
        if body.leavesPolicyOpen { body.flags = [.owner, .persist] }
        try add(
            StoredObject(
                id: takeID(), kind: .table, family: message.family.rawValue, name: message.name,
                body: try encoded(body)), edit)
    }

    /// Wakes a table or puts it to sleep: nothing else of a table can be changed in the kernel.
    private mutating func update(
        _ table: StoredObject, _ message: TableMessage, _ edit: Edit
    ) throws(Refusal) {
        if edit.flags.contains(.exclusive) {
            throw Refusal(EEXIST, "There is already a table \(table.title).")
        }
        if message.body.leavesPolicyOpen { return }
        var body = try decodedTable(table)
        guard message.body.userData.isEmpty || message.body.userData == body.userData else {
            throw Refusal(
                EEXIST, "The table \(table.title) is there with another comment; delete it first.")
        }
        guard (message.body.watch == nil) == (body.watch == nil) else {
            throw Refusal(
                EOPNOTSUPP,
                "The table \(table.title) is \(body.policyName): the kernel cannot make a table owned, or no longer owned, while it is in use. Delete it first; or 'xt2 release' it, restart xt2d, and 'xt2 adopt' it."
            )
        }
        body.flags = message.body.flags
        if body.watch == nil { body.flags.formUnion([.owner, .persist]) }
        if let wanted = message.body.watch { body.watch?.policy = wanted.policy }
        let bytes = try encoded(body)
        try modify(table, edit) { $0.body = bytes }
    }

    private func decodedTable(_ table: StoredObject) throws(Refusal) -> TableBody {
        do {
            return try TableBody(encoded: table.body)
        } catch {
            throw Refusal(
                EIO, "The stored table \(table.title) is damaged: \(error).", outcome: .failed)
        }
    }

    private func checkTable(_ message: TableMessage, _ edit: Edit) throws(Refusal) {
        guard Family.all.contains(message.family) else {
            throw Refusal(EAFNOSUPPORT, "There is no family number \(message.family.rawValue).")
        }
        try checkName(message.name, "table", edit, attribute: 1)
        if message.family == Marker.family && message.name == Marker.table {
            throw Refusal(EPERM, "The table inet xt2 is the daemon's own; choose another name.")
        }
        let body = message.body
        guard body.leavesPolicyOpen || body.flags.contains(.owner) == (body.watch == nil) else {
            throw Refusal(
                EINVAL,
                "A table is either owned (FLAGS OWNER and PERSIST) or watched (TABLE_WATCH), not both and not neither."
            )
        }
    }

    mutating func deleteTable(_ message: TableMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.name, edit)
        for chain in Array(ruleset.children(of: table.id, kind: .chain)) {
            try deleteRules(of: chain.id, edit)
            try delete(chain, edit)
        }
        for kind in [ObjectKind.set, .object, .flowtable] {
            for object in Array(ruleset.children(of: table.id, kind: kind)) {
                for element in Array(ruleset.elements(of: object.id)) { try delete(element, edit) }
                try delete(object, edit)
            }
        }
        try delete(table, edit)
    }

    // MARK: Chains

    mutating func newChain(_ message: ChainMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.table, edit)
        guard let name = message.name else { throw Refusal(EINVAL, "A chain needs a name.") }
        guard let chain = ruleset.child(of: table.id, kind: .chain, name: name) else {
            guard edit.flags.contains(.create) else {
                throw unknownChain(name, table, edit)
            }
            try checkChainName(name, edit, attribute: 3)
            let body = try ChainCheck.canonical(message.body, family: message.family)
            let chain = StoredObject(
                id: takeID(), kind: .chain, parent: table.id, name: name,
                body: try encoded(body))
            try add(chain, edit)
            return try noteCounters(of: message, chain, isNew: true, edit)
        }
        if edit.flags.contains(.exclusive) {
            throw Refusal(EEXIST, "There is already a chain \(name) in table \(table.title).")
        }
        try update(chain, message, edit)
        try noteCounters(of: message, chain, isNew: false, edit)
        if let newName = message.newName, let current = ruleset.object(chain.id) {
            try rename(current, to: newName, edit)
        }
    }

    private func checkChainName(
        _ name: String, _ edit: Edit, attribute: UInt16
    ) throws(Refusal) {
        try checkName(name, "chain", edit, attribute: attribute)
        if name.hasPrefix(ChainPart.prefix) {
            throw Refusal(
                EPERM,
                "Names that begin with \(ChainPart.prefix) are for the parts of long chains; choose another."
            ).at(edit.sequence, offset: edit.offset(of: attribute))
        }
    }

    private mutating func update(
        _ chain: StoredObject, _ message: ChainMessage, _ edit: Edit
    ) throws(Refusal) {
        var body = try decoded(chain)
        if edit.flags.contains(.create) {
            let wanted = try ChainCheck.canonical(message.body, family: message.family)
            guard wanted.hook == body.hook, wanted.type == body.type else {
                throw Refusal(
                    EEXIST,
                    "The chain \(chain.name) is there with another type, hook or priority; delete it first."
                )
            }
        }
        guard let policy = message.body.policy else { return }
        try ChainCheck.checkPolicy(policy, chain: chain.name, body: body)
        body.policy = policy
        let bytes = try encoded(body)
        try modify(chain, edit) { $0.body = bytes }
    }

    private mutating func rename(
        _ chain: StoredObject, to name: String, _ edit: Edit
    ) throws(Refusal) {
        try checkChainName(name, edit, attribute: ExtensionAttribute.newName)
        if name == chain.name { return }
        if let table = chain.parent, ruleset.child(of: table, kind: .chain, name: name) != nil {
            throw Refusal(EEXIST, "There is already a chain \(name).")
                .at(edit.sequence, offset: edit.offset(of: ExtensionAttribute.newName))
        }
        // Rules name chains, so those that jump here change with it; the kernel does its part by itself.
        if let table = chain.parent {
            let changes = try jumpChanges(
                in: table, [chain.name: name], chains: graph.sources(ofTarget: chain))
            for change in changes { try apply(change, edit) }
        }
        try modify(chain, edit) { $0.name = name }
    }

    private func jumpChanges(
        in table: ObjectID, _ names: [String: String], chains: [ObjectID]
    ) throws(Refusal) -> [Change] {
        do {
            return try ruleset.jumpChanges(in: table, names, chains: chains)
        } catch {
            throw Refusal(EIO, "A stored rule is damaged: \(error).", outcome: .failed)
        }
    }

    mutating func deleteChain(_ message: ChainMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.table, edit)
        let name = HeldName(table: table.id, kind: .chain, name: message.name ?? "")
        if boundChains.contains(name) { return }
        let chain = try self.chain(message.name, table, edit, attribute: 3)
        let count = ruleset.ruleCount(of: chain.id)
        guard count == 0 else {
            throw Refusal(
                EBUSY, "The chain \(chain.name) has \(count) rules; flush it first.")
        }
        try delete(chain, edit)
    }
}

extension TableBody {
    /// Whether it does not say whose the table is: one that is there stays as it is, a new one is owned.
    fileprivate var leavesPolicyOpen: Bool { flags.isEmpty && watch == nil }

    /// How xt2 treats others' changes, in a word.
    var policyName: String {
        switch watch?.policy {
        case nil: "owned"
        case .observed: "observed"
        case .enforced: "enforced"
        }
    }
}
