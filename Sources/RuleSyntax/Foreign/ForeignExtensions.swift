public import NetlinkProto

/// Extensions that this module has no words for itself: those of libxtables, which read and write their own options.
///
/// This module does no I/O, so whoever can load them hands them in by ``RuleText/using(_:_:)``.
public protocol ForeignExtensions: Sendable {
    /// Reads the options of an extension: as many words, from the first on, as it knows.
    ///
    /// - Returns: nil if there is no extension of this name.
    /// - Throws: ``RuleSyntaxError`` with the place among `words`.
    func read(
        _ name: ForeignName, words: [String], in place: ForeignPlace
    ) throws(RuleSyntaxError) -> ForeignReading?
    /// The words for a `match` or `target` expression: the extension's name and its options; nil if it has none.
    func words(_ expression: Expression, in place: ForeignPlace) -> (name: String, words: [String])?
    /// What the extension says about its options; nil if there is no extension of this name.
    func help(_ name: ForeignName) -> String?
}

/// What a foreign extension is called.
public struct ForeignName: Hashable, Sendable {
    /// What stands behind `-m` or `-j`.
    public var text: String
    /// Whether it is a target.
    public var isTarget: Bool

    /// A name.
    public init(_ text: String, isTarget: Bool) {
        self.text = text
        self.isTarget = isTarget
    }
}

/// What a foreign extension may know about the rule that it stands in.
public struct ForeignPlace: Hashable, Sendable {
    /// The table's family.
    public var family: Family
    /// The protocol that the rule asks for; nil for none, or for all but one.
    public var transport: UInt8?

    /// A place.
    public init(family: Family, transport: UInt8?) {
        self.family = family
        self.transport = transport
    }
}

/// What came of reading a foreign extension's options.
public struct ForeignReading: Hashable, Sendable {
    /// The expression.
    public var expression: Expression
    /// How many words it took.
    public var count: Int

    /// An expression made of `count` words.
    public init(expression: Expression, count: Int) {
        self.expression = expression
        self.count = count
    }
}

/// The foreign extensions that were handed in.
enum Foreign {
    @TaskLocal static var extensions: (any ForeignExtensions)?

    /// In front of a name, it means the kernel's xt extension even where nf_tables has an expression of its own.
    static let prefix = "xt_"

    /// The extension that a word means if no other does: with the prefix always, without it those that are known to be.
    static func name(_ word: String, isTarget: Bool) -> ForeignName? {
        if word.hasPrefix(prefix) {
            return ForeignName(String(word.dropFirst(prefix.count)), isTarget: isTarget)
        }
        // Every unknown match may be one; an unknown target may be a chain.
        guard !isTarget || Extensions.foreignTargets.contains(word) else { return nil }
        return ForeignName(word, isTarget: isTarget)
    }

    /// The word that means an extension, with these options: without the prefix if that means the same.
    static func word(
        _ name: String, options: [String], meaning expression: Expression, _ family: Family
    ) -> String {
        var isTarget = false
        if case .compatTarget = expression { isTarget = true }
        let words = ["--no-counter", isTarget ? "-j" : "-m", name] + options
        let plain = try? RuleParser.parse(words, context: RuleContext(family: family))
        return plain?.expressions == [expression] ? name : prefix + name
    }

    /// Whether words that follow the name of an extension hold an option that only the extension's own code knows.
    static func isNeeded(for words: ArraySlice<String>) -> Bool {
        words.prefix { !ends.contains($0) }.contains { word in
            word.hasPrefix("--")
                && !Extensions.of(.ip).hasOption(String(word.prefix { $0 != "=" }))
        }
    }

    /// What the name of the next extension stands behind.
    private static let ends = ["-m", "--match", "-j", "--jump", "-g", "--goto"]
}

extension RuleText {
    /// Runs `body`, in which extensions are known that this module has no words for itself.
    public static func using<Result>(
        _ extensions: any ForeignExtensions, _ body: () throws -> Result
    ) rethrows -> Result {
        try Foreign.$extensions.withValue(extensions, operation: body)
    }
}
