import NetlinkProto

/// The matches and targets that rules of a table may have, by the table's family.
///
/// What there is for each family stands in `ExtensionLists.swift`.
final class Extensions: Sendable {
    /// Which families they are for.
    let families: [Family]
    /// The matches in the order in which the printer tries them.
    let matches: [MatchEntry]
    /// The targets in the order in which the printer tries them.
    let targets: [TargetEntry]

    init(
        _ families: [Family], matches: [any MatchExtension], targets: [any TargetExtension]
    ) {
        self.families = families
        self.matches = matches.map(MatchEntry.init)
        self.targets = targets.map(TargetEntry.init)
    }

    /// The ones for tables of this family.
    static func of(_ family: Family) -> Extensions {
        switch family {
        case .arp: arp
        case .bridge: bridge
        case .netdev: netdev
        default: internet
        }
    }

    /// All families, those that share their extensions once.
    static var groups: [Extensions] { [internet, netdev, bridge, arp] }

    /// The match that `-m NAME` means.
    ///
    /// Compared one by one: a command reads one rule, and would take longer to make a dictionary.
    func match(named name: String) -> MatchEntry? {
        matches.first { !$0.isHead && ($0.name == name || $0.aliases.contains(name)) }
    }

    /// The match that has an option and needs no `-m` for it.
    func unnamedMatch(with option: String, transport: UInt8?) -> MatchEntry? {
        matches.first { entry in
            switch entry.form {
            case .head: return entry.options[option] != nil
            case .transport(let protocols):
                guard let transport, protocols.contains(transport) else { return false }
                return entry.options[option] != nil
            case .named: return false
            }
        }
    }

    /// The target that this module has words for.
    func target(named name: String) -> TargetEntry? { targets.first { $0.name == name } }

    /// Whether a rule may have an option of this name.
    func hasOption(_ name: String) -> Bool {
        Extensions.flags.contains(name) || matches.contains { $0.options[name] != nil }
            || targets.contains { $0.options[name] != nil }
    }

    /// The target that `-j NAME` means: a chain if it is none of the targets.
    func target(for name: Word) throws(RuleSyntaxError) -> TargetEntry {
        if let target = target(named: name.text) { return target }
        if let near = target(named: name.text.uppercased()) {
            throw RuleSyntaxError(
                "there is no target “\(name.text)”", at: name.index,
                hint: "did you mean \(near.name)?")
        }
        if let refusal = Extensions.misplaced(
            "target \(name.text)", in: self, at: name.index,
            where: { $0.target(named: name.text) != nil })
        {
            throw refusal
        }
        if Extensions.foreignTargets.contains(name.text) {
            throw RuleSyntaxError(
                "target \(name.text) is an extension of iptables that cannot be loaded here",
                at: name.index)
        }
        try ChainName.check(name)
        return TargetEntry(ChainTarget(chain: name.text, isGoto: false))
    }

    /// Says that other families have what this one has not; nil if none has it.
    private static func misplaced(
        _ what: String, in own: Extensions, at index: Int, where has: (Extensions) -> Bool
    ) -> RuleSyntaxError? {
        let others = groups.filter(has).flatMap(\.families)
        guard !others.isEmpty, !groups.contains(where: { $0 === own && has($0) }) else {
            return nil
        }
        return RuleSyntaxError(
            "\(what) does not work in tables of family "
                + own.families.map(\.name).joined(separator: ", "), at: index,
            hint: "it works in " + others.map(\.name).joined(separator: ", "))
    }

    /// All matches and targets.
    var all: [any RuleExtension] {
        matches.map { $0.family as any RuleExtension } + targets.map(\.family)
    }

    /// The options that belong to no match and no target.
    private static let flags = ["--match", "--jump", "--goto", "--no-counter", "--as-written"]

    /// The names of all options.
    var optionNames: [String] {
        Extensions.flags + all.flatMap { $0.options.flatMap(\.names) }
    }

