import NetlinkProto

/// Reads the words of one rule.
///
/// First the words become matches and a target with their options; then each of them is compiled. In between, what stands
/// in front of all `-m` is put in its order, so that the same rule has the same body however it was written.
struct RuleParser {
    private struct Match {
        var entry: MatchEntry
        var given: ParsedExtension
    }

    private struct Target {
        var entry: TargetEntry
        var given: ParsedExtension
    }

    private let words: [String]
    private let context: RuleContext
    private let extensions: Extensions
    private let transport: UInt8?
    private var position = 0
    private var negation: Int?
    private var matches: [Match] = []
    private var target: Target?
    private var keepsOrder = false
    private var counts = true

    private init(_ words: [String], _ context: RuleContext) {
        self.words = words
        self.context = context
        extensions = Extensions.of(context.family)
        transport = TransportMatch.protocolGiven(in: words, family: context.family)
        // The printer writes it first, and what follows is to be read in its way.
        keepsOrder = words.first == "--as-written"
    }

    static func parse(
        _ words: [String], context: RuleContext
    ) throws(RuleSyntaxError) -> RuleBody {
        var parser = RuleParser(words, context)
        try parser.read()
        return try parser.compile()
    }

    // MARK: Reading

    private mutating func read() throws(RuleSyntaxError) {
        while position < words.count {
            let word = words[position]
            if word == "!" {
                guard negation == nil else { throw fault("! twice") }
                negation = position
                position += 1
            } else if word.hasPrefix("-"), word.count > 1 {
                try readOption()
            } else {
                throw unexpected(word)
            }
        }
        if let negation {
            throw RuleSyntaxError("an option belongs behind !", at: negation)
        }
    }

    private func unexpected(_ word: String) -> RuleSyntaxError {
        if negation != nil {
            return fault(
                "an option belongs behind !, not “\(word)”",
                hint: "! stands in front of the option: ! -s ADDRESS")
        }
        let suggestion = Suggestion.nearest(to: "--" + word, among: extensions.optionNames)
        return fault(
            "“\(word)” is not an option", hint: suggestion.map { "did you mean \($0)?" })
    }

    private mutating func readOption() throws(RuleSyntaxError) {
        let index = position
        let (name, attached) = splitEquals(words[index])
        position += 1
        switch name {
        case "-m", "--match": try readMatch(attached, at: index)
        case "-j", "--jump": try readTarget(attached, at: index)
        case "-g", "--goto": try readGoto(attached, at: index)
        case "--no-counter": try readFlag(attached, at: index) { $0.counts = false }
        case "--as-written": try readFlag(attached, at: index) { $0.keepsOrder = true }
        default: try readExtensionOption(name, attached, at: index)
        }
    }

