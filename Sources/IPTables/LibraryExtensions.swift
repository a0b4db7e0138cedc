public import NetlinkProto
public import RuleSyntax
import Synchronization
public import XTables

/// The extensions of libxtables, for rules in xt2's own language.
///
/// The library is opened when the first of them is needed.
public final class LibraryExtensions: ForeignExtensions {
    private let revisions: RevisionAnswer
    private let library = Mutex<XTables?>(nil)

    /// Extensions in the revisions that `revisions` says the kernel has.
    public init(revisions: @escaping RevisionAnswer) {
        self.revisions = revisions
    }

    private func extensions() throws(XTablesError) -> XTables {
        try library.withLock { opened throws(XTablesError) in
            if let opened { return opened }
            let library = try XTables(revisions: revisions)
            opened = library
            return library
        }
    }

    // MARK: Reading

    /// Reads the options of an extension; see ``ForeignExtensions``.
    public func read(
        _ name: ForeignName, words: [String], in place: ForeignPlace
    ) throws(RuleSyntaxError) -> ForeignReading? {
        let known = LibraryExtensions.linkExtensions[place.family]
        guard LibraryExtensions.families.contains(place.family), known?.contains(name.text) ?? true
        else {
            let kind = name.isTarget ? "target" : "match"
            throw RuleSyntaxError(
                "\(kind) \(name.text) does not work in tables of family \(place.family.name)",
                at: nil, hint: "it works in ip, ip6, inet")
        }
        var position: Int?
        do {
            let head = LibraryExtensions.head(place)
            return try extensions().use(family: head.family) { session throws(XTablesError) in
                try session.reading(words) { options throws(XTablesError) in
                    options.setHead(head)
                    return try LibraryExtensions.read(name, place.family, options, &position)
                }
            }
        } catch {
            var fault = RuleSyntaxError(error.message, at: position)
            fault.status = error.status
            throw fault
        }
    }

    private static func read(
        _ name: ForeignName, _ family: Family, _ options: RuleOptions, _ position: inout Int?
    ) throws(XTablesError) -> ForeignReading? {
        if name.isTarget {
            guard try options.setTarget(name.text) else { return nil }
            try check(name, family)
        } else {
            guard options.hasMatch(name.text) else { return nil }
            try check(name, family)
            try options.addMatch(name.text)
        }
        let count = try readOptions(options, &position)
        position = nil
        try options.check()
        guard let info = name.isTarget ? options.target : options.matches.first else { return nil }
        return ForeignReading(
            expression: expression(info, isTarget: name.isTarget), count: count)
    }

    /// Gives the extension its options, up to the first word that is none of them.
    private static func readOptions(
        _ options: RuleOptions, _ position: inout Int?
    ) throws(XTablesError) -> Int {
        var count = 0
        var isNegated = false
        while true {
            let (item, place) = options.next()
            switch item {
            case .negation where !isNegated: isNegated = true
            case .foreign(let code) where code != RuleOptions.unknown:
                position = place
                _ = try options.give(code, negated: isNegated)
                count = options.wordsTaken
                isNegated = false
            default: return count
            }
        }
    }

    private static func expression(_ info: ExtensionInfo, isTarget: Bool) -> Expression {
        let revision = UInt32(info.revision)
        return isTarget
            ? .compatTarget(
                CompatTargetExpression(name: info.name, revision: revision, info: info.info))
            : .compatMatch(
                CompatMatchExpression(name: info.name, revision: revision, info: info.info))
    }

    private static func head(_ place: ForeignPlace) -> RuleHead {
        let own: Set<Family> = [.ip6, .arp, .bridge]
        let family: Family = own.contains(place.family) ? place.family : .ip
        var head = RuleHead(family: family.rawValue)
        head.transport = place.transport ?? 0
        return head
    }

    // MARK: Families

    /// The families whose rules the extensions of iptables, arptables and ebtables are made for.
    private static let families: Set<Family> = [.ip, .ip6, .inet, .arp, .bridge]

    /// What ebtables and arptables have: all that may stand in their tables, though libxtables would read more.
    private static let linkExtensions: [Family: Set<String>] = [
        .bridge: [
            "802_3", "arp", "ip", "ip6", "mark_m", "pkttype", "stp", "vlan", "arpreply", "dnat",
            "log", "mark", "nflog", "redirect", "snat",
        ],
        .arp: ["mangle", "CLASSIFY", "MARK"],
    ]

    /// Refuses what the kernel's module does not offer to tables of the family.
    private static func check(_ name: ForeignName, _ family: Family) throws(XTablesError) {
        guard family == .inet else { return }
        let offered = name.isTarget ? anyFamilyTargets : anyFamilyMatches
        guard !offered.contains(name.text) else { return }
        throw XTablesError(
            "the kernel has \(name.text) for tables of family ip and ip6 only, not for inet; make a table of family ip, ip6 or both"
        )
    }

    /// Matches that the kernel registers for `NFPROTO_UNSPEC`.
    ///
    /// - Source: linux `net/netfilter/xt_*.c`.
    private static let anyFamilyMatches: Set<String> = [
        "bpf", "cgroup", "cluster", "comment", "connbytes", "connlabel", "connlimit", "connmark",
        "conntrack", "cpu", "devgroup", "helper", "ipvs", "limit", "mac", "mark", "nfacct",
        "owner", "physdev", "pkttype", "quota", "rateest", "state", "statistic", "string", "time",
        "u32",
    ]
    /// Targets that the kernel registers for `NFPROTO_UNSPEC`.
    private static let anyFamilyTargets: Set<String> = [
        "CHECKSUM", "CLASSIFY", "CONNMARK", "IDLETIMER", "LED", "MARK", "NFQUEUE", "RATEEST",
        "TRACE",
    ]

    // MARK: Writing

    /// The words for an expression; see ``ForeignExtensions``.
    public func words(
        _ expression: Expression, in place: ForeignPlace
    ) -> (name: String, words: [String])? {
        let head = LibraryExtensions.head(place)
        guard let (kind, info) = LibraryExtensions.info(expression),
            LibraryExtensions.families.contains(place.family),
            let said = try? extensions().use(
                family: head.family,
                { session throws(XTablesError) in
                    // Extensions of ebtables write one text for all purposes.
                    let form: XTablesSession.Form =
                        place.family == .bridge ? .list(numeric: true) : .save
                    return try session.text(of: kind, info, in: head, form: form)
                }),
            let words = try? CommandLine.split(said.text)
        else { return nil }
        return (said.name, words)
    }

    private static func info(_ expression: Expression) -> (ExtensionKind, ExtensionInfo)? {
        switch expression {
        case .compatMatch(let match):
            guard let revision = UInt8(exactly: match.revision) else { return nil }
            return (
                .match, ExtensionInfo(name: match.name, revision: revision, info: match.info)
            )
        case .compatTarget(let target):
            guard let revision = UInt8(exactly: target.revision) else { return nil }
            return (
                .target, ExtensionInfo(name: target.name, revision: revision, info: target.info)
            )
        default: return nil
        }
    }

    /// What an extension says about its options; see ``ForeignExtensions``.
    public func help(_ name: ForeignName) -> String? {
        try? extensions().use(family: Family.ip.rawValue) { session throws(XTablesError) in
            try session.help(of: name.isTarget ? .target : .match, named: name.text)
        }
    }
}
