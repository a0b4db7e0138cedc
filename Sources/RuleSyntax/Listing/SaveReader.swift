import NetlinkProto

/// Carries out the commands of a saved ruleset, one after the other, but for rules, which it only finds the place of.
struct SaveReader {
    private(set) var tables: [SavedRuleset.Table] = []
    // All keys are strings, as they are typed; no family and no kind has a blank in it. For the first key of each other type Swift's
    // runtime would search the whole program, which takes as long as to find some hundred rules.
    private var places: [String: TablePlace] = [:]

    private struct TablePlace {
        var index: Int
        var chains: [String: Int] = [:]
        /// By ``SavedObject/Kind/title(_:)``.
        var objects: [String: Int] = [:]
    }

    private struct TableKey {
        let family: Family
        let name: String
        /// As it is typed: `inet filter`.
        let title: String

        init(family: Family, name: String) {
            (self.family, self.name, title) = (family, name, "\(family.name) \(name)")
        }
    }

    /// Where a rule belongs, by the indices of its table and chain, and the word that its text begins with.
    struct RulePlace {
        var table: Int
        var chain: Int
        var firstWord: Int
    }

    /// Reads a command.
    ///
    /// - Returns: the place of the rule, if it is one.
    mutating func read(_ words: [String], line: Int) throws(RuleSyntaxError) -> RulePlace? {
        switch (words.first, words.dropFirst().first) {
        case ("add", "table"):
            try addTable(CommandWords(words, from: 2, flags: ["--dormant"]), line)
        case ("add", "chain"): try addChain(CommandWords(words, from: 2), line)
        case ("append", _): return try rulePlace(words)
        case ("add", "element"): try addElement(CommandWords(words, from: 2))
        default:
            if words.first == "add",
                let kind = words.dropFirst().first.flatMap({ SavedObject.Kind(rawValue: $0) })
            {
                try addObject(kind, CommandWords(words, from: 2), line)
                return nil
            }
            throw RuleSyntaxError(
                "a saved ruleset has no command “\(words.prefix(2).joined(separator: " "))”",
                at: 0,
                hint:
                    "there are: add table, add chain, add object, add flowtable, add set, add element, append"
            )
        }
        return nil
    }

    mutating func add(_ rule: SavedRuleset.Rule, at place: RulePlace) {
        tables[place.table].chains[place.chain].rules.append(rule)
    }

    private mutating func addTable(
        _ words: CommandWords, _ line: Int
    ) throws(RuleSyntaxError) {
        let (family, rest) = try words.familyAndNames(count: 1, "NAME")
        let key = TableKey(family: family, name: rest[0].text)
        guard places[key.title] == nil else {
            throw RuleSyntaxError(
                "table \(key.title) is there already", at: rest[0].index)
        }
        try words.refuseOptions(beside: ["--policy", "--dormant", "--attributes"])
        var table = SavedRuleset.Table(
            listing: TableListing(family: family, name: key.name), line: line)
        if let word = words["--policy"] {
            guard let policy = TablePolicy(rawValue: word.text) else {
                throw RuleSyntaxError(
                    "“\(word.text)” is not a policy", at: word.index,
                    hint: "there are: owned, observed, enforced")
            }
            table.listing.policy = policy
        }
        if let word = words["--attributes"] { table.listing.body = try words.body(word) }
        if words["--dormant"] != nil { table.listing.body.flags.insert(.dormant) }
        places[key.title] = TablePlace(index: tables.count)
        tables.append(table)
    }

