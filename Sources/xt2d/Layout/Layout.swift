import NetlinkProto
import RuleStore

/// Turns a diff of the logical ruleset into kernel messages.
///
/// Pure: no I/O, no state but its arguments.
///
/// One rule is one kernel rule, but a long chain is several chains in the kernel (``ChainParts``). Nothing outside of this folder may
/// rely on either: the rest of the daemon knows rules by id, and only ``RuleHandles`` knows where they live.
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
    private let parts: ChainParts
    private let counters: [ObjectID: [CounterExpression]]
    private let ownership: TableBody.Flags

    private init(
        _ old: Ruleset, _ new: Ruleset, _ changes: [Change], _ handles: RuleHandles,
        _ graph: ChainGraph, _ counters: [ObjectID: [CounterExpression]],
        _ ownership: TableBody.Flags
    ) throws(LayoutError) {
        self.old = old
        self.new = new
        self.handles = handles
        self.counters = counters
        self.ownership = ownership
        names = ChainNames(changes)
        parts = ChainParts(
            old: old, new: new, handles: handles, graph: graph, ownership: ownership)
        work = try LayoutWork(changes, parts: parts, names: names)
    }

    /// The batch that turns `old`, which the kernel runs, into `new`.
    ///
    /// - Parameters:
    ///   - changes: what differs; at most one change an object.
    ///   - handles: where the rules of `old` live in the kernel.
    ///   - graph: who jumps where in `new`.
    ///   - counters: what new rules begin to count from, where that is not 0, and policies, where that was said.
    ///   - adopted: tables of both sides that this socket must make its own first.
    /// - Throws: ``LayoutError`` if the difference cannot be made in one batch, or a handle is not known.
    static func batch(
        from old: Ruleset, to new: Ruleset, changes: [Change], handles: RuleHandles,
        graph: ChainGraph, counters: [ObjectID: [CounterExpression]] = [:],
        adopting adopted: [StoredObject] = [],
        plan: BatchPlan
    ) throws(LayoutError) -> KernelBatch {
        let layout = try Layout(old, new, changes, handles, graph, counters, plan.ownership)
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
            writeFlush(place, subject: chain, to: &builder)
        }
        for part in work.emptiedParts { try writeRemoval(of: part, to: &builder) }
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
        let place = try place(of: rule, in: old)
        writeDeletion(of: try handle(of: rule.id), place, subject: rule.id, to: &builder)
    }

    private func writeDeletion(
        of handle: Handle, _ place: ChainPlace, subject: ObjectID,
        to builder: inout KernelBatchBuilder
    ) {
        builder.add(.deleteRule, subject: subject) { header, writer in
            RuleMessage(
                family: place.family, table: place.table, chain: place.kernelChain, handle: handle
            ).write(header, to: &writer)
        }
    }

    /// Takes all rules of a chain or part away.
    private func writeFlush(
        _ place: ChainPlace, subject: ObjectID, to builder: inout KernelBatchBuilder
    ) {
        builder.add(.deleteRule, subject: subject) { header, writer in
            RuleMessage(family: place.family, table: place.table, chain: place.kernelChain)
                .write(header, to: &writer)
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
        let layout = try Layout(
            ruleset, ruleset, [], RuleHandles(), ChainGraph(), counters, plan.ownership)
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
            let place = try place(of: rule, in: new)
            try write(rule, .replace, place, handle: handle, position: nil, to: &builder)
        }
        var numbers = PartNumbers(parts)
        for (chain, added) in work.addedRules {
            let place = try place(ofChain: chain, in: new)
            for run in ChainParts.runs(added) {
                try writeRun(run, of: chain, place, &numbers, to: &builder)
            }
        }
    }

    /// Writes new rules that stand side by side: each in front of what follows them all, which stays.
    private func writeRun(
        _ run: ChainParts.Run, of chain: ObjectID, _ place: ChainPlace,
        _ numbers: inout PartNumbers, to builder: inout KernelBatchBuilder
    ) throws(LayoutError) {
        guard let chain = new.object(chain), let table = new.object(place.tableID) else { return }
        for (home, rules) in try parts.homes(of: run, in: chain, table) {
            var home = home
            if case .newPart(let position) = home {
                let part = try writePart(before: position, of: chain, place, &numbers, to: &builder)
                home =
                    part.map { .inside($0, position: nil) } ?? .inside(.chain, position: position)
            }
            guard case .inside(let part, let position) = home else { continue }
            let flags = Layout.flags(before: position)
            for (_, rule) in rules {
                try write(
                    rule, flags, place.part(part), handle: nil, position: position, to: &builder)
            }
        }
    }

    private static func flags(before position: Handle?) -> MessageFlags {
        position == nil ? [.create, .append] : [.create]
    }

    // MARK: Parts of chains

    /// Makes a part and the jump to it; nil if the table has as many as there are numbers.
    private func writePart(
        before position: Handle?, of chain: StoredObject, _ place: ChainPlace,
        _ numbers: inout PartNumbers, to builder: inout KernelBatchBuilder
    ) throws(LayoutError) -> ChainPart? {
        guard let part = numbers.next(in: place.tableID), let jump = part.jump(in: place.tableID)
        else { return nil }
        builder.add(.newChain, [.create, .exclusive], subject: chain.id) { header, writer in
            ChainMessage(family: place.family, table: place.table, name: part.name)
                .write(header, to: &writer)
        }
        let userData: [UInt8]
        do {
            userData = try RuleEncoder.identified([], jump)
        } catch {
            throw .tooLarge(error)
        }
        let rule = RuleMessage(
            family: place.family, table: place.table, chain: place.chain, position: position,
            body: RuleBody(jumpTo: part, userData: userData))
        builder.addEchoed(
            .newRule, Layout.flags(before: position), id: jump, subject: chain.id
        ) {
            rule.write($0, to: &$1)
        }
        return part
    }

    /// Takes away a part, its rules, and the jump to it.
    private func writeRemoval(
        of emptied: LayoutWork.EmptiedPart, to builder: inout KernelBatchBuilder
    ) throws(LayoutError) {
        let place = try place(ofChain: emptied.chain, in: old)
        guard let jump = emptied.part.jump(in: place.tableID) else { return }
        if !emptied.isFlushed {
            writeDeletion(of: try handle(of: jump), place, subject: emptied.chain, to: &builder)
        }
        let part = place.part(emptied.part)
        writeFlush(part, subject: emptied.chain, to: &builder)
        builder.add(.deleteChain, subject: emptied.chain) { header, writer in
            ChainMessage(family: part.family, table: part.table, name: part.kernelChain)
                .write(header, to: &writer)
        }
        builder.noteLost(jump: jump)
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
        guard let place = handles[id] else { throw .unknownHandle(id) }
        return place.handle
    }

    /// Where a rule is that the kernel has.
    private func place(
        of rule: StoredObject, in ruleset: Ruleset
    ) throws(LayoutError) -> ChainPlace {
        try place(ofChain: rule.parent, in: ruleset).part(parts.part(of: rule.id))
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
    /// Which part of the chain is meant.
    var part = ChainPart.chain

    /// What the kernel calls the chain or part.
    var kernelChain: String { part == .chain ? chain : part.name }

    /// A part of the same chain.
    func part(_ part: ChainPart) -> ChainPlace {
        var place = self
        place.part = part
        return place
    }
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
