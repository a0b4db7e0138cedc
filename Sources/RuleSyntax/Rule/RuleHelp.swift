import NetlinkProto

/// The help on rule text, made from the same tables that the parser reads by.
enum RuleHelp {
    static func all() -> String {
        Extensions.groups.map(all).joined(separator: "\n")
    }

    private static func all(_ extensions: Extensions) -> String {
        let families = extensions.families.map(\.name).joined(separator: ", ")
        var lines = ["Rule text in tables of family \(families):"]
        for match in extensions.matches where match.isHead { lines += head(match.family) }
        lines += [
            "  -m, --match NAME: a match, see below",
            "  -j, --jump TARGET|CHAIN: what becomes of the packet",
            "  -g, --goto CHAIN: as -j, but without coming back",
            "  --no-counter: the rule counts nothing",
            "  --as-written: keep the order in which the conditions are written",
            "", "Matches:",
        ]
        for match in extensions.matches where !match.isHead { lines += entry(match.family) }
        lines.append("Targets:")
        for target in extensions.targets { lines += entry(target.family) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What stands in front of all `-m`: one line for one option, or the options below what they are for.
    private static func head(_ match: any MatchExtension) -> [String] {
        guard match.options.count > 1 else {
            return match.options.map { "  \($0.help): \(match.summary)" }
        }
        return ["  \(match.summary):"] + match.options.map { "      \($0.help)" }
    }

    static func one(_ name: String) -> String? {
        var entries: [[String]] = []
        for item in Extensions.groups.flatMap(\.all)
        where item.name == name || item.aliases.contains(name) {
            let lines = entry(item)
            if !entries.contains(lines) { entries.append(lines) }
        }
        return entries.isEmpty ? nil : entries.joined().joined(separator: "\n") + "\n"
    }

    private static func entry(_ item: any RuleExtension) -> [String] {
        let names = ([item.name] + item.aliases).joined(separator: ", ")
        return ["  \(names): \(item.summary)"] + item.options.map { "      \($0.help)" } + [""]
    }
}
