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
        case .newSet: try add(ObjectListing(try SetMessage(view)))
        case .newSetElement: try add(try SetElementMessage(view))
        case .newObject: try add(ObjectListing(try ObjectMessage(view)))
        case .newFlowtable: try add(ObjectListing(try FlowtableMessage(view)))
        default: break  // a newer daemon's; what is not known is not needed
        }
    }

    private mutating func add(_ table: TableMessage) {
        listing.tables.append(
            TableListing(
                family: table.family, name: table.name, id: table.handle?.rawValue,
                policy: TablePolicy(table.body), body: table.body))
    }

    private mutating func add(_ chain: ChainMessage) throws(WireError) {
        guard let last = listing.tables.indices.last, let name = chain.name else {
            throw WireError(.badValue, "a chain that belongs to no table")
        }
        listing.tables[last].chains.append(
            ChainListing(name: name, id: chain.handle?.rawValue, body: chain.body))
    }

    private mutating func add(_ object: ObjectListing) throws(WireError) {
        guard let table = listing.tables.indices.last else {
            throw WireError(.badValue, "a set or object that belongs to no table")
        }
        listing.tables[table].objects.append(object)
    }

    private mutating func add(_ elements: SetElementMessage) throws(WireError) {
        guard let table = listing.tables.indices.last,
            let set = listing.tables[table].objects.indices.last,
            listing.tables[table].objects[set].name == elements.set
        else { throw WireError(.badValue, "elements that belong to no set") }
        for element in elements.elements { listing.tables[table].objects[set].add(element) }
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
