/// The help on rule text, made from the same tables that the parser reads by.
enum RuleHelp {
    static func all() -> String {
        let matches = Extensions.matches
        var lines = ["Rule text:"]
        for match in matches where match.isHead {
            lines += match.family.options.map { "  \($0.help): \(match.family.summary)" }
        }
        lines += [
            "  -m, --match NAME: a match, see below",
            "  -j, --jump TARGET|CHAIN: what becomes of the packet",
            "  -g, --goto CHAIN: as -j, but without coming back",
            "  --no-counter: the rule counts nothing",
            "  --as-written: keep the order in which the conditions are written",
            "", "Matches:",
        ]
        for match in matches where !match.isHead { lines += entry(match.family) }
        lines.append("Targets:")
        for target in Extensions.targets { lines += entry(target.family) }
        return lines.joined(separator: "\n") + "\n"
    }

    static func one(_ name: String) -> String? {
        let found = Extensions.all.filter { $0.name == name || $0.aliases.contains(name) }
        return found.isEmpty ? nil : found.flatMap(entry).joined(separator: "\n") + "\n"
    }

    private static func entry(_ item: any RuleExtension) -> [String] {
        let names = ([item.name] + item.aliases).joined(separator: ", ")
        return ["  \(names): \(item.summary)"] + item.options.map { "      \($0.help)" } + [""]
    }
}
