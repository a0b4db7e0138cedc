import NetlinkProto
import RuleSyntax

/// A ruleset in a file beside the one that there is, and what turns the one into the other.
struct RulesetComparison {
    /// How much is changed.
    private(set) var counts = PlanCounts()
    /// The chains of the file, and those that go as chains without rules.
    private var chains: [ChainComparison] = []
    private let file: SavedRuleset
    private let progress: Progress?
    private var tableEdits: [LineEdit] = []
    private var removals: [LineEdit] = []
    private var creations: [LineEdit] = []
    /// Chains whose rules go with them and need no edits of their own.
    private var goneChains: Set<Int> = []

    /// Compares a file with what there is.
    ///
    /// - Parameters:
    ///   - scope: the only table that is looked at.
    ///   - progress: is told how many rules have been compared.
    /// - Throws: ``SourceError`` for the first rule that cannot be read.
    init(
        _ file: SavedRuleset, with outline: Outline, only scope: TableName?,
        _ progress: Progress? = nil
    ) throws(SourceError) {
        self.file = file
        self.progress = progress
        let wanted = file.tables.filter { scope == nil || scope == TableName($0.listing) }
        // Keys are strings, as typed, since chains are looked up by theirs: each other type of key has Swift's runtime search the
        // whole program. No family has a blank in its name.
        let names = Set(wanted.map { TableName($0.listing).description })
        var tables: [String: Outline.Table] = [:]
        for table in outline.tables {
            let key = TableName(family: table.family, table: table.name)
            if !names.contains(key.description) { try delete(table, key) }
            tables[key.description] = table
        }
        for table in wanted {
            let key = TableName(table.listing)
            try compare(table, key, tables[key.description])
        }
    }

    /// Rules that stay, with texts that the daemon did not know to be theirs.
    var learnt: [RuleOutline] { chains.flatMap(\.learnt) }

    /// The edits that turn the ruleset into that of the file, in an order in which each can be done.
    ///
    /// - Throws: ``SourceError`` if a rule cannot be read.
    func edits() throws(SourceError) -> [LineEdit] {
        var edits = tableEdits + removals + creations
        for (index, chain) in chains.enumerated() where !goneChains.contains(index) {
            edits += try chain.edits()
        }
        return edits
    }

    // MARK: Tables

    private mutating func delete(_ table: Outline.Table, _ key: TableName) throws(SourceError) {
        counts.tables.deleted += 1
        tableEdits.append(LineEdit(edit: edit(.deleteTable, key)))
        for chain in table.chains { try drop(chain, of: key) }
    }

    private func edit(
        _ type: MessageType, _ key: TableName, _ flags: MessageFlags = [],
        _ body: TableBody = TableBody()
    ) -> Edit {
        Edit(
            type: type, flags: flags,
            message: .table(TableMessage(family: key.family, name: key.table, body: body)), done: ""
        )
    }

    private mutating func compare(
        _ table: SavedRuleset.Table, _ key: TableName, _ old: Outline.Table?
    ) throws(SourceError) {
        let body = table.listing.wantedBody(insteadOf: old?.body)
        guard let old else { return try create(table, key, body) }
        var plain = old.body
        plain.flags = body.flags
        if plain.watch != nil, body.watch != nil { plain.watch = body.watch }
        guard plain == body else {
            // Nothing but its flags, and how others are treated that may change it, can be changed of a table.
            try delete(old, key)
            return try create(table, key, body.asNew)
        }
        if old.body != body {
            counts.tables.changed += 1
            tableEdits.append(
                LineEdit(edit: edit(.newTable, key, .create, body), line: table.line))
        }
        try compareObjects(table, key, old.objects)
        let names = Set(table.chains.map(\.name))
        for chain in old.chains where !names.contains(chain.name) {
            try drop(chain, of: key)
            remove(chain, key)
        }
        let chains = Dictionary(old.chains.map { ($0.name, $0) }) { first, _ in first }
        for chain in table.chains { try compare(chain, table, key, chains[chain.name]) }
    }

