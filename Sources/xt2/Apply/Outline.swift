import NetlinkProto
import RuleSyntax

/// A ruleset of which only that is known that tells its rules apart.
struct Outline {
    /// A chain.
    struct Chain {
        var name: String
        var body: ChainBody
        var rules: [RuleOutline] = []
    }

    /// A table.
    struct Table {
        var family: Family
        var name: String
        var body: TableBody
        var chains: [Chain] = []
        var objects: [SavedObject] = []

        /// How many rules it has.
        var ruleCount: Int { chains.reduce(0) { $0 + $1.rules.count } }
    }

    /// The version that it is of.
    var version: UInt64 = 0
    /// Its tables.
    var tables: [Table] = []

    /// Takes in one part of the reply.
    fileprivate mutating func take(_ view: borrowing MessageView) throws(WireError) {
        switch view.header.type {
        case .newTable:
            let table = try TableMessage(view)
            tables.append(Table(family: table.family, name: table.name, body: table.body))
        case .newChain: try add(try ChainMessage(view))
        case .newOutline: try add(try OutlineMessage(view))
        case .newSet: try add(ObjectListing(try SetMessage(view)))
        case .newObject: try add(ObjectListing(try ObjectMessage(view)))
        case .newFlowtable: try add(ObjectListing(try FlowtableMessage(view)))
        case .newSetElement: try add(try SetElementMessage(view))
        default: break  // a newer daemon's; what is not known is not needed
        }
    }

    private mutating func add(_ object: ObjectListing) throws(WireError) {
        guard let last = tables.indices.last, let saved = object.saved else {
            throw WireError(.badValue, "an object that belongs to no table")
        }
        tables[last].objects.append(saved)
    }

    private mutating func add(_ elements: SetElementMessage) throws(WireError) {
        guard let table = tables.indices.last, let set = tables[table].objects.indices.last,
            tables[table].objects[set].name == elements.set
        else { throw WireError(.badValue, "elements that belong to no set") }
        for element in elements.elements {
            tables[table].objects[set].elements.append(try element.encoded())
        }
    }

    private mutating func add(_ chain: ChainMessage) throws(WireError) {
        guard let last = tables.indices.last, let name = chain.name else {
            throw WireError(.badValue, "a chain that belongs to no table")
        }
        tables[last].chains.append(Chain(name: name, body: chain.body))
    }

    private mutating func add(_ part: OutlineMessage) throws(WireError) {
        if let version = part.version { self.version = version }
        let rules = try part.outlines()
        if rules.isEmpty { return }
        guard let table = tables.indices.last, let chain = tables[table].chains.indices.last else {
            throw WireError(.badValue, "rules that belong to no chain")
        }
        tables[table].chains[chain].rules += rules
    }
}

extension Client {
    /// Asks for an outline of the head, or of the head with a candidate's edits.
    ///
    /// - Throws: what the daemon refused, or why its reply cannot be read.
    mutating func outline(_ request: OutlineRequest) throws(CommandError) -> Outline {
        var outline = Outline()
        try list(.getOutline, request) { view throws(WireError) in try outline.take(view) }
        return outline
    }

    /// Tells the daemon which texts are those of which rules.
    ///
    /// - Throws: what the daemon refused, or why its reply cannot be read.
    mutating func note(_ texts: [RuleOutline]) throws(CommandError) {
        var rest = texts[...]
        while !rest.isEmpty {
            let part = rest.prefix(OutlineMessage.rulesPerMessage)
            rest = rest.dropFirst(part.count)
            try request(.noteTexts, OutlineMessage(part))
        }
    }
}
