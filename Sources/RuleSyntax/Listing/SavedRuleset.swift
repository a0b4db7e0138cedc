public import NetlinkProto

/// A saved ruleset as it stands in a file: its tables and chains are read, its rules only found.
///
/// Why: whoever compares a file of 100,000 rules with a ruleset need not read the rules that are in both.
public struct SavedRuleset: Sendable {
    /// A rule: where its command is in the text.
    public struct Rule: Sendable {
        /// The line that it begins on, from 1.
        public var line: Int
        /// Where the command is, its continuation lines included.
        public var place: Range<Int>
        /// Where the rule text begins in the command; nil if it has to be split into words to tell.
        var textStart: Int?
    }

    /// A chain with its rules.
    public struct Chain: Sendable {
        /// Its name.
        public var name: String
        /// Everything else about it.
        public var body: ChainBody
        /// The line that it is on, from 1.
        public var line: Int
        /// Its rules, in order.
        public var rules: [Rule] = []

        /// A chain without rules.
        public init(name: String, body: ChainBody, line: Int) {
            (self.name, self.body, self.line) = (name, body, line)
        }
    }

    /// A set, stateful object or flowtable.
    public struct Object: Sendable {
        /// All of it.
        public var saved: SavedObject
        /// The line that it is on, from 1.
        public var line: Int
    }

    /// A table with its chains.
    public struct Table: Sendable {
        /// Its family, name, policy and body; without chains.
        public var listing: TableListing
        /// The line that it is on, from 1.
        public var line: Int
        /// Its chains.
        public var chains: [Chain] = []
        /// Its sets, stateful objects and flowtables.
        public var objects: [Object] = []

        /// A table without chains.
        public init(listing: TableListing, line: Int) {
            (self.listing, self.line) = (listing, line)
        }
    }

    /// The tables.
    public private(set) var tables: [Table] = []
    private let text: [UInt8]

    /// Reads a text.
    ///
    /// - Throws: ``SourceError`` that names the first line that is wrong; rules are not looked at.
    public init(_ text: [UInt8]) throws(SourceError) {
        self.text = text
        var scanner = SaveScanner(text)
        tables = try scanner.tables()
    }

    /// How many rules there are.
    public var ruleCount: Int {
        tables.reduce(0) { $0 + $1.chains.reduce(0) { $0 + $1.rules.count } }
    }

    /// The rule text as it stands in the file, quotes and all; nil if it cannot be told without splitting it into words.
    ///
    /// Equal texts are equal rules if they are in the same chain.
    public func writtenText(of rule: Rule) -> ArraySlice<UInt8>? {
        rule.textStart.map { text[$0..<rule.place.upperBound] }
    }

    /// The words of a rule's command.
    ///
    /// - Throws: ``SourceError`` if it is not UTF-8 or a quote is not closed.
    public func words(of rule: Rule) throws(SourceError) -> [String] {
        try SavedRuleset.words(text[rule.place], line: rule.line)
    }

    /// Reads a rule.
    ///
    /// - Throws: ``SourceError`` that names the word at fault.
    public func body(
        of rule: Rule, in chain: Chain, of table: Table
    ) throws(SourceError) -> RuleBody {
        try read(rule, chain, table) { words, context throws(RuleSyntaxError) in
            try RuleText.parse(words, context: context).body
        }
    }

    /// Reads a rule with the help of those that were read before.
    ///
    /// - Throws: ``SourceError`` that names the word at fault.
    public func reading(
        of rule: Rule, in chain: Chain, of table: Table, _ stencils: inout RuleStencils
    ) throws(SourceError) -> RuleStencils.Reading {
        try read(rule, chain, table) { words, context throws(RuleSyntaxError) in
            try stencils.read(words, context: context)
        }
    }

    private func read<Result>(
        _ rule: Rule, _ chain: Chain, _ table: Table,
        _ read: ([String], RuleContext) throws(RuleSyntaxError) -> Result
    ) throws(SourceError) -> Result {
        let words = try words(of: rule)
        let start = words.firstIndex { $0.hasPrefix("-") || $0 == "!" } ?? words.count
        let context = RuleContext(
            family: table.listing.family, table: table.listing.name, chain: chain.name,
            chainType: chain.body.type, hook: chain.body.hook?.number)
        do {
            return try read(Array(words[start...]), context)
        } catch {
            var moved = error
            moved.wordIndex = error.wordIndex.map { $0 + start }
            throw SourceError(line: rule.line, words: words, cause: moved)
        }
    }

    /// The whole ruleset, every rule read.
    ///
    /// - Throws: ``SourceError`` that names the line and the word at fault.
    public func listing() throws(SourceError) -> RulesetListing {
        var listing = RulesetListing()
        for table in tables {
            var read = table.listing
            for object in table.objects {
                do {
                    read.objects.append(try ObjectListing(object.saved))
                } catch {
                    throw SourceError(
                        line: object.line,
                        cause: RuleSyntaxError("these bytes are damaged: \(error)"))
                }
            }
            for chain in table.chains {
                var rules: [RuleListing] = []
                for rule in chain.rules {
                    rules.append(RuleListing(body: try body(of: rule, in: chain, of: table)))
                }
                read.chains.append(
                    ChainListing(name: chain.name, body: chain.body, rules: rules))
            }
            listing.tables.append(read)
        }
        return listing
    }

    static func words(_ bytes: ArraySlice<UInt8>, line: Int) throws(SourceError) -> [String] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SourceError(line: line, cause: RuleSyntaxError("this is not UTF-8 text"))
        }
        do {
            return try CommandLine.lines(of: text).first?.words ?? []
        } catch {
            var moved = error
            moved.line += line - 1
            throw moved
        }
    }
}
