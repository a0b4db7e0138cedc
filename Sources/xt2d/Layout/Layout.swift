import NetlinkProto
import RuleStore

/// Turns a diff of the logical ruleset into kernel messages.
///
/// Pure: no I/O, no state but its arguments.
///
/// Today one rule is one kernel rule. Nothing outside of this folder may rely on that: the rest of the daemon knows rules by
/// id, and only ``RuleHandles`` knows where they live.
///
/// The order of messages in a batch, and why:
/// 1. rules go, then elements, sets and objects, so that nothing names what goes next;
/// 2. chains and tables go, so that their names are free;
/// 3. tables and chains come, then objects, sets and elements, so that rules can name them;
/// 4. rules come and change, each run of new rules placed by a neighbour that stays;
/// 5. chains are renamed: the kernel knows the new name only after the batch, so everything before uses the old one, and what takes
///    the old one makes the chain be deleted and made anew (``ChainNames``);
/// 6. the marker comes back with the new version; the old one went first of all, because the kernel lays errors of a commit
///    as a whole to the message behind BATCH_BEGIN, and no rule should be blamed for them.
struct Layout {
    private let old: Ruleset
    private let new: Ruleset
    private let handles: RuleHandles
    private let names: ChainNames
    private let work: LayoutWork
    private let counters: [ObjectID: [CounterExpression]]
    private let ownership: TableBody.Flags

    private init(
        _ old: Ruleset, _ new: Ruleset, _ changes: [Change], _ handles: RuleHandles,
        _ counters: [ObjectID: [CounterExpression]], _ ownership: TableBody.Flags
    ) throws(LayoutError) {
        self.old = old
        self.new = new
        self.handles = handles
        self.counters = counters
        self.ownership = ownership
        names = ChainNames(changes)
        work = try LayoutWork(changes, old: old, new: new, names: names)
    }

    /// The batch that turns `old`, which the kernel runs, into `new`.
    ///
    /// - Parameters:
    ///   - changes: what differs; at most one change an object.
    ///   - handles: where the rules of `old` live in the kernel.
    ///   - counters: what new rules begin to count from, where that is not 0, and policies, where that was said.
    ///   - adopted: tables of both sides that this socket must make its own first.
    /// - Throws: ``LayoutError`` if the difference cannot be made in one batch, or a handle is not known.
    static func batch(
        from old: Ruleset, to new: Ruleset, changes: [Change], handles: RuleHandles,
        counters: [ObjectID: [CounterExpression]] = [:], adopting adopted: [StoredObject] = [],
        plan: BatchPlan
    ) throws(LayoutError) -> KernelBatch {
        let layout = try Layout(old, new, changes, handles, counters, plan.ownership)
        var builder = KernelBatchBuilder(
            generation: plan.generation,
            bytes: changes.reduce(0) { $0 + ($1.after?.body.count ?? 0) + Layout.headBytes })
        // First what belongs to no object: the kernel lays errors of a commit as a whole to the message behind BATCH_BEGIN.
        if plan.adoptsMarkerTable { builder.addTable(plan.markerTable, subject: nil) }
        if plan.replacesMarker { builder.deleteMarker(plan.marker) }
        for table in adopted {
            builder.addTable(try TableMessage(table, plan.ownership), subject: table.id)
        }
        try layout.writeRemovals(to: &builder)
        try layout.writeContainers(to: &builder)
        try layout.writeRules(to: &builder)
        try layout.writeRenames(to: &builder)
        do {
            return try builder.finish(marker: plan.marker)
        } catch {
            throw .tooLarge(error)
        }
    }

    /// The batch that makes tables this socket's own and changes nothing else, the marker neither.
    static func takeover(
        _ tables: [StoredObject], plan: BatchPlan
    ) throws(LayoutError) -> KernelBatch {
        var builder = KernelBatchBuilder(generation: plan.generation)
        for table in tables {
            builder.addTable(try TableMessage(table, plan.ownership), subject: table.id)
        }
        do {
            return try builder.finish(table: plan.markerTable)
        } catch {
            throw .tooLarge(error)
        }
    }

    /// About how much of a message comes before the rule: the headers, the names of table and chain, a position.
    private static let headBytes = 96

    // MARK: Removals

