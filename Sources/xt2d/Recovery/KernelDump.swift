import NetlinkProto
import RuleStore

/// What the kernel has in some tables, read whole between two commits.
struct KernelDump {
    /// One chain with its rules in order.
    struct Chain {
        let message: ChainMessage
        /// In order; those of a part stand where the jump to it does, and name the part as their chain.
        var rules: [RuleMessage] = []
        /// The rules that jump to its parts.
        var jumps: [(part: ChainPart, handle: Handle)] = []

        /// Whether it is what a part is: it has rules, and none that could not be in one.
        fileprivate var isWholePart: Bool {
            message.body == ChainBody() && !rules.isEmpty
                && rules.allSatisfy { rule in
                    guard let body = try? rule.body.encoded() else { return false }
                    return rule.partJumpedTo == nil
                        && ChainExit(body, family: message.family) != .mayLeave
                }
        }

        /// Where a rule of the chain is.
        func place(of rule: RuleMessage) -> KernelPlace? {
            rule.handle.map {
                let part =
                    rule.chain == message.name ? nil : rule.chain.flatMap(ChainPart.init(name:))
                return KernelPlace($0, in: part ?? .chain)
            }
        }
    }

    /// One table with its chains, by name.
    struct Table {
        let message: TableMessage
        /// Who alone may change it, if that is not this daemon.
        let owner: TableOwner?
        var chains: [String: Chain] = [:]
        /// Anonymous sets of the table's rules, by the name that the kernel gave them.
        var sets: [String: AnonymousSet] = [:]
        /// Named sets with their elements; those that expire, or that packets make, are left out.
        var namedSets: [NamedSet] = []
        var objects: [ObjectMessage] = []
        var flowtables: [FlowtableMessage] = []
    }

    /// A set that is an object of its own.
    struct NamedSet {
        let message: SetMessage
        var elements: [SetElement] = []
    }

    /// The tables that are there, of those that were asked for.
    private(set) var tables: [ObjectID: Table] = [:]
    /// Tables that are there and hold something that cannot be read, and what.
    private(set) var unreadable: [ObjectID: String] = [:]
    /// The generation that all of this is of.
    private(set) var generation = GenerationID.none

    /// Where a ruleset's rules are, by the ids in their userdata, its chains, by their names, and the jumps to their parts.
    func places(in ruleset: Ruleset) -> [(ObjectID, KernelPlace)] {
        tables.flatMap { id, table in
            table.chains.values.flatMap { chain in
                let own = chain.message.name.flatMap {
                    ruleset.child(of: id, kind: .chain, name: $0)?.id
                }
                let all =
                    [(own, chain.message.handle.map { KernelPlace($0) })]
                    + chain.rules.map { ($0.identity, chain.place(of: $0)) }
                    + chain.jumps.map { ($0.part.jump(in: id), KernelPlace($0.handle)) }
                return all.compactMap { id, place in id.flatMap { id in place.map { (id, $0) } } }
            }
        }
    }

    /// Reads the tables that the kernel has of these.
    ///
    /// - Throws: ``KernelError`` if commits by others never leave room for a whole dump.
    static func read(_ kernel: any Kernel, tables: [StoredObject]) throws(KernelError) -> KernelDump
    {
        var dump = KernelDump()
        try kernel.stable { () throws(KernelError) in
            dump = try KernelDump(reading: tables, kernel)
        }
        return dump
    }

    /// Reads them once.
    ///
    /// - Returns: nil if a commit came in between.
    static func uninterrupted(
        _ tables: [StoredObject], _ kernel: any Kernel
    ) throws(Refusal) -> KernelDump? {
        do {
            return try KernelDump(reading: tables, kernel)
        } catch {
            if error.errno == Errno.interrupted { return nil }
            throw Refusal(any: error)
        }
    }

    private init() {}

    private init(reading tables: [StoredObject], _ kernel: any Kernel) throws(KernelError) {
        generation = try kernel.generation()
        for table in tables { try readOrNote(table, kernel) }
        // Several dumps make one picture only if no commit came between them.
        guard try kernel.generation() == generation else {
            throw KernelError(errno: Errno.interrupted, origin: .reply)
        }
    }

    /// Reads one table; what is wrong with it is no reason not to read the others.
    private mutating func readOrNote(
        _ table: StoredObject, _ kernel: any Kernel
    ) throws(KernelError) {
        do {
            try read(table, kernel)
        } catch  where error.errno == Errno.badMessage {
            unreadable[table.id] = error.text
        }
    }

    private mutating func read(_ table: StoredObject, _ kernel: any Kernel) throws(KernelError) {
        let family = Family(rawValue: table.family)
        guard var found = try KernelDump.table(family, table.name, kernel) else { return }
        let named: (inout MessageWriter) -> Void = { $0.attribute(1, string: table.name) }
        // GETCHAIN has no filter by table, the others have.
        try kernel.dump(.getChain, family: family, { _ in }) { view throws(WireError) in
            guard try view.isAbout(table: table.name) else { return }
            let chain = try ChainMessage(view)
            guard let name = chain.name else { return }
            found.chains[name] = Chain(message: chain)
        }
        try kernel.dump(.getRule, family: family, named) { view throws(WireError) in
            let rule = try RuleMessage(view)
            guard rule.table == table.name, let chain = rule.chain else { return }
            found.chains[chain]?.rules.append(rule)
        }
        found.joinParts()
        try found.readSets(family, kernel)
        try found.readObjects(family, kernel)
        tables[table.id] = found
    }

