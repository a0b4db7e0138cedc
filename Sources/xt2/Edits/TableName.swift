import NetlinkProto
import RuleSyntax

/// Names a table: its family and its own name.
struct TableName: Hashable, CustomStringConvertible {
    /// The family; `inet` when it was left out.
    var family: Family
    /// The table's own name.
    var table: String

    /// As it is typed: `inet filter`.
    var description: String { "\(family.name) \(table)" }
}

extension TableName {
    /// That of a table.
    init(_ listing: TableListing) { self.init(family: listing.family, table: listing.name) }
}

/// Names a chain: its table and its own name.
struct ChainName: Hashable, CustomStringConvertible {
    /// The table.
    var table: TableName
    /// The chain's own name.
    var chain: String

    /// As it is typed: `inet filter input`.
    var description: String { "\(table) \(chain)" }
}

/// Reads `[FAMILY] TABLE [CHAIN]`.
///
/// The first word is the family if it names one and enough words follow; so a table that is called `ip` can be reached.
enum PlaceWords {
    /// Reads `[FAMILY] TABLE`.
    static func table(_ words: [String]) throws(CommandError) -> TableName {
        let (family, names) = try split(words, names: 1)
        return TableName(family: family, table: names[0])
    }

    /// Reads `[FAMILY] TABLE CHAIN`.
    static func chain(_ words: [String]) throws(CommandError) -> ChainName {
        let (family, names) = try split(words, names: 2)
        return ChainName(table: TableName(family: family, table: names[0]), chain: names[1])
    }

    /// Reads `[FAMILY] TABLE [CHAIN]`; two words are a family and a table if the first can be a family.
    static func tableOrChain(_ words: [String]) throws(CommandError) -> (TableName, chain: String?)
    {
        let isTable = words.count < 2 || words.count == 2 && Family(name: words[0]) != nil
        if isTable { return (try table(words), nil) }
        let name = try chain(words)
        return (name.table, name.chain)
    }

    /// Where rule text begins behind `[FAMILY] TABLE CHAIN`: at the first word that is an option or `!`.
    static func ruleStart(_ words: [String]) -> Int {
        words.firstIndex { $0.utf8.first == UInt8(ascii: "-") || $0 == "!" } ?? words.count
    }

    private static func split(
        _ words: [String], names count: Int
    ) throws(CommandError) -> (Family, [String]) {
        let shape = count == 1 ? "[FAMILY] TABLE" : "[FAMILY] TABLE CHAIN"
        if words.count == count { return (.inet, words) }
        guard words.count == count + 1 else {
            throw words.count < count
                ? CommandError(.usage, "something is missing: \(shape) belongs here.")
                    .pointing(at: words.count, of: words)
                : CommandError(.usage, "too many words: \(shape) belongs here.")
                    .pointing(at: count + 1, of: words)
        }
        guard let family = Family(name: words[0]) else { throw unknownFamily(words) }
        return (family, Array(words.dropFirst()))
    }

    private static func unknownFamily(_ words: [String]) -> CommandError {
        let names = Family.all.map(\.name)
        var error = CommandError(
            .usage,
            "'\(words[0])' is not a family; the families are \(names.joined(separator: ", ")).")
        let nouns = ["table", "chain", "rule"]
        if let meant = Suggestion.nearest(to: words[0], among: names + nouns) {
            error.hints = ["did you mean '\(meant)'?"]
        }
        return error.pointing(at: 0, of: words)
    }
}