    private mutating func create(
        _ table: SavedRuleset.Table, _ key: TableName, _ body: TableBody
    ) throws(SourceError) {
        counts.tables.added += 1
        tableEdits.append(LineEdit(edit: edit(.newTable, key, .create, body), line: table.line))
        try compareObjects(table, key, [])
        for chain in table.chains { try create(chain, table, key) }
    }

    private mutating func compareObjects(
        _ table: SavedRuleset.Table, _ key: TableName, _ old: [SavedObject]
    ) throws(SourceError) {
        let comparison = try ObjectComparison(
            table.objects, with: old, in: key)
        counts.add(comparison)
        creations += comparison.edits
    }

    // MARK: Chains

    private mutating func compare(
        _ chain: SavedRuleset.Chain, _ table: SavedRuleset.Table, _ key: TableName,
        _ old: Outline.Chain?
    ) throws(SourceError) {
        guard let old else { return try create(chain, table, key) }
        let (before, after) = (old.body.withDefaults, chain.body.withDefaults)
        var plain = before
        plain.policy = after.policy
        guard plain == after else {
            // Nothing but its policy can be changed of a chain.
            try drop(old, of: key)
            remove(old, key)
            return try create(chain, table, key)
        }
        if before != after, let policy = after.policy {
            counts.chains.changed += 1
            creations.append(
                LineEdit(
                    edit: edit(.newChain, key, chain.name, [], ChainBody(policy: policy)),
                    line: chain.line))
        }
        try compareRules(chain, table, old.rules)
    }

    private func edit(
        _ type: MessageType, _ key: TableName, _ name: String, _ flags: MessageFlags = [],
        _ body: ChainBody = ChainBody()
    ) -> Edit {
        let message = ChainMessage(
            family: key.family, table: key.table, name: name, body: body)
        return Edit(type: type, flags: flags, message: .chain(message), done: "")
    }

    private mutating func create(
        _ chain: SavedRuleset.Chain, _ table: SavedRuleset.Table, _ key: TableName
    ) throws(SourceError) {
        counts.chains.added += 1
        let body = chain.body.withDefaults
        creations.append(
            LineEdit(edit: edit(.newChain, key, chain.name, .create, body), line: chain.line))
        try compareRules(chain, table, [])
    }

    private mutating func compareRules(
        _ chain: SavedRuleset.Chain, _ table: SavedRuleset.Table, _ old: [RuleOutline]
    ) throws(SourceError) {
        let comparison = try ChainComparison(file, table, chain, old: old, progress)
        counts.add(comparison.plan, of: old.count)
        chains.append(comparison)
    }

    /// Takes note that a chain goes with its rules.
    private mutating func drop(_ chain: Outline.Chain, of key: TableName) throws(SourceError) {
        counts.chains.deleted += 1
        goneChains.insert(chains.count)
        let table = SavedRuleset.Table(
            listing: TableListing(family: key.family, name: key.table), line: 0)
        try compareRules(
            SavedRuleset.Chain(name: chain.name, body: chain.body, line: 0), table, chain.rules)
    }

    /// The edits that take a chain away whose table stays.
    private mutating func remove(_ chain: Outline.Chain, _ key: TableName) {
        let name = ChainEdits(family: key.family, table: key.table, chain: chain.name)
        if !chain.rules.isEmpty { removals.append(LineEdit(edit: name.flush)) }
        removals.append(LineEdit(edit: edit(.deleteChain, key, chain.name)))
    }
}

extension TableBody {
    /// The same body for a table that xt2 makes itself.
    fileprivate var asNew: TableBody {
        var body = self
        guard body.watch != nil else { return body }
        body.watch?.isAdopted = false
        body.flags.subtract([.owner, .persist])
        return body
    }
}

extension TableListing {
    /// The body that a table of a file is to have: a file says how others are treated, if it does not stay as it is, and not
    /// who made the table.
    fileprivate func wantedBody(insteadOf old: TableBody?) -> TableBody {
        var body = body
        body.watch = policy.map(\.watch) ?? old?.watch
        if body.watch == nil {
            body.flags.formUnion([.owner, .persist])
        } else {
            body.watch?.isAdopted = old?.watch?.isAdopted ?? false
            body.flags.formUnion(old?.flags.intersection([.owner, .persist]) ?? [])
        }
        return body
    }
}
