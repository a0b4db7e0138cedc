import NetlinkProto

/// The rule that matches and targets are compiled into.
struct RuleBuilder {
    /// Where the rule is to stand.
    let context: RuleContext
    /// Whether the conditions keep the order in which they were written.
    let keepsOrder: Bool
    /// The positive `-p`, wherever it stands.
    let transport: UInt8?
    /// In bridge tables: the positive `-p`, wherever it stands.
    let etherType: UInt16?
    /// The steps so far.
    private(set) var items: [Item] = []
    /// Sets that expressions given as bytes refer to, each with the number of items in front of it.
    private(set) var rawSets: [(AnonymousSet, before: Int)] = []
    /// Which of IPv4 and IPv6 the rule is about; nil while it is about both.
    private(set) var network: Family?
    /// Which header of IEEE 802.2 the rule asks for.
    private var logicalLink: LogicalLink?
    /// The comment.
    var comment: String?
    /// Parts of a body that no expression holds, from a rule given as bytes.
    var rest: RuleBody?

    init(
        context: RuleContext, keepsOrder: Bool, transport: UInt8?, etherType: UInt16? = nil
    ) {
        self.context = context
        self.keepsOrder = keepsOrder
        self.transport = transport
        self.etherType = etherType
        switch context.family {
        case .ip, .ip6: network = context.family
        default: network = etherType.flatMap(EtherType.family)
        }
    }

    mutating func append(_ condition: Condition) { items.append(.condition(condition)) }

    mutating func append(_ expression: Expression) { items.append(.expression(expression)) }

    mutating func append(_ set: AnonymousSet) { rawSets.append((set, items.count)) }

    /// Makes the rule one about `family`, `ip` or `ip6`; in a table for both that takes a condition, once.
    ///
    /// - Throws: ``RuleSyntaxError`` if the table or the rule is about the other one.
    mutating func require(
        _ family: Family, at index: Int, inFront: Bool = false
    ) throws(RuleSyntaxError) {
        guard network != family else { return }
        let version = family == .ip ? "IPv4" : "IPv6"
        guard let selector = context.family.networkSelector else {
            throw RuleSyntaxError(
                "this is \(version), but the table's family is \(context.family.name)", at: index,
                hint: "tables of family inet hold rules for both")
        }
        guard network == nil else {
            throw RuleSyntaxError(
                "IPv4 and IPv6 in one rule: no packet is both", at: index,
                hint: "write two rules")
        }
        network = family
        let item = Item.condition(
            Condition(selector, equals: context.family.networkValue(family)))
        if inFront { items.insert(item, at: 0) } else { items.append(item) }
    }

    /// Makes the rule one about frames with this header; that takes a condition, once.
    mutating func require(_ link: LogicalLink) {
        guard logicalLink != link else { return }
        logicalLink = link
        append(link.condition)
    }

    /// The whole rule.
    func body(counts: Bool, target: [Expression]) -> RuleBody {
        var assembler = RuleAssembler()
        var sets = rawSets[...]
        for (index, item) in items.enumerated() {
            while let next = sets.first, next.before <= index {
                assembler.append(next.0)
                sets.removeFirst()
            }
            assembler.append(item)
        }
        for next in sets { assembler.append(next.0) }
        var body = rest ?? RuleBody()
        body.expressions =
            assembler.expressions + (counts ? [.counter(CounterExpression())] : []) + target
        body.sets = assembler.sets
        if let comment { body.userData = Comment.userData(comment) }
        return body
    }
}

extension Family {
    /// What tells IPv4 from IPv6 in tables of this family; nil where all packets are of one kind.
    ///
    /// In `netdev` tables packets come from the link, which knows them by their EtherType.
    var networkSelector: Selector? {
        switch self {
        case .inet: .meta(.family)
        case .netdev: .meta(.etherType)
        default: nil
        }
    }

    /// The value of ``networkSelector`` for IPv4 or IPv6.
    func networkValue(_ network: Family) -> [UInt8] {
        self == .inet ? [network.rawValue] : EtherType.number(of: network).networkBytes
    }

    /// Whether tables of this family hold rules for IPv4 and IPv6 alike.
    var isMixed: Bool { networkSelector != nil }
}