    private func writeRemovals(to builder: inout KernelBatchBuilder) throws(LayoutError) {
        for chain in work.flushedChains {
            let place = try place(ofChain: chain, in: old)
            builder.add(.deleteRule, subject: chain) { header, writer in
                RuleMessage(family: place.family, table: place.table, chain: place.chain)
                    .write(header, to: &writer)
            }
        }
        for rule in work.deletedRules { try writeDeletion(of: rule, to: &builder) }
        try objects.writeRemovals(to: &builder)
        for chain in work.deletedChains {
            let place = try place(ofChain: chain.id, in: old)
            builder.add(.deleteChain, subject: chain.id) { header, writer in
                ChainMessage(family: place.family, table: place.table, name: place.chain)
                    .write(header, to: &writer)
            }
        }
        for table in work.deletedTables {
            builder.add(.deleteTable, subject: table.id) { header, writer in
                TableMessage(family: Family(rawValue: table.family), name: table.name)
                    .write(header, to: &writer)
            }
        }
    }

    private func writeDeletion(
        of rule: StoredObject, to builder: inout KernelBatchBuilder
    ) throws(LayoutError) {
        let place = try place(ofChain: rule.parent, in: old)
        let handle = try handle(of: rule.id)
        builder.add(.deleteRule, subject: rule.id) { header, writer in
            RuleMessage(
                family: place.family, table: place.table, chain: place.chain, handle: handle
            ).write(header, to: &writer)
        }
    }

    // MARK: Tables and chains

    private func writeContainers(to builder: inout KernelBatchBuilder) throws(LayoutError) {
        for table in work.addedTables {
            // EXCL: a table of this name that xt2 did not make is somebody else's.
            builder.addTable(
                try TableMessage(table, ownership), flags: .exclusive, subject: table.id)
        }
        for table in work.modifiedTables {
            builder.addTable(try TableMessage(table, ownership), subject: table.id)
        }
        for chain in work.addedChains {
            let message = try chainMessage(chain)
            builder.addEchoed(.newChain, [.create, .exclusive], id: chain.id) {
                message.write($0, to: &$1)
            }
        }
        for chain in work.modifiedChains {
            let message = try chainMessage(chain)
            builder.add(.newChain, subject: chain.id) { message.write($0, to: &$1) }
        }
        try writeCounters(to: &builder)
        try objects.writeAdditions(to: &builder)
    }

    private var objects: ObjectEncoder {
        ObjectEncoder(old: old, new: new, work: work.objects, names: names)
    }

    private func chainMessage(_ chain: StoredObject) throws(LayoutError) -> ChainMessage {
        let place = try place(ofChain: chain.id, in: new)
        do {
            let body = try ChainBody(encoded: chain.body)
            var message = ChainMessage(
                family: place.family, table: place.table, name: place.chain, body: body)
            message.counters = counters[chain.id]?.first
            if message.counters == nil, body.hook != nil, old.object(chain.id) == nil,
                IPTablesChains.contains(place)
            {
                message.counters = CounterExpression()
            }
            return message
        } catch {
            throw .damaged(chain.id, error)
        }
    }

    // MARK: Counters of policies

    /// Those of chains that have no message of their own.
    private func writeCounters(to builder: inout KernelBatchBuilder) throws(LayoutError) {
        let told = Set((work.addedChains + work.modifiedChains).map(\.id))
        for (id, values) in counters.sorted(by: { $0.key < $1.key }) where !told.contains(id) {
            guard new.object(id)?.kind == .chain else { continue }
            let place = try place(ofChain: id, in: new)
            builder.add(.newChain, subject: id) { header, writer in
                ChainMessage(
                    family: place.family, table: place.table, name: place.chain,
                    counters: values.first
                ).write(header, to: &writer)
            }
        }
    }

    /// The batch that changes nothing but what policies count from, the marker neither.
    static func recount(
        _ counters: [ObjectID: [CounterExpression]], in ruleset: Ruleset, plan: BatchPlan
    ) throws(LayoutError) -> KernelBatch {
        let layout = try Layout(ruleset, ruleset, [], RuleHandles(), counters, plan.ownership)
        var builder = KernelBatchBuilder(generation: plan.generation)
        try layout.writeCounters(to: &builder)
        do {
            return try builder.finish(table: plan.markerTable)
        } catch {
            throw .tooLarge(error)
        }
    }

    // MARK: Rules

    private func writeRules(to builder: inout KernelBatchBuilder) throws(LayoutError) {
        for rule in work.replacedRules {
            let handle = try handle(of: rule.id)
            let place = try place(ofChain: rule.parent, in: new)
            try write(rule, .replace, place, handle: handle, position: nil, to: &builder)
        }
        for (chain, added) in work.addedRules {
            let place = try place(ofChain: chain, in: new)
            for run in Layout.runs(added) {
                try writeRun(run, of: chain, place, to: &builder)
            }
        }
    }

