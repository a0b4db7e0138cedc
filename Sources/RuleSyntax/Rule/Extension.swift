import NetlinkProto

/// What a match and a target have in common.
protocol RuleExtension: Sendable {
    /// What it is called behind `-m` or `-j`.
    var name: String { get }
    /// Other names that mean the same.
    var aliases: [String] { get }
    /// What it is for, in one line of help.
    var summary: String { get }
    /// The options that it takes.
    var options: [OptionSpecification] { get }
}

extension RuleExtension {
    var aliases: [String] { [] }
    var options: [OptionSpecification] { [] }
}

/// The options of a match or target, made once and found by name.
struct OptionTable: Sendable {
    /// The canonical names, in the order of the help.
    let names: [String]
    private let options: [OptionSpecification]

    init(_ options: [OptionSpecification]) {
        names = options.map(\.name)
        self.options = options
    }

    /// The option that is called `name`.
    ///
    /// They are few: to compare them costs less than to hash the name, and a command need not build the tables of all extensions.
    subscript(name: String) -> OptionSpecification? {
        options.first { $0.names.contains(name) }
    }
}

/// A match with its options; an object, because it is passed on much.
final class MatchEntry: Sendable {
    let family: any MatchExtension
    let name: String
    /// The other names that `-m` takes for it.
    let aliases: [String]
    let form: MatchForm
    let options: OptionTable
    /// Whether it is written in front of all `-m`.
    let isHead: Bool
    /// Whether it belongs to a transport protocol.
    let isTransport: Bool
    /// Its place among the conditions.
    let order: Int
    /// Its place in the text.
    let textPlace: Int

    init(_ family: any MatchExtension) {
        self.family = family
        name = family.name
        aliases = family.aliases
        form = family.form
        options = OptionTable(family.options)
        if case .transport = family.form { isTransport = true } else { isTransport = false }
        guard case .head(let place, let order) = family.form else {
            (isHead, textPlace, self.order) = (false, .max, .max)
            return
        }
        (isHead, textPlace, self.order) = (true, place, order)
    }
}

/// A target with its options; an object, because it is passed on much.
final class TargetEntry: Sendable {
    let family: any TargetExtension
    let name: String
    let options: OptionTable

    init(_ family: any TargetExtension) {
        self.family = family
        name = family.name
        options = OptionTable(family.options)
    }
}

/// One family of conditions, such as those of `-m conntrack`.
protocol MatchExtension: RuleExtension {
    /// How it is written.
    var form: MatchForm { get }
    /// Turns what was given into conditions.
    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError)
    /// Says as text what `items` begin with; nil if it cannot.
    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim?
}

/// How a match is written.
enum MatchForm: Hashable, Sendable {
    /// Without `-m`, in front of all others: the place in the text and the place among the conditions.
    ///
    /// Both are those of iptables, which writes addresses first and tests interfaces first.
    case head(text: Int, order: Int)
    /// Its options follow `-p` of one of these protocols, `-m` may be left out.
    case transport([UInt8])
    /// Behind `-m NAME`.
    case named
}

/// The text for the first items of a rule.
struct Claim {
    /// The options' canonical names: none may stand twice behind one `-m`.
    var options: [String]
    /// The words, without `-m NAME`.
    var words: [String]
    /// How many items they stand for.
    var count = 1
}

/// What the printer knows from the items so far.
struct PrintState {
    /// The table's family.
    var family: Family
    /// Which of IPv4 and IPv6 the rule is about; nil while it is about both.
    var network: Family?
    /// The transport protocol that the rule asks for.
    var transport: UInt8?
    /// The EtherType that the rule asks for.
    var etherType: UInt16?
    /// Whether the rule asks for a header of IEEE 802.2 that STP, or SNAP, has.
    var logicalLink: LogicalLink?

    /// Takes in what a condition says about the protocols.
    mutating func learn(from item: Item) {
        guard let condition = item.condition else { return }
        if let link = LogicalLink(condition) { logicalLink = link }
        if family == .bridge, EtherTypeMatch.isLength(condition) { etherType = EtherType.length }
        guard condition.mask == nil, let (value, negated) = condition.equality, !negated else {
            return
        }
        switch condition.selector {
        case .meta(.family) where value.count == 1: network = Family(rawValue: value[0])
        case .meta(.transportProtocol) where value.count == 1: transport = value[0]
        case .meta(.etherType) where value.count == 2 && family == .netdev:
            network = EtherType.family(UInt16(networkBytes: value))
        case EtherType.selector where value.count == 2 && family == .bridge:
            etherType = UInt16(networkBytes: value)
            network = EtherType.family(UInt16(networkBytes: value))
        default: break
        }
    }
}

/// What becomes of a packet that all conditions hold for.
protocol TargetExtension: RuleExtension {
    /// The expressions behind the counter.
    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression]
    /// The options, as text, that give just these expressions; nil if it cannot say them.
    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]?
}
