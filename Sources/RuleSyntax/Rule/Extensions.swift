import NetlinkProto

/// Every match and target there is; a new one is added here and nowhere else.
enum Extensions {
    static let matches: [MatchEntry] = families.map(MatchEntry.init)

    static let targets: [TargetEntry] = targetFamilies.map(TargetEntry.init)

    private static let families: [any MatchExtension] = [
        FamilyMatch(.ip), FamilyMatch(.ip6), AddressMatch(.source), AddressMatch(.destination),
        InterfaceMatch(.input), InterfaceMatch(.output), TransportMatch(), FragmentMatch(),
        TCPMatch(), PortMatch("udp", 17), PortMatch("udplite", 136), PortMatch("dccp", 33),
        SCTPMatch(), ICMPMatch(.ip), ICMPMatch(.ip6), MultiportMatch(), ConntrackMatch(),
        StateMatch(), MarkMatch(), ConnmarkMatch(), LimitMatch(), AddressRangeMatch(),
        HardwareAddressMatch(), PacketTypeMatch(), AddressTypeMatch(), OwnerMatch(),
        LengthMatch(), RawMatch(), CommentMatch(),
    ]

    private static let targetFamilies: [any TargetExtension] = [
        VerdictTarget("ACCEPT", .accept, "Let the packet through"),
        VerdictTarget("DROP", .drop, "Throw the packet away"),
        VerdictTarget("RETURN", .return, "Go back to the chain that jumped here"),
        QueueTarget(), RejectTarget(), LogTarget(), NFLogTarget(), MarkTarget(),
        ConnmarkTarget(), NATTarget(.source), NATTarget(.destination), MasqueradeTarget(),
        RedirectTarget(), NFQueueTarget(), ConntrackTarget("CT"), ConntrackTarget("NOTRACK"),
    ]

    /// The match that `-m NAME` means.
    static func match(named name: String) -> MatchEntry? { matchesByName[name] }

    private static let matchesByName: [String: MatchEntry] = Dictionary(
        matches.filter { !$0.isHead }.flatMap { entry in
            ([entry.name] + entry.family.aliases).map { ($0, entry) }
        }, uniquingKeysWith: { first, _ in first })

    private static let targetsByName: [String: TargetEntry] = Dictionary(
        targets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The match that has an option and needs no `-m` for it.
    static func unnamedMatch(with option: String, transport: UInt8?) -> MatchEntry? {
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
    static func target(named name: String) -> TargetEntry? { targetsByName[name] }

    /// The target that `-j NAME` means: a chain if it is none of the targets.
    static func target(for name: Word) throws(RuleSyntaxError) -> TargetEntry {
        if let target = targetsByName[name.text] { return target }
        if let near = targetsByName[name.text.uppercased()] {
            throw RuleSyntaxError(
                "there is no target “\(name.text)”", at: name.index,
                hint: "did you mean \(near.name)?")
        }
        if foreignTargets.contains(name.text) {
            throw RuleSyntaxError(
                "target \(name.text) is an extension of iptables that cannot be loaded here",
                at: name.index)
        }
        try ChainName.check(name)
        return TargetEntry(ChainTarget(chain: name.text, isGoto: false))
    }

    /// The target or chain that was perhaps meant where a chain of this name does not exist.
    static func suggestion(forTarget name: String, chains: [String]) -> String? {
        EditDistance.nearest(to: name, among: targets.map(\.name) + chains)
    }

    /// All matches and targets.
    static var all: [any RuleExtension] {
        families.map { $0 as any RuleExtension } + targetFamilies
    }

    /// The names of all options.
    static var optionNames: [String] {
        let flags = ["--match", "--jump", "--goto", "--no-counter", "--as-written"]
        return flags + all.flatMap { $0.options.flatMap(\.names) }
    }

    static func unknownMatch(_ name: Word) -> RuleSyntaxError {
        if foreignMatches.contains(name.text) {
            return RuleSyntaxError(
                "match \(name.text) is an extension of iptables that cannot be loaded here",
                at: name.index)
        }
        let names = matches.filter { !$0.isHead }.map(\.name)
        let near = EditDistance.nearest(to: name.text, among: names)
        return RuleSyntaxError(
            "there is no match “\(name.text)”", at: name.index,
            hint: near.map { "did you mean -m \($0)?" }
                ?? "there are: " + names.sorted().joined(separator: ", "))
    }

    /// Says why an option cannot stand where it does.
    static func unknownOption(_ option: Word, target: String?) -> RuleSyntaxError {
        if let match = matches.first(where: { $0.options[option.text] != nil }) {
            return missing(match, for: option)
        }
        if let owner = targets.first(where: { $0.options[option.text] != nil }) {
            let hint =
                target.map { "it belongs to -j \(owner.name), not to -j \($0)" }
                ?? "it belongs behind -j \(owner.name)"
            return RuleSyntaxError("\(option.text) has no place here", at: option.index, hint: hint)
        }
        let near = EditDistance.nearest(to: option.text, among: optionNames)
        return RuleSyntaxError(
            "unknown option \(option.text)", at: option.index,
            hint: near.map { "did you mean \($0)?" })
    }

    private static func missing(_ match: MatchEntry, for option: Word) -> RuleSyntaxError {
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
    private static let foreignMatches: Set = [
        "ah", "bpf", "cgroup", "cluster", "connbytes", "connlabel", "connlimit", "cpu", "dccp",
        "devgroup", "dscp", "dst", "ecn", "esp", "eui64", "frag", "geoip", "hashlimit", "hbh",
        "helper", "hl", "ipcomp", "ipv6header", "ipvs", "mh", "nfacct", "osf", "physdev", "policy",
        "quota", "rateest", "realm", "recent", "rpfilter", "rt", "set", "socket", "srh",
        "statistic", "string", "tcpmss", "time", "tos", "ttl", "u32",
    ]

    /// Targets that libxtables reads and writes.
    static let foreignTargets: Set = [
        "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNSECMARK", "DNPT", "DSCP", "ECN", "HL",
        "HMARK", "IDLETIMER", "LED", "NETMAP", "RATEEST", "SECMARK", "SET", "SNPT", "SYNPROXY",
        "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE", "TTL", "ULOG",
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
