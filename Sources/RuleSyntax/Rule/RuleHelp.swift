/// The help on rule text, made from the same tables that the parser reads by.
enum RuleHelp {
    static func all() -> String {
        let heads = Extensions.matches.filter(\.isHead)
        let named = Extensions.matches.filter { !$0.isHead }
        return
            (["Rule text:"] + heads.flatMap(lines)
            + [
                "  -m, --match NAME", "  -j, --jump TARGET|CHAIN", "  -g, --goto CHAIN",
                "  --no-counter      the rule counts nothing",
                "  --as-written      keep the order in which the conditions are written",
                "", "Matches:",
            ] + named.flatMap(entry)
            + ["Targets:"] + Extensions.targets.flatMap(entry)).joined(separator: "\n") + "\n"
    }

    static func one(_ name: String) -> String? {
        let all = Extensions.matches.map { $0 as any RuleExtension } + Extensions.targets
        let found = all.filter { $0.name == name || $0.aliases.contains(name) }
        return found.isEmpty ? nil : found.flatMap(entry).joined(separator: "\n") + "\n"
    }

    private static func entry(_ item: any RuleExtension) -> [String] {
        let names = ([item.name] + item.aliases).joined(separator: ", ")
        return ["  \(names): \(item.summary)"] + item.options.map { "      \($0.help)" } + [""]
    }

    private static func lines(_ item: any MatchExtension) -> [String] {
        item.options.map { "  \($0.help): \(item.summary)" }
    }
}
