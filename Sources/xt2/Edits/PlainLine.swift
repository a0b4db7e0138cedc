import NetlinkProto
import RuleSyntax

/// An edit in its plain form: its command, that command's own options, each with its value, and then names or rule text.
///
/// Why: the parser of commands takes milliseconds, as long as a small change of a ruleset itself, or as some hundred lines in this form.
enum PlainLine {
    /// Reads a line of a batch, or the words behind `xt2` without what is said for the whole.
    ///
    /// - Parameter rule: makes the edit of one rule.
    /// - Returns: nil for anything else, right or wrong; the parser of commands knows what to say about it.
    /// - Throws: a usage error that points at the word at fault.
    static func edit(
        _ line: [String], rule: (RuleEdit) throws(CommandError) -> Edit
    ) throws(CommandError) -> Edit? {
        if let edit = try RuleEdit(line: line) { return try rule(edit) }
        guard let verb = line.first else { return nil }
        let noun = noun(line)
        let words = line.dropFirst(noun == nil ? 1 : 2)
        switch (verb, noun) {
        case ("add", "table"): return try addTable(words)
        case ("add", "chain"): return try addChain(words)
        case ("add", let noun?): return try addObject(noun, words)
        default:
            guard let (_, names) = split(words, []) else { return nil }
            return try editWithoutOptions(verb, noun, names)
        }
    }

    /// The word behind `add` and `delete` that says of what, if it stands there; without one, `delete` deletes a rule.
    static func noun(_ line: [String]) -> String? {
        guard line.count >= 2, line[0] == "add" || line[0] == "delete" else { return nil }
        let nouns = ["rule", "table", "chain", "set", "element", "object", "flowtable"]
        return nouns.contains(line[1]) ? line[1] : nil
    }

    private static func addTable(_ words: ArraySlice<String>) throws(CommandError) -> Edit? {
        guard let (options, names) = split(words, ["--policy"]) else { return nil }
        return try AddTable.edit(
            names, policy: options["--policy"] ?? AddTable.defaultPolicy, isDormant: false)
    }

    private static func addChain(_ words: ArraySlice<String>) throws(CommandError) -> Edit? {
        let known = ["--type", "--hook", "--priority", "--policy", "--device"]
        guard let (options, names) = split(words, known) else { return nil }
        return try AddChain.edit(names) { (family) throws(CommandError) in
            try AddChain.body(
                type: options["--type"], hook: options["--hook"], priority: options["--priority"],
                policy: options["--policy"], devices: options["--device"].map { [$0] } ?? [],
                family: family)
        }
    }

    /// A set, element, stateful object or flowtable; nil for another noun.
    private static func addObject(
        _ noun: String, _ words: ArraySlice<String>
    ) throws(CommandError) -> Edit? {
        guard let (options, names) = split(words, ["--attributes"]),
            let hex = options["--attributes"]
        else { return nil }
        if noun == "element" { return try AddElement.edit(names, hex: hex) }
        guard let kind = SavedObject.Kind(rawValue: noun) else { return nil }
        return try ObjectEdit(kind, names).add(hex: hex)
    }

    private static func editWithoutOptions(
        _ verb: String, _ noun: String?, _ names: [String]
    ) throws(CommandError) -> Edit? {
        switch (verb, noun) {
        case ("delete", "table"): return try DeleteTable.edit(names)
        case ("delete", "chain"): return try DeleteChain.edit(names)
        case ("delete", let noun?):
            // There is no command that deletes an element, and rules are read by now.
            guard let kind = SavedObject.Kind(rawValue: noun) else { return nil }
            return try ObjectEdit(kind, names).delete()
        case ("flush", nil): return try Flush.edit(names)
        case ("policy", nil): return try Policy.edit(names)
        case ("rename", nil): return try Rename.edit(names)
        default: return nil
        }
    }

    /// The options, and the names behind them; nil unless all is plain.
    private static func split(
        _ words: ArraySlice<String>, _ known: [String]
    ) -> (options: PlainOptions, names: [String])? {
        var rest = words
        guard let options = PlainOptions(&rest, known), !rest.isEmpty,
            rest.allSatisfy(PlainOptions.isPlain)
        else { return nil }
        return (options, Array(rest))
    }
}
