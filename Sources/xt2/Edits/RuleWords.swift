import NetlinkProto
import RuleSyntax

/// What `[FAMILY] TABLE CHAIN RULE` says.
struct RuleWords {
    /// The chain.
    let chain: ChainName
    /// The rule text; may be empty.
    let rule: [String]

    /// Splits the words at the first that begins rule text.
    ///
    /// - Throws: a usage error that points at the word at fault.
    init(_ words: [String]) throws(CommandError) {
        let start = PlaceWords.ruleStart(words)
        rule = Array(words[start...])
        do {
            chain = try PlaceWords.chain(Array(words[..<start]))
        } catch {
            var error = error
            error.fault?.words = words
            if start > 2, let number = UInt32(words[start - 1]) {
                error.hints = [
                    "a rule's number in its chain stands in front of the table: --at \(number)"
                ]
            } else if start > 3 {
                error.hints = ["rule text begins with an option, such as -p or -j"]
            }
            throw error
        }
    }

    /// The rule that the text describes.
    ///
    /// - Throws: a usage error that points at the word at fault.
    func body() throws(CommandError) -> RuleBody {
        let table = chain.table
        let context = RuleContext(family: table.family, table: table.table, chain: chain.chain)
        do {
            return try RuleText.parse(rule, context: context).body
        } catch {
            throw failure(error)
        }
    }

    /// The rule that the text describes, read with the help of others.
    ///
    /// - Throws: a usage error that points at the word at fault.
    func reading(_ stencils: inout RuleStencils) throws(CommandError) -> RuleStencils.Reading {
        let table = chain.table
        let context = RuleContext(family: table.family, table: table.table, chain: chain.chain)
        do {
            return try stencils.read(rule, context: context)
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: RuleSyntaxError) -> CommandError {
        var failure = CommandError(.usage, error.message, hints: error.hint.map { [$0] } ?? [])
        guard let index = error.wordIndex else { return failure }
        if rule.indices.contains(index), OwnOptions.names.contains(rule[index]) {
            failure.hints = ["xt2's own options stand in front of '\(chain)'"]
        }
        return failure.pointing(at: index, of: rule)
    }

    /// Refuses rule text where there must be none.
    func requireNoRule(because option: String) throws(CommandError) {
        guard !rule.isEmpty else { return }
        throw CommandError(.usage, "\(option) names the rule already; no rule text belongs here.")
            .pointing(at: 0, of: rule)
    }
}