    /// Splits rules, given with their indices in ascending order, where others stand between them.
    private static func runs(
        _ rules: [(index: Int, rule: StoredObject)]
    ) -> [ArraySlice<(index: Int, rule: StoredObject)>] {
        var runs: [ArraySlice<(index: Int, rule: StoredObject)>] = []
        var start = 0
        for end in rules.indices.dropFirst() where rules[end].index != rules[end - 1].index + 1 {
            runs.append(rules[start..<end])
            start = end
        }
        if start < rules.count { runs.append(rules[start...]) }
        return runs
    }

    /// Writes new rules that stand side by side: each in front of the rule that follows them all, which stays.
    private func writeRun(
        _ run: ArraySlice<(index: Int, rule: StoredObject)>, of chain: ObjectID,
        _ place: ChainPlace, to builder: inout KernelBatchBuilder
    ) throws(LayoutError) {
        guard let last = run.last else { return }
        var position: Handle?
        if let anchor = new.ruleID(at: last.index + 1, of: chain) {
            position = try handle(of: anchor)
        }
        let flags: MessageFlags = position == nil ? [.create, .append] : [.create]
        for (_, rule) in run {
            try write(rule, flags, place, handle: nil, position: position, to: &builder)
        }
    }

    private func write(
        _ rule: StoredObject, _ flags: MessageFlags, _ place: ChainPlace, handle: Handle?,
        position: Handle?, to builder: inout KernelBatchBuilder
    ) throws(LayoutError) {
        let encoder = try RuleEncoder(
            rule, names: names.before(in: place.tableID), counters: counters[rule.id])
        encoder.write(flags, place, handle: handle, position: position, to: &builder)
    }

    // MARK: Renames

    private func writeRenames(to builder: inout KernelBatchBuilder) throws(LayoutError) {
        for (before, after) in names.renamed {
            guard let table = after.parent.flatMap({ new.object($0) }) else { continue }
            // The kernel renames by handle; the name alone would make another chain.
            let handle = try handle(of: before.id)
            builder.add(.newChain, subject: after.id) { header, writer in
                ChainMessage(
                    family: Family(rawValue: table.family), table: table.name, name: after.name,
                    handle: handle
                ).write(header, to: &writer)
            }
        }
    }

    // MARK: Places

    private func handle(of id: ObjectID) throws(LayoutError) -> Handle {
        guard let handle = handles[id] else { throw .unknownHandle(id) }
        return handle
    }

    /// Where a chain is, by the names that the kernel knows while it reads the batch.
    private func place(
        ofChain id: ObjectID?, in ruleset: Ruleset
    ) throws(LayoutError) -> ChainPlace {
        guard let id, let chain = ruleset.object(id),
            let table = chain.parent.flatMap({ ruleset.object($0) })
        else { throw .unknownHandle(id ?? ObjectID(rawValue: 0)) }
        return ChainPlace(
            family: Family(rawValue: table.family), tableID: table.id, table: table.name,
            chain: names.kernelName(of: chain))
    }
}

/// Where a chain is in the kernel.
struct ChainPlace {
    let family: Family
    let tableID: ObjectID
    let table: String
    let chain: String
}

/// What a batch needs beside the diff.
struct BatchPlan {
    /// The kernel generation that it is planned on.
    var generation: GenerationID
    /// What the kernel is to carry afterwards.
    var marker: Marker
    /// Whether the kernel has a marker now.
    var replacesMarker: Bool
    /// Whether the marker's table must be made, or made this socket's own, first.
    var adoptsMarkerTable: Bool
    /// What the kernel can do: OWNER and PERSIST, or neither.
    var ownership: TableBody.Flags

    /// The table that holds the marker.
    var markerTable: TableMessage {
        TableMessage(
            family: Marker.family, name: Marker.table, body: TableBody(flags: ownership))
    }
}

/// Why a diff cannot be made into a batch.
enum LayoutError: Error {
    /// The kernel handle of an object is not known; a dump would tell.
    case unknownHandle(ObjectID)
    /// A stored body cannot be read.
    case damaged(ObjectID, WireError)
    /// Something does not fit into its message.
    case tooLarge(WireError)
}

extension TableMessage {
    /// The message that makes a stored table, owned as far as the running kernel knows ownership.
    init(_ table: StoredObject, _ ownership: TableBody.Flags) throws(LayoutError) {
        do {
            var body = try TableBody(encoded: table.body)
            body.watch = nil
            body.flags.subtract(TableBody.Flags([.owner, .persist]).subtracting(ownership))
            self.init(family: Family(rawValue: table.family), name: table.name, body: body)
        } catch {
            throw .damaged(table.id, error)
        }
    }
}

extension KernelBatchBuilder {
    mutating func addTable(
        _ table: TableMessage, flags: MessageFlags = [], subject: ObjectID?
    ) {
        add(.newTable, flags.union(.create), subject: subject) { table.write($0, to: &$1) }
    }
}
