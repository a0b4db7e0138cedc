public import NetlinkProto

/// The rule language, both ways: iptables' rule text ⇄ what a rule consists of.
///
/// Reading what was printed gives the same rule, and printing what was read gives the canonical text: the order and the
/// spelling of `iptables-save`.
public enum RuleText {
    /// Reads the words of a rule, as a shell gives them.
    ///
    /// - Throws: ``RuleSyntaxError``, which names the word at fault.
    public static func parse(
        _ words: [String], context: RuleContext
    ) throws(RuleSyntaxError) -> ParsedRule {
        ParsedRule(body: try RuleParser.parse(words, context: context))
    }

    /// Reads a rule from one line, with quotes as `iptables-save` sets them.
    ///
    /// - Throws: ``RuleSyntaxError``, which names the word at fault.
    public static func parse(
        line: String, context: RuleContext
    ) throws(RuleSyntaxError) -> ParsedRule {
        try parse(try CommandLine.split(line), context: context)
    }

    /// The canonical words of a rule.
    ///
    /// What has no text is shown as expressions, with their bytes; nothing is left out but a counter's values.
    public static func words(_ body: RuleBody, family: Family) -> [String] {
        RulePrinter(body, family: family).words()
    }

    /// The canonical text of a rule in one line, quoted so that it can be read back.
    public static func print(_ body: RuleBody, family: Family) -> String {
        CommandLine.join(words(body, family: family))
    }

    /// Every match and target with its options.
    public static func help() -> String {
        RuleHelp.all()
    }

    /// One match or target with its options, such as `conntrack` or `REJECT`; nil if there is none of this name.
    public static func help(_ name: String) -> String? {
        RuleHelp.one(name)
    }
}
