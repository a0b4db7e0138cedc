import NetlinkProto

/// `-m nft`: expressions that have no other text, for people to read and with their bytes to read back.
///
/// - Shape: `--expr '[ READABLE ] HEX'`, `--set HEX` for each anonymous set that an expression names, `--rest HEX` for what
///   a rule holds beside its expressions. HEX is the attributes as they go over the wire.
struct RawMatch: MatchExtension {
    var name: String { "nft" }
    var summary: String { "An expression that has no other text, as its bytes" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--expr", values: ["'[ TEXT ] HEX'"]),
            OptionSpecification("--set", values: ["HEX"]),
            OptionSpecification("--rest", values: ["HEX"]),
        ]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first, match.options.count == 1 else {
            throw RuleSyntaxError(
                "-m nft takes one of --expr, --set and --rest", at: match.index)
        }
        let bytes = try RawMatch.bytes(option.value)
        do {
            switch option.name {
            case "--expr":
                builder.append(try Expression(AttributeReader(bytes.span.bytes)))
            case "--set":
                for set in try RuleBody(encoded: bytes).sets { builder.append(set) }
            default:
                builder.rest = try RuleBody(encoded: bytes)
            }
        } catch {
            throw RuleSyntaxError("these bytes are damaged: \(error)", at: option.value.index)
        }
    }

    private static func bytes(_ word: Word) throws(RuleSyntaxError) -> [UInt8] {
        let start = word.text.utf8.lastIndex(of: UInt8(ascii: "]"))
        let digits = start.map { word.text.utf8[word.text.utf8.index(after: $0)...] }
        return try HexBytes.parse(digits ?? word.text.utf8[...], at: word.index)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? { nil }

    // MARK: Printing

    /// The words for one expression.
    static func words(_ expression: Expression) -> [String] {
        var writer = MessageWriter(capacity: 64)
        expression.write(to: &writer)
        return [
            "-m", "nft", "--expr",
            ExpressionText.render(expression) + " " + HexBytes.text(writer.bytes),
        ]
    }

    /// The words for a set.
    static func words(_ set: AnonymousSet) -> [String] {
        ["-m", "nft", "--set", HexBytes.text((try? RuleBody(sets: [set]).encoded()) ?? [])]
    }

    /// The words for what is not in the expressions; none if there is nothing.
    static func words(rest body: RuleBody) -> [String] {
        guard !body.isEmpty else { return [] }
        return ["-m", "nft", "--rest", HexBytes.text((try? body.encoded()) ?? [])]
    }
}