    func unknownMatch(_ name: Word) -> RuleSyntaxError {
        if let refusal = Extensions.misplaced(
            "match \(name.text)", in: self, at: name.index,
            where: { $0.match(named: name.text) != nil })
        {
            return refusal
        }
        if Extensions.foreignMatches.contains(name.text) {
            return RuleSyntaxError(
                "match \(name.text) is an extension of iptables that cannot be loaded here",
                at: name.index)
        }
        let names = matches.filter { !$0.isHead }.map(\.name)
        let near = Suggestion.nearest(to: name.text, among: names + Extensions.foreignMatches)
        return RuleSyntaxError(
            "there is no match “\(name.text)”", at: name.index,
            hint: near.map { "did you mean -m \($0)?" }
                ?? "there are: " + names.sorted().joined(separator: ", "))
    }

    /// Says why an option cannot stand where it does.
    func unknownOption(_ option: Word, target: String?) -> RuleSyntaxError {
        if let match = matches.first(where: { $0.options[option.text] != nil }) {
            return missing(match, for: option)
        }
        if let owner = targets.first(where: { $0.options[option.text] != nil }) {
            let hint =
                target.map { "it belongs to -j \(owner.name), not to -j \($0)" }
                ?? "it belongs behind -j \(owner.name)"
            return RuleSyntaxError("\(option.text) has no place here", at: option.index, hint: hint)
        }
        if let refusal = Extensions.misplaced(
            option.text, in: self, at: option.index,
            where: { group in group.matches.contains { $0.options[option.text] != nil } })
        {
            return refusal
        }
        let near = Suggestion.nearest(to: option.text, among: optionNames)
        return RuleSyntaxError(
            "unknown option \(option.text)", at: option.index,
            hint: near.map { "did you mean \($0)?" })
    }

    private func missing(_ match: MatchEntry, for option: Word) -> RuleSyntaxError {
        guard match.isTransport else {
            return RuleSyntaxError(
                "\(option.text) needs its match", at: option.index,
                hint: "put -m \(match.name) in front of it")
        }
        let protocols = matches.filter { $0.isTransport && $0.options[option.text] != nil }
            .map { "-p \($0.family.aliases.first ?? $0.name)" }
        return RuleSyntaxError(
            "\(option.text) needs a protocol that has it", at: option.index,
            hint: "add " + protocols.joined(separator: " or "))
    }

    /// Matches that libxtables reads and writes.
    private static let foreignMatches = [
        "ah", "bpf", "cgroup", "cluster", "connbytes", "connlabel", "connlimit", "cpu", "dccp",
        "devgroup", "dscp", "dst", "ecn", "esp", "eui64", "frag", "geoip", "hashlimit", "hbh",
        "helper", "hl", "ipcomp", "ipv6header", "ipvs", "mh", "nfacct", "osf", "physdev", "policy",
        "quota", "rateest", "realm", "recent", "rpfilter", "rt", "set", "socket", "srh",
        "statistic", "string", "tcpmss", "time", "tos", "ttl", "u32",
    ]

    /// Targets that libxtables reads and writes.
    static let foreignTargets = [
        "AUDIT", "CHECKSUM", "CLUSTERIP", "CONNSECMARK", "DNPT", "ECN", "HMARK", "IDLETIMER",
        "LED", "RATEEST", "SECMARK", "SET", "SNPT", "SYNPROXY", "TCPOPTSTRIP", "ULOG",
    ]
}

/// What a chain may be called.
enum ChainName {
    /// Refuses a name that could not be told from something else.
    static func check(_ name: Word) throws(RuleSyntaxError) {
        let text = name.text
        guard !text.isEmpty, text.utf8.count <= 255 else {
            throw RuleSyntaxError(
                "the name of a chain has 1 to 255 bytes, not \(text.utf8.count)", at: name.index)
        }
        guard !text.hasPrefix("-"), !text.hasPrefix("!") else {
            throw RuleSyntaxError("a chain's name cannot begin with - or !", at: name.index)
        }
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            throw RuleSyntaxError(
                "a chain's name holds no blanks and no control characters", at: name.index)
        }
    }
}
