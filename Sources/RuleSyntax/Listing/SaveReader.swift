import NetlinkProto

/// Carries out the commands of a saved ruleset, one after the other.
struct SaveReader {
    private(set) var listing = RulesetListing()
    private var places: [TableKey: TablePlace] = [:]

    private struct TableKey: Hashable {
        var family: Family
        var name: String
    }

    private struct TablePlace {
        var index: Int
        var chains: [String: Int] = [:]
    }

    mutating func read(_ words: [String]) throws(RuleSyntaxError) {
        switch (words.first, words.dropFirst().first) {
        case ("add", "table"): try addTable(CommandWords(words, from: 2, flags: ["--dormant"]))
        case ("add", "chain"): try addChain(CommandWords(words, from: 2))
        case ("append", _): try append(words)
        default:
            throw RuleSyntaxError(
                "a saved ruleset has no command “\(words.prefix(2).joined(separator: " "))”",
                at: 0, hint: "there are: add table, add chain, append")
        }
    }

    private mutating func addTable(_ words: CommandWords) throws(RuleSyntaxError) {
        let (family, rest) = try words.familyAndNames(count: 1, "NAME")
        let key = TableKey(family: family, name: rest[0].text)
        guard places[key] == nil else {
            throw RuleSyntaxError(
                "table \(family.name) \(key.name) is there already", at: rest[0].index)
        }
        try words.refuseOptions(beside: ["--policy", "--dormant", "--attributes"])
        var table = TableListing(family: family, name: key.name)
        if let word = words["--policy"] {
            guard let policy = TablePolicy(rawValue: word.text) else {
                throw RuleSyntaxError(
                    "“\(word.text)” is not a policy", at: word.index,
                    hint: "there are: owned, observed, enforced")
            }
            table.policy = policy
        }
        if let word = words["--attributes"] { table.body = try words.body(word) }
        if words["--dormant"] != nil { table.body.flags.insert(.dormant) }
        places[key] = TablePlace(index: listing.tables.count)
        listing.tables.append(table)
    }

    private mutating func addChain(_ words: CommandWords) throws(RuleSyntaxError) {
        let (family, names) = try words.familyAndNames(count: 2, "TABLE CHAIN")
        let key = TableKey(family: family, name: names[0].text)
        let index = try place(key, at: names[0].index).index
        guard places[key]?.chains[names[1].text] == nil else {
            throw RuleSyntaxError(
                "chain \(names[1].text) is there already", at: names[1].index)
        }
        try ChainName.check(names[1])
        try words.refuseOptions(beside: [
            "--type", "--hook", "--priority", "--policy", "--device", "--attributes",
        ])
        let body: ChainBody
        if let word = words["--attributes"] {
            body = try words.body(word)
        } else {
            body = try SaveFormat.chainBody(
                type: words["--type"]?.text, hook: words["--hook"]?.text,
                priority: words["--priority"]?.text, policy: words["--policy"]?.text,
                devices: words.all("--device").map(\.text), family: family)
        }
        places[key]?.chains[names[1].text] = listing.tables[index].chains.count
        listing.tables[index].chains.append(ChainListing(name: names[1].text, body: body))
    }

    private mutating func append(_ words: [String]) throws(RuleSyntaxError) {
        let hasFamily = words.count > 1 && Family(name: words[1]) != nil
        let first = hasFamily ? 2 : 1
        guard words.count >= first + 2 else {
            throw RuleSyntaxError(
                "append takes [FAMILY] TABLE CHAIN RULE", at: words.count)
        }
        let family = hasFamily ? Family(name: words[1]) ?? .inet : .inet
        let place = try place(TableKey(family: family, name: words[first]), at: first)
        guard let chain = place.chains[words[first + 1]] else {
            throw RuleSyntaxError(
                "there is no chain “\(words[first + 1])” in table \(words[first])",
                at: first + 1, hint: "add it first")
        }
        let body = listing.tables[place.index].chains[chain].body
        let context = RuleContext(
            family: family, table: words[first], chain: words[first + 1], chainType: body.type,
            hook: body.hook?.number)
        let start = first + 2
        do {
            let rule = try RuleParser.parse(Array(words[start...]), context: context)
            listing.tables[place.index].chains[chain].rules.append(RuleListing(body: rule))
        } catch {
            var moved = error
            moved.wordIndex = error.wordIndex.map { $0 + start }
            throw moved
        }
    }

    private func place(_ key: TableKey, at index: Int) throws(RuleSyntaxError) -> TablePlace {
        guard let place = places[key] else {
            throw RuleSyntaxError(
                "there is no table “\(key.name)” of family \(key.family.name)", at: index,
                hint: "add it first")
        }
        return place
    }
}

/// The options and the other words of one command.
private struct CommandWords {
    private var options: [(name: String, value: Word)] = []
    private var names: [Word] = []
    private let end: Int

    init(_ words: [String], from start: Int, flags: Set<String> = []) throws(RuleSyntaxError) {
        end = words.count
        var index = start
        while index < words.count {
            let word = words[index]
            if !word.hasPrefix("--") {
                names.append(Word(text: word, index: index))
            } else if flags.contains(word) {
                options.append((word, Word(text: "", index: index)))
            } else {
                guard index + 1 < words.count else {
                    throw RuleSyntaxError("\(word) needs a value", at: words.count)
                }
                index += 1
                options.append((word, Word(text: words[index], index: index)))
            }
            index += 1
        }
    }

    subscript(name: String) -> Word? { options.last { $0.name == name }?.value }

    func all(_ name: String) -> [Word] { options.filter { $0.name == name }.map(\.value) }

    func refuseOptions(beside known: Set<String>) throws(RuleSyntaxError) {
        for option in options where !known.contains(option.name) {
            let near = EditDistance.nearest(to: option.name, among: known.sorted())
            throw RuleSyntaxError(
                "unknown option \(option.name)", at: max(0, option.value.index - 1),
                hint: near.map { "did you mean \($0)?" })
        }
    }

    /// The family, `inet` if it is left out, and the names behind it.
    func familyAndNames(
        count: Int, _ what: String
    ) throws(RuleSyntaxError) -> (Family, [Word]) {
        if names.count == count { return (.inet, names) }
        guard names.count == count + 1, let first = names.first else {
            throw RuleSyntaxError(
                "[FAMILY] \(what) belongs here", at: names.last?.index ?? end)
        }
        guard let family = Family(name: first.text) else {
            throw RuleSyntaxError(
                "“\(first.text)” is not a family", at: first.index,
                hint: "there are: " + Family.all.map(\.name).joined(separator: ", "))
        }
        return (family, Array(names.dropFirst()))
    }

    /// A body from the bytes behind `--attributes`.
    func body<Body: AttributeBody>(_ word: Word) throws(RuleSyntaxError) -> Body {
        let bytes = try HexBytes.parse(word)
        do {
            return try Body(encoded: bytes)
        } catch {
            throw RuleSyntaxError("these bytes are damaged: \(error)", at: word.index)
        }
    }
}