    private mutating func addChain(
        _ words: CommandWords, _ line: Int
    ) throws(RuleSyntaxError) {
        let (family, names) = try words.familyAndNames(count: 2, "TABLE CHAIN")
        let key = TableKey(family: family, name: names[0].text)
        let index = try place(key, at: names[0].index).index
        guard places[key.title]?.chains[names[1].text] == nil else {
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
        places[key.title]?.chains[names[1].text] = tables[index].chains.count
        tables[index].chains.append(
            SavedRuleset.Chain(name: names[1].text, body: body, line: line))
    }

    private mutating func addObject(
        _ kind: SavedObject.Kind, _ words: CommandWords, _ line: Int
    ) throws(RuleSyntaxError) {
        let (family, names) = try words.familyAndNames(count: 2, "TABLE NAME")
        let table = TableKey(family: family, name: names[0].text)
        let name = names[1].text
        let title = kind.title(name)
        let index = try place(table, at: names[0].index).index
        guard places[table.title]?.objects[title] == nil else {
            throw RuleSyntaxError(
                "\(title) is there already", at: names[1].index)
        }
        try words.refuseOptions(beside: ["--attributes"])
        let body: [UInt8]
        switch kind {
        case .set: body = try words.bytes(of: SetBody.self)
        case .object: body = try words.bytes(of: ObjectBody.self)
        case .flowtable: body = try words.bytes(of: FlowtableBody.self)
        }
        places[table.title]?.objects[title] = tables[index].objects.count
        tables[index].objects.append(
            SavedRuleset.Object(
                saved: SavedObject(kind: kind, name: name, body: body), line: line))
    }

    private mutating func addElement(_ words: CommandWords) throws(RuleSyntaxError) {
        let (family, names) = try words.familyAndNames(count: 2, "TABLE SET")
        let place = try place(TableKey(family: family, name: names[0].text), at: names[0].index)
        guard let set = place.objects[SavedObject.Kind.set.title(names[1].text)] else {
            throw RuleSyntaxError(
                "there is no set “\(names[1].text)” in table \(names[0].text)", at: names[1].index,
                hint: "add it first")
        }
        try words.refuseOptions(beside: ["--attributes"])
        tables[place.index].objects[set].saved.elements.append(
            try words.bytes(of: SetElement.self))
    }

    /// Where `append [FAMILY] TABLE CHAIN RULE` belongs: the text begins with the first option or `!`.
    private func rulePlace(_ words: [String]) throws(RuleSyntaxError) -> RulePlace {
        let start = words.firstIndex { $0.hasPrefix("-") || $0 == "!" } ?? words.count
        let names = words[1..<start]
        let isFamily = names.count == 2 && Family(name: words[1]) != nil
        let lacksChain = isFamily && places[TableKey(family: .inet, name: words[1]).title] == nil
        guard names.count == 2 || names.count == 3, !lacksChain else {
            throw RuleSyntaxError(
                "append takes [FAMILY] TABLE CHAIN RULE", at: names.count <= 2 ? start : 4)
        }
        var family = Family.inet
        if names.count == 3 {
            guard let named = Family(name: words[1]) else {
                throw RuleSyntaxError("“\(words[1])” is not a family", at: 1)
            }
            family = named
        }
        let (table, chain) = (start - 2, start - 1)
        let place = try place(TableKey(family: family, name: words[table]), at: table)
        guard let index = place.chains[words[chain]] else {
            throw RuleSyntaxError(
                "there is no chain “\(words[chain])” in table \(words[table])",
                at: chain, hint: "add it first")
        }
        return RulePlace(table: place.index, chain: index, firstWord: start)
    }

    private func place(_ key: TableKey, at index: Int) throws(RuleSyntaxError) -> TablePlace {
        guard let place = places[key.title] else {
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

    init(_ words: [String], from start: Int, flags: [String] = []) throws(RuleSyntaxError) {
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

    func refuseOptions(beside known: [String]) throws(RuleSyntaxError) {
        for option in options where !known.contains(option.name) {
            let near = Suggestion.nearest(to: option.name, among: known)
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

    /// The bytes behind `--attributes`, which must be there, in the form in which they are kept.
    func bytes<Body: AttributeBody>(of _: Body.Type) throws(RuleSyntaxError) -> [UInt8] {
        guard let word = self["--attributes"] else {
            throw RuleSyntaxError("--attributes is missing", at: end)
        }
        let read: Body = try body(word)
        return (try? read.encoded()) ?? []
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
