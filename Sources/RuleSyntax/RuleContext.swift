public import NetlinkProto

/// Where a rule is to stand, as far as it is known; the parser checks against it.
public struct RuleContext: Hashable, Sendable {
    /// The table's family.
    public var family: Family
    /// The table's name.
    public var table: String
    /// The chain's name.
    public var chain: String
    /// `filter`, `nat` or `route`; nil when it is not known, and then nothing is checked against it.
    public var chainType: String?
    /// Where a base chain hooks in (`NF_INET_*`); nil when it is not known or not a base chain.
    public var hook: UInt32?

    /// A place for a rule.
    public init(
        family: Family, table: String = "", chain: String = "", chainType: String? = nil,
        hook: UInt32? = nil
    ) {
        self.family = family
        self.table = table
        self.chain = chain
        self.chainType = chainType
        self.hook = hook
    }
}

/// A rule that was read from text.
public struct ParsedRule: Hashable, Sendable {
    /// What the rule consists of, without xt2's own userdata.
    public var body: RuleBody

    /// A rule with this body.
    public init(body: RuleBody) {
        self.body = body
    }
}
