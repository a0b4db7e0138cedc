import NetlinkProto
import RuleSyntax

/// Rules as iptables writes, reads and lists them.
protocol RuleLanguage {
    /// Reads the words behind `-A CHAIN`; several addresses make several rules.
    func parse(
        _ words: [String], table: String, chain: String
    ) throws(RuleSyntaxError) -> [RuleBody]
    /// The rule as `-S` prints it behind `-A CHAIN`; with counters in front of its target if they are given.
    func text(_ body: RuleBody, counters: IPTablesCommand.Counters?) -> String
    /// The rule as `-L` prints it.
    func columns(_ body: RuleBody, isNumeric: Bool) -> RuleColumns
}

/// A rule in the columns of `-L`.
struct RuleColumns: Equatable {
    /// Target or chain; empty if there is none.
    var target = ""
    /// `tcp`, `!6`, `all`.
    var `protocol` = "all"
    /// `--`, `-f`, `!f`.
    var options = "--"
    /// Interface that packets come in by; `*` and `any` mean all.
    var input = ""
    /// Interface that packets go out by.
    var output = ""
    /// Where packets come from, `!` in front if all else is meant.
    var source = ""
    /// Where packets go.
    var destination = ""
    /// What the matches and the target say, with a blank in front of each.
    var rest = ""
}

/// The language of xt2's own commands.
struct NativeLanguage: RuleLanguage {
    var family: Family

    func parse(
        _ words: [String], table: String, chain: String
    ) throws(RuleSyntaxError) -> [RuleBody] {
        let context = RuleContext(family: family, table: table, chain: chain)
        return [try RuleText.parse(words, context: context).body]
    }

    func text(_ body: RuleBody, counters: IPTablesCommand.Counters?) -> String {
        var words = RuleText.words(body, family: family)
        if let counters {
            let place = words.firstIndex { $0 == "-j" || $0 == "-g" } ?? words.count
            words.insert(contentsOf: ["-c", "\(counters.packets)", "\(counters.bytes)"], at: place)
        }
        return CommandLine.join(words)
    }

    func columns(_ body: RuleBody, isNumeric: Bool) -> RuleColumns {
        var columns = RuleColumns()
        columns.rest = " " + RuleText.print(body, family: family)
        return columns
    }
}
