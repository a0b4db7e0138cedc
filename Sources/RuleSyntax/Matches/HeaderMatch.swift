import NetlinkProto

/// The fields of one header, an option each.
struct HeaderMatch: MatchExtension {
    /// What must be known of a packet for the header to be there.
    enum Need: Hashable, Sendable {
        case nothing
        /// The link layer says that the packet is one of these.
        case etherType([UInt16], hint: String)
        /// It begins with this header of IEEE 802.2.
        case logicalLink(LogicalLink)
    }

    let name: String
    let summary: String
    let form: MatchForm
    let fields: [HeaderField]
    var need = Need.nothing

    var options: [OptionSpecification] { fields.map(\.option) }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let first = match.options.first else {
            throw RuleSyntaxError(
                "-m \(name) needs an option", at: match.index,
                hint: "such as " + (options.first?.name ?? ""))
        }
        try check(builder, at: first.index)
        if case .logicalLink(let link) = need { builder.require(link) }
        for option in builder.keepsOrder ? match.options : ordered(match.options) {
            guard let field = fields.first(where: { $0.option.name == option.name }) else {
                continue
            }
            try checkTransport(field, builder, at: option.index)
            try field.compile(option, into: &builder)
        }
    }

    private func ordered(_ options: [ParsedOption]) -> [ParsedOption] {
        fields.compactMap { field in options.first { $0.name == field.option.name } }
    }

    private func check(_ builder: RuleBuilder, at index: Int) throws(RuleSyntaxError) {
        guard case .etherType(let types, let hint) = need else { return }
        guard let type = builder.etherType, types.contains(type) else {
            throw RuleSyntaxError(
                "the options of \(name) need the protocol that has them", at: index, hint: hint)
        }
    }

    /// Ports and types of ICMP are there only if the protocol is known that has them.
    private func checkTransport(
        _ field: HeaderField, _ builder: RuleBuilder, at index: Int
    ) throws(RuleSyntaxError) {
        let option = builder.network == .ip6 ? "--ip6-proto" : "--ip-proto"
        guard !HeaderMatch.fits(field, builder.transport) else { return }
        let hint: String
        switch field.value {
        case .icmp(.ip6): hint = "add \(option) ipv6-icmp"
        case .icmp: hint = "add \(option) icmp"
        default: hint = "add \(option) tcp or \(option) udp"
        }
        throw RuleSyntaxError(
            "\(field.option.name) needs a protocol that has it", at: index, hint: hint)
    }

    private static func fits(_ field: HeaderField, _ transport: UInt8?) -> Bool {
        switch field.value {
        case .port: transport.map { [6, 17, 33, 132, 136].contains($0) } ?? false
        case .icmp(let family): transport == (family == .ip ? 1 : 58)
        default: true
        }
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard holds(state) else { return nil }
        if case .logicalLink(let link) = need, state.logicalLink != link {
            guard items.first == .condition(link.condition),
                let claim = claimField(items.dropFirst(), state)
            else { return nil }
            return Claim(options: claim.options, words: claim.words, count: 2)
        }
        return claimField(items, state)
    }

    private func holds(_ state: PrintState) -> Bool {
        guard case .etherType(let types, _) = need else { return true }
        return state.etherType.map(types.contains) ?? false
    }

    private func claimField(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        for field in fields where HeaderMatch.fits(field, state.transport) {
            guard let text = field.text(items, state) else { continue }
            let isNegated = items.first?.condition?.isNegated ?? false
            let name = field.option.name
            return Claim(options: [name], words: (isNegated ? ["!"] : []) + [name, text])
        }
        return nil
    }
}

/// The headers of IEEE 802.2 behind an Ethernet header that has a length instead of a type.
enum LogicalLink: Hashable, Sendable {
    /// Spanning tree: both service access points are 0x42.
    case stp
    /// A header that ends with an EtherType (SNAP).
    case snap

    private static let selector = Selector.payload(.link, offset: 14, length: 3)

    private var bytes: [UInt8] { self == .stp ? [0x42, 0x42, 0x03] : [0xAA, 0xAA, 0x03] }

    /// The condition that a frame has it.
    var condition: Condition { Condition(LogicalLink.selector, equals: bytes) }

    /// The header that a condition asks for.
    init?(_ condition: Condition) {
        switch condition {
        case LogicalLink.stp.condition: self = .stp
        case LogicalLink.snap.condition: self = .snap
        default: return nil
        }
    }
}
