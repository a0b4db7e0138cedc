import NetlinkProto
import RuleSyntax

/// An edit in its plain form: its command, that command's own options, each with its value, and then names or rule text.
///
/// Why: the parser of commands takes five milliseconds a line, as long as a thousand rules in this form.
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
        return try edit(line)
    }

    /// The word behind `add` and `delete` that says of what, if it stands there.
    static func noun(_ line: [String]) -> String? {
        guard line.count >= 2, line[0] == "add" || line[0] == "delete" else { return nil }
        let nouns = ["rule", "table", "chain", "set", "element", "object", "flowtable"]
        return nouns.contains(line[1]) ? line[1] : nil
    }

    private static func edit(_ line: [String]) throws(CommandError) -> Edit? {
        guard let verb = line.first else { return nil }
        let noun = noun(line)
        let words = line.dropFirst(noun == nil ? 1 : 2)
        switch (verb, noun) {
        case ("add", "table"): return try addTable(words)
        case ("add", "chain"): return try addChain(words)
        case ("add", "element"):
            guard let (options, names) = split(words, ["--attributes"]),
                let hex = options["--attributes"]
            else { return nil }
            return try AddElement.edit(names, hex: hex)
        case ("add", let noun?):
            guard let kind = SavedObject.Kind(rawValue: noun),
                let (options, names) = split(words, ["--attributes"]),
                let hex = options["--attributes"]
            else { return nil }
            return try ObjectEdit(kind, names).add(hex: hex)
        default:
            guard let names = split(words, [])?.names else { return nil }
            return try edit(verb, noun, names)
        }
    }

    /// The commands that have no options of their own.
    private static func edit(
        _ verb: String, _ noun: String?, _ names: [String]
    ) throws(CommandError) -> Edit? {
        switch (verb, noun) {
        case ("delete", "table"): return try DeleteTable.edit(names)
        case ("delete", "chain"): return try DeleteChain.edit(names)
        case ("delete", let noun?):
            guard let kind = SavedObject.Kind(rawValue: noun) else { return nil }
            return try ObjectEdit(kind, names).delete()
        case ("flush", nil): return try Flush.edit(names)
        case ("policy", nil): return try Policy.edit(names)
        case ("rename", nil): return try Rename.edit(names)
        default: return nil
        }
    }

    private static func addTable(_ words: ArraySlice<String>) throws(CommandError) -> Edit? {
        guard let (options, names) = split(words, ["--policy"]) else { return nil }
        return try AddTable.edit(names, policy: options["--policy"] ?? "owned", isDormant: false)
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

/// Options in front of other words, each once and with a value that cannot be another option.
struct PlainOptions {
    // No dictionary: they are few, and the first one costs a start more than all of this.
    private var names: [String] = []
    /// What stands behind each.
    private(set) var values: [String] = []

    /// Takes them off the front of `words`; nil if one is not `known`, is there twice or has no value.
    init?(_ words: inout ArraySlice<String>, _ known: [String]) {
        while let name = words.first, name.hasPrefix("-") {
            // A priority may be below zero.
            guard known.contains(name), !names.contains(name), let value = words.dropFirst().first,
                PlainOptions.isPlain(value) || name == "--priority"
            else { return nil }
            names.append(name)
            values.append(value)
            words = words.dropFirst(2)
        }
    }

    /// The value of an option; nil if it is not there.
    subscript(name: String) -> String? {
        names.firstIndex(of: name).map { values[$0] }
    }

    /// The value of an option, if it is a number.
    func number(_ name: String) -> UInt64? { self[name].flatMap { UInt64($0) } }

    /// Whether a word can be nothing but a name or a value.
    static func isPlain(_ word: String) -> Bool { !word.isEmpty && !word.hasPrefix("-") }
}