    /// Splits `--dport=22`, which getopt allows, in two.
    private func splitEquals(_ word: String) -> (name: String, attached: String?) {
        guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else {
            return (word, nil)
        }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    private mutating func readFlag(
        _ attached: String?, at index: Int, _ set: (inout RuleParser) -> Void
    ) throws(RuleSyntaxError) {
        try refuseNegation(of: words[index], at: index)
        guard attached == nil else {
            throw RuleSyntaxError("\(words[index]): this option takes no value", at: index)
        }
        set(&self)
    }

    private mutating func readMatch(_ attached: String?, at index: Int) throws(RuleSyntaxError) {
        try refuseNegation(of: "-m", at: index)
        let name = try value(attached, of: "-m", "the name of a match", at: index)
        let known = extensions.match(named: name.text)
        if known == nil || Foreign.isNeeded(for: words[position...]),
            let match = try readForeign(name, isTarget: false, isKnown: known != nil)
        {
            let family = ForeignMatch(name: name.text, expression: match)
            matches.append(
                Match(entry: MatchEntry(family), given: ParsedExtension(index: name.index)))
            return
        }
        guard let entry = known else { throw extensions.unknownMatch(name) }
        if case .transport(let protocols) = entry.form {
            guard let transport, protocols.contains(transport) else {
                try TransportMatch.checkProtocolGiven(in: words, family: context.family)
                throw RuleSyntaxError(
                    "-m \(name.text) needs its protocol", at: name.index,
                    hint: "add -p \(name.text == "icmp6" ? "ipv6-icmp" : name.text)")
            }
        }
        matches.append(Match(entry: entry, given: ParsedExtension(index: name.index)))
    }

    private mutating func readTarget(_ attached: String?, at index: Int) throws(RuleSyntaxError) {
        try refuseNegation(of: "-j", at: index)
        try refuseSecondTarget(at: index)
        let name = try value(attached, of: "-j", "a target or a chain", at: index)
        let known = extensions.target(named: name.text)
        let entry: TargetEntry
        if known == nil || Foreign.isNeeded(for: words[position...]),
            let foreign = try readForeign(name, isTarget: true, isKnown: known != nil)
        {
            entry = TargetEntry(ForeignTarget(name: name.text, expression: foreign))
        } else if let known {
            entry = known
        } else {
            entry = try extensions.target(for: name)
        }
        target = Target(entry: entry, given: ParsedExtension(index: name.index))
    }

    /// Lets an extension's own code read the options that follow its name; nil if there is none of this name, or it knows
    /// none of the options of one that this module has words for too.
    private mutating func readForeign(
        _ word: Word, isTarget: Bool, isKnown: Bool
    ) throws(RuleSyntaxError) -> Expression? {
        guard let foreign = Foreign.extensions,
            let name = isKnown
                ? ForeignName(word.text, isTarget: isTarget)
                : Foreign.name(word.text, isTarget: isTarget)
        else { return nil }
        let place = ForeignPlace(family: context.family, transport: transport)
        let rest = Array(words[position...])
        let reading: ForeignReading?
        do {
            reading = try foreign.read(name, words: rest, in: place)
        } catch {
            // What this module can say better, it says itself.
            if isKnown { return nil }
            var shifted = error
            shifted.wordIndex = error.wordIndex.map { $0 + position } ?? word.index
            throw shifted
        }
        guard let reading, !isKnown || reading.count > 0 else { return nil }
        position += reading.count
        return reading.expression
    }

    private mutating func readGoto(_ attached: String?, at index: Int) throws(RuleSyntaxError) {
        try refuseNegation(of: "-g", at: index)
        try refuseSecondTarget(at: index)
        let name = try value(attached, of: "-g", "a chain", at: index)
        try ChainName.check(name)
        target = Target(
            entry: TargetEntry(ChainTarget(chain: name.text, isGoto: true)),
            given: ParsedExtension(index: name.index))
    }

    private func refuseSecondTarget(at index: Int) throws(RuleSyntaxError) {
        guard target == nil else {
            throw RuleSyntaxError(
                "a rule has one target; this is the second", at: index,
                hint: "write two rules")
        }
    }

    private mutating func readExtensionOption(
        _ name: String, _ attached: String?, at index: Int
    ) throws(RuleSyntaxError) {
        if let specification = target?.entry.options[name] {
            let option = try option(specification, attached, at: index)
            try refuseRepetition(of: option, in: target?.given)
            target?.given.options.append(option)
            return
        }
        let place = try place(of: name, at: index)
        guard let specification = matches[place].entry.options[name] else { return }
        let option = try option(specification, attached, at: index)
        try refuseRepetition(of: option, in: matches[place].given)
        matches[place].given.options.append(option)
    }

    /// The match that an option belongs to: the latest that has it, or a new one that needs no `-m`.
    private mutating func place(of name: String, at index: Int) throws(RuleSyntaxError) -> Int {
        if let latest = matches.lastIndex(where: { $0.entry.options[name] != nil }) {
            // In the order as written, options in front of all -m that stand apart are tested apart.
            let isApart = keepsOrder && matches[latest].entry.isHead && latest != matches.count - 1
            if !isApart { return latest }
        }
        guard let entry = extensions.unnamedMatch(with: name, transport: transport) else {
            try TransportMatch.checkProtocolGiven(in: words, family: context.family)
            throw extensions.unknownOption(
                Word(text: name, index: index), target: target?.entry.name)
        }
        matches.append(Match(entry: entry, given: ParsedExtension(index: index)))
        return matches.count - 1
    }

    private func refuseRepetition(
        of option: ParsedOption, in given: ParsedExtension?
    ) throws(RuleSyntaxError) {
        guard given?[option.name] == nil else {
            throw RuleSyntaxError("\(option.name) is given twice", at: option.index)
        }
    }

    private mutating func option(
        _ specification: OptionSpecification, _ attached: String?, at index: Int
    ) throws(RuleSyntaxError) -> ParsedOption {
        let isNegated = negation != nil
        if isNegated, !specification.isNegatable {
            try refuseNegation(of: specification.name, at: index)
        }
        negation = nil
        var values: [Word] = []
        for (number, description) in specification.values.enumerated() {
            values.append(
                try value(
                    number == 0 ? attached : nil, of: specification.name, description, at: index,
                    isText: specification.isText))
        }
        if attached != nil, specification.values.isEmpty {
            throw RuleSyntaxError("\(specification.name) takes no value", at: index)
        }
        return ParsedOption(
            name: specification.name, isNegated: isNegated, values: values, index: index)
    }

    /// The next word as the value of an option.
    private mutating func value(
        _ attached: String?, of option: String, _ description: String, at index: Int,
        isText: Bool = false
    ) throws(RuleSyntaxError) -> Word {
        if let attached { return Word(text: attached, index: index) }
        guard position < words.count else {
            throw RuleSyntaxError("\(option) needs \(description)", at: words.count)
        }
        let word = words[position]
        if word == "!", !isText {
            throw fault(
                "! stands in front of the option", hint: "write: ! \(option) \(description)")
        }
        guard isText || !word.hasPrefix("-") || word == "-" else {
            throw fault("\(option) needs \(description), not “\(word)”")
        }
        position += 1
        return Word(text: word, index: position - 1)
    }

    private func refuseNegation(of name: String, at index: Int) throws(RuleSyntaxError) {
        if let negation {
            throw RuleSyntaxError("\(name) cannot be negated", at: negation)
        }
    }

    private func fault(_ message: String, hint: String? = nil) -> RuleSyntaxError {
        RuleSyntaxError(message, at: position, hint: hint)
    }

    // MARK: Compiling

    private func compile() throws(RuleSyntaxError) -> RuleBody {
        var builder = RuleBuilder(
            context: context, keepsOrder: keepsOrder, transport: transport,
            etherType: EtherTypeMatch.typeGiven(in: words, family: context.family))
        for match in ordered() { try match.entry.family.compile(match.given, into: &builder) }
        let last = try target?.entry.family.compile(
            target?.given ?? ParsedExtension(index: 0), into: &builder)
        var body = builder.body(counts: counts, target: last ?? [])
        if body.compat == nil { body.compat = body.impliedCompat }
        try RuleParser.check(body)
        return body
    }

    private func ordered() -> [Match] {
        guard !keepsOrder else { return matches }
        let heads = matches.enumerated().filter { $0.element.entry.isHead }.sorted {
            ($0.element.entry.order, $0.offset) < ($1.element.entry.order, $1.offset)
        }
        return heads.map(\.element) + matches.filter { !$0.entry.isHead }
    }

    private static func check(_ body: RuleBody) throws(RuleSyntaxError) {
        guard body.expressions.count <= WireLimits.ruleExpressions else {
            throw RuleSyntaxError(
                "this rule takes \(body.expressions.count) expressions; the kernel allows "
                    + "\(WireLimits.ruleExpressions)", hint: "use a chain of its own")
        }
    }
}