    private static func table(
        _ family: Family, _ name: String, _ kernel: any Kernel
    ) throws(KernelError) -> Table? {
        var found: Table?
        try kernel.dump(.getTable, family: family, { _ in }) { view throws(WireError) in
            guard try view.isAbout(table: name) else { return }
            let message = try TableMessage(view)
            guard message.family == family else { return }
            let owner = try TableMessage.owner(of: view)
            found = Table(
                message: message,
                owner: owner == kernel.port ? nil : owner.map { TableOwner(port: $0) })
        }
        return found
    }
}

extension KernelDump.Table {
    /// Puts the rules of parts into the chains that they are parts of.
    ///
    /// A part that is not as xt2d makes them, because another program had a hand in it, stays a chain.
    fileprivate mutating func joinParts() {
        let named = Set(chains.keys.filter { ChainPart(name: $0) != nil })
        guard !named.isEmpty else { return }
        var jumps: [String: Int] = [:]
        for rule in chains.values.lazy.flatMap(\.rules) {
            for target in rule.body.targets where named.contains(target) {
                jumps[target, default: 0] += 1
            }
        }
        for (name, chain) in chains where !named.contains(name) {
            guard chain.rules.contains(where: { $0.partJumpedTo != nil }) else { continue }
            var joined = KernelDump.Chain(message: chain.message)
            for rule in chain.rules {
                guard let part = rule.partJumpedTo, jumps[part.name] == 1,
                    let handle = rule.handle, let other = chains[part.name], other.isWholePart
                else {
                    joined.rules.append(rule)
                    continue
                }
                joined.rules += other.rules
                joined.jumps.append((part, handle))
                chains[part.name] = nil
            }
            chains[name] = joined
        }
    }

    /// Reads the anonymous sets, each with its elements.
    fileprivate mutating func readSets(_ family: Family, _ kernel: any Kernel) throws(KernelError) {
        let table = message.name
        var names: [String] = []
        var found: [String: AnonymousSet] = [:]
        var named: [KernelDump.NamedSet] = []
        try kernel.dump(.getSet, family: family, { $0.attribute(1, string: table) }) {
            view throws(WireError) in
            let set = try SetMessage(view)
            guard set.table == table else { return }
            guard set.body.flags.contains(.anonymous) else {
                return named.append(KernelDump.NamedSet(message: set))
            }
            names.append(set.name)
            found[set.name] = AnonymousSet(body: set.body, elements: [])
        }
        for name in names { found[name]?.elements = try elements(of: name, family, kernel) }
        for index in named.indices {
            let set = named[index].message
            named[index].elements = try elements(of: set.name, family, kernel)
                .filter { ForeignBody.isContent($0, of: set.body) }
        }
        sets = found
        namedSets = named
    }

    private func elements(
        of set: String, _ family: Family, _ kernel: any Kernel
    ) throws(KernelError) -> [SetElement] {
        var elements: [SetElement] = []
        let asked: (inout MessageWriter) -> Void = { writer in
            writer.attribute(1, string: message.name)
            writer.attribute(2, string: set)
        }
        try kernel.dump(.getSetElement, family: family, asked) { view throws(WireError) in
            elements += try SetElementMessage(view).elements
        }
        return elements
    }

    /// Reads stateful objects and flowtables.
    fileprivate mutating func readObjects(
        _ family: Family, _ kernel: any Kernel
    ) throws(KernelError) {
        let table = message.name
        let asked: (inout MessageWriter) -> Void = { $0.attribute(1, string: table) }
        var objects: [ObjectMessage] = []
        try kernel.dump(.getObject, family: family, asked) { view throws(WireError) in
            let object = try ObjectMessage(view)
            if object.table == table { objects.append(object) }
        }
        var flowtables: [FlowtableMessage] = []
        try kernel.dump(.getFlowtable, family: family, asked) { view throws(WireError) in
            let flowtable = try FlowtableMessage(view)
            if flowtable.table == table { flowtables.append(flowtable) }
        }
        self.objects = objects
        self.flowtables = flowtables
    }
}

extension RuleMessage {
    /// The part of its chain that the rule is there to jump to; nil for all rules that are not for that.
    fileprivate var partJumpedTo: ChainPart? {
        guard let part = identity.flatMap(ChainPart.init(jump:)),
            body.expressions == RuleBody(jumpTo: part, userData: []).expressions
        else { return nil }
        return part
    }

    /// The rule id in the userdata, or nil if the rule is not one of ours.
    var identity: ObjectID? {
        guard let bytes = try? UserData(body.userData).identity, bytes.count == 8 else {
            return nil
        }
        return ObjectID(rawValue: UInt64(bigEndianBytes: bytes))
    }
}

extension MessageView {
    /// Whether the message is about a table of this name, or about something in it: in all of them that is attribute 1.
    ///
    /// Names are compared as bytes, because others' need not be text.
    func isAbout(table name: String) throws(WireError) -> Bool {
        var attributes = try attributes()
        while let attribute = try attributes.next() {
            guard attribute.type == 1 else { continue }
            var bytes = attribute.bytes()
            if bytes.last == 0 { bytes.removeLast() }
            return bytes.elementsEqual(name.utf8)
        }
        return false
    }
}

extension Errno {
    /// EBADMSG: bytes from the kernel that are not what they should be.
    static let badMessage: Int32 = 74
}
