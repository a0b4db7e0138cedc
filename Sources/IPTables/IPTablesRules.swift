public import NetlinkProto
public import RuleSyntax
public import XTables

/// iptables' rules in iptables' own encoding: its command lines and texts ⇄ the expressions that iptables-nft makes.
///
/// Both directions are those of iptables 1.8.9, extension by extension with libxtables: the same line gives the same
/// expressions, and the same expressions the same text.
public struct IPTablesRules: Sendable {
    private let extensions: XTables
    private let family: Family

    /// Rules of one family.
    ///
    /// - Parameter family: `.ip`, `.ip6`, `.arp` for arptables, or `.bridge` for ebtables.
    public init(extensions: XTables, family: Family) {
        self.extensions = extensions
        self.family = family
    }

    // MARK: Reading

    /// Reads a whole command line of iptables, without the program's name.
    ///
    /// - Parameters:
    ///   - table: the table that is meant without `-t`.
    ///   - isUserChain: whether the table has a chain of this name that is not a built-in one; asked for `-j` and `-g`.
    /// - Throws: ``RuleSyntaxError`` with iptables' message, the word at fault and its exit status.
    public func command(
        _ words: [String], table: String = "filter", isUserChain: (String) -> Bool
    ) throws(RuleSyntaxError) -> IPTablesCommand {
        try checkLengths(words)
        if family == .bridge { try checkBridgeValues(words) }
        if let index = words.firstIndex(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
            // What the words are made of has been replaced by this already.
            throw RuleSyntaxError("this word is not UTF-8 text", at: index)
        }
        return try withoutActuallyEscaping(isUserChain) { isUserChain throws(RuleSyntaxError) in
            try extensions.use(family: family.rawValue) { session throws(RuleSyntaxError) in
                try session.reading(words) { options throws(RuleSyntaxError) in
                    if family == .bridge {
                        var reader = BridgeCommandReader(words, isUserChain: isUserChain)
                        return try reader.read(options)
                    }
                    var reader = CommandReader(
                        family: family, table: table, isUserChain: isUserChain)
                    return try reader.read(options)
                }
            }
        }
    }

    /// Greatest length of a word: what `iptables-restore` takes.
    ///
    /// Extensions cut off what is too long for them.
    private static let wordBytes = 1_023
    /// Options whose value may be a long list.
    private static let listOptions: Set = [
        "-s", "-d", "--source", "--src", "--destination", "--dst",
    ]

    private func checkLengths(_ words: [String]) throws(RuleSyntaxError) {
        for (index, word) in words.enumerated() where word.utf8.count > IPTablesRules.wordBytes {
            if index > 0, IPTablesRules.listOptions.contains(words[index - 1]) { continue }
            var error = RuleSyntaxError(
                "Parameter too long! It has \(word.utf8.count) bytes; \(IPTablesRules.wordBytes) are the most",
                at: index)
            error.status = 2
            throw error
        }
    }

    /// Refuses values that the extensions of ebtables read past the end of, or cut off.
    private func checkBridgeValues(_ words: [String]) throws(RuleSyntaxError) {
        for (index, word) in words.enumerated().dropFirst() {
            var fault: String?
            let isNegated = words[index - 1] == "!" && index > 1
            let option = words[isNegated ? index - 2 : index - 1]
            switch option {
            case "--among-src", "--among-dst":
                let pairs = word.split(separator: ",", omittingEmptySubsequences: false)
                if pairs.contains("") { fault = "an address is missing beside a comma" }
            case "--nflog-group":
                if let group = UInt64(word), group > UInt16.max {
                    fault = "the largest group is \(UInt16.max)"
                }
            default: break
            }
            guard let fault else { continue }
            var error = RuleSyntaxError("\(option) \(word): \(fault)", at: index)
            error.status = 2
            throw error
        }
    }

    /// Reads what stands behind `-A CHAIN`: one rule for each pair of addresses.
    ///
    /// - Throws: ``RuleSyntaxError`` with iptables' message, the word at fault and its exit status.
    public func parse(
        _ words: [String], table: String, chain: String, isUserChain: (String) -> Bool
    ) throws(RuleSyntaxError) -> [RuleBody] {
        do {
            return try command(
                ["-A", chain] + words, table: table, isUserChain: isUserChain
            ).rules
        } catch {
            var shifted = error
            shifted.wordIndex = error.wordIndex.map { max(0, $0 - 2) }
            throw shifted
        }
    }

    /// What targets, then matches, of these names say about their options; names of neither are left out.
    public func help(_ names: [String]) -> String {
        extensions.use(family: family.rawValue) { session in
            [ExtensionKind.target, .match].flatMap { kind in
                names.compactMap { try? session.help(of: kind, named: $0) }
            }.map { "\n" + $0 }.joined()
        }
    }

    // MARK: Writing

    /// Whether iptables has words for the rule; if not, it calls the whole table incompatible.
    public func canSay(_ body: RuleBody) -> Bool {
        (try? text(of: body)) != nil
    }

    /// The text that `iptables -S` prints behind `-A CHAIN `.
    ///
    /// A rule that iptables has no words for is written in the words of ``RuleText``.
    public func text(_ body: RuleBody) -> String {
        if let text = try? text(of: body) { return text }
        return RuleText.print(body, family: family)
    }

    /// The same as words.
    public func words(_ body: RuleBody) -> [String] {
        guard let text = try? text(of: body), let words = try? CommandLine.split(text) else {
            return RuleText.words(body, family: family)
        }
        return words
    }

    /// What `iptables -L -v` shows in its columns.
    ///
    /// For a rule that iptables has no words for, `extra` holds it in the words of ``RuleText``.
    public func columns(_ body: RuleBody, numeric: Bool, exact: Bool) -> IPTablesColumns {
        let columns = try? extensions.use(family: family.rawValue) { session throws(XTablesError) in
            let rule = try rule(body, session)
            return try RuleWriter(rule: rule).columns(session, numeric: numeric, exact: exact)
        }
        if let columns { return columns }
        var unsaid = IPTablesColumns()
        unsaid.extra = RuleText.print(body, family: family)
        return unsaid
    }

    private func text(of body: RuleBody) throws(XTablesError) -> String {
        try extensions.use(family: family.rawValue) { session throws(XTablesError) in
            try RuleWriter(rule: try rule(body, session)).text(session)
        }
    }

    private func rule(
        _ body: RuleBody, _ session: XTablesSession
    ) throws(XTablesError) -> IPTablesRule {
        do {
            return try ExpressionReader.rule(body, family: family, session: session)
        } catch {
            throw XTablesError("Parsing nftables rule failed: \(error.reason)", status: 3)
        }
    }
}
