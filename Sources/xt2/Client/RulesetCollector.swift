import NetlinkProto
import RuleSyntax

/// Puts the parts of a ruleset together as they come: each table is followed by its chains, each chain by its rules.
struct RulesetCollector {
    /// What has come so far.
    private(set) var listing = RulesetListing(tables: [])

    /// Takes in one part of the reply.
    ///
    /// - Throws: ``WireError`` if it is damaged, or stands where it belongs to nothing.
    mutating func take(_ view: borrowing MessageView) throws(WireError) {
        switch view.header.type {
        case .newTable: add(try TableMessage(view))
        case .newChain: try add(try ChainMessage(view))
        case .newRule: try add(try RuleMessage(view))
        default: break  // a newer daemon's; what is not known is not needed
        }
    }

    private mutating func add(_ table: TableMessage) {
        listing.tables.append(
            TableListing(
                family: table.family, name: table.name, id: table.handle?.rawValue,
                policy: table.body.flags.contains(.owner) ? .owned : .observed, body: table.body))
    }

    private mutating func add(_ chain: ChainMessage) throws(WireError) {
        guard let last = listing.tables.indices.last, let name = chain.name else {
            throw WireError(.badValue, "a chain that belongs to no table")
        }
        listing.tables[last].chains.append(
            ChainListing(name: name, id: chain.handle?.rawValue, body: chain.body))
    }

    private mutating func add(_ rule: RuleMessage) throws(WireError) {
        guard let table = listing.tables.indices.last,
            let chain = listing.tables[table].chains.indices.last
        else {
            throw WireError(.badValue, "a rule that belongs to no chain")
        }
        listing.tables[table].chains[chain].rules.append(
            RuleListing(
                id: rule.handle?.rawValue, handle: rule.kernelHandle?.rawValue, body: rule.body))
    }
}

extension Client {
    /// Asks for a ruleset.
    ///
    /// - Throws: what the daemon refused, or why its reply cannot be read.
    mutating func ruleset(_ request: RulesetRequest) throws(CommandError) -> RulesetListing {
        var collector = RulesetCollector()
        try list(.getRuleset, request) { view throws(WireError) in try collector.take(view) }
        var listing = collector.listing
        listing.version = request.version
        return listing
    }
}
