import NetlinkProto

/// Whether a rule can take a packet out of its chain other than by deciding about it: by `return` or `goto`.
///
/// Such a rule would only leave the part that it stands in, so it stands in the chain itself.
enum ChainExit {
    case stays
    /// It stays, and goes through another chain on its way.
    case jumps
    /// It stays, and the kernel keeps something beside its counters for it, which would be lost with it: what is left of a quota.
    case remembers
    case mayLeave

    /// A quick look at a rule's body, without taking it apart; in doubt it may leave.
    init(_ body: [UInt8], family: Family) {
        self = .stays
        var attributes = AttributeReader(body.span.bytes)
        while let attribute = try? attributes.next() {
            guard attribute.type == 4 else { continue }
            guard var list = try? attribute.nested() else {
                self = .mayLeave
                return
            }
            while let element = try? list.next() {
                guard var parts = try? element.nested(), let name = try? parts.next(),
                    name.type == 1
                else {
                    self = .mayLeave
                    return
                }
                switch ChainExit.expression(name, parts, family) {
                case .stays: continue
                case .jumps: if self == .stays { self = .jumps }
                case .remembers: self = .remembers
                case .mayLeave:
                    self = .mayLeave
                    return
                }
            }
        }
    }

    private static func expression(
        _ name: borrowing Attribute, _ rest: consuming AttributeReader, _ family: Family
    ) -> ChainExit {
        // Nearly all expressions are of these.
        if name.hasText(PayloadExpression.name) || name.hasText(CompareExpression.name)
            || name.hasText(CounterExpression.name) || name.hasText(MetaExpression.name)
        {
            return .stays
        }
        guard let data = try? rest.next(), data.type == 2 else {
            // Some have no contents, as `notrack`.
            return staying.contains { name.hasText($0) } ? .stays : .mayLeave
        }
        if name.hasText(ImmediateExpression.name) { return immediate(data) }
        if name.hasText(LookupExpression.name) {
            return givesVerdict(lookup: data) ? .mayLeave : .stays
        }
        if name.hasText(CompatTargetExpression.name) {
            // Targets of ebtables are told what comes next, `--mark-target RETURN`.
            return family == .bridge ? .mayLeave : .stays
        }
        if name.hasText(CompatMatchExpression.name) { return match(data) }
        if remembering.contains(where: { name.hasText($0) }) { return .remembers }
        return staying.contains { name.hasText($0) } ? .stays : .mayLeave
    }

    /// NFTA_MATCH_NAME (1).
    private static func match(_ match: borrowing Attribute) -> ChainExit {
        guard var parts = try? match.nested() else { return .mayLeave }
        while let part = try? parts.next() {
            guard part.type == 1 else { continue }
            return rememberingMatches.contains { part.hasText($0) } ? .remembers : .stays
        }
        return .mayLeave
    }

    /// Expressions with state of their own, and extensions.
    ///
    /// - Source: linux `net/netfilter/nft_*.c`, whose `clone` it is; `xt_quota.c`, `xt_limit.c`, `xt_statistic.c`.
    private static let remembering = ["connlimit", "last", "limit", "quota"]
    private static let rememberingMatches = ["limit", "quota", "statistic"]

    /// Expressions that give no verdict, or one that decides about the packet, or the one to go on with the next rule.
    ///
    /// - Source: linux `net/netfilter/nft_*.c`, what each writes to `regs->verdict`.
    private static let staying = [
        "bitwise", "byteorder", "ct", "dup", "dynset", "exthdr", "fib", "flow_offload", "fwd",
        "hash", "inner", "log", "masq", "nat", "notrack", "numgen", "objref", "osf", "queue",
        "range", "redir", "reject", "rt", "socket", "synproxy", "tproxy", "tunnel", "xfrm",
    ]

    /// NFTA_IMMEDIATE_DATA (2) { NFTA_DATA_VERDICT (2) { NFTA_VERDICT_CODE (1) } }.
    private static func immediate(_ immediate: borrowing Attribute) -> ChainExit {
        guard var parts = try? immediate.nested() else { return .mayLeave }
        while let part = try? parts.next() {
            guard part.type == 2 else { continue }
            guard var data = try? part.nested(), let value = try? data.next() else {
                return .mayLeave
            }
            // A value, not a verdict.
            if value.type != 2 { return .stays }
            guard var verdict = try? value.nested(), let code = try? verdict.next(),
                code.type == 1, let number = try? code.uint32()
            else { return .mayLeave }
            let isJump = Int32(bitPattern: number) == Verdict.jump("").code
            return isJump
                ? .jumps : deciding.contains(Int32(bitPattern: number)) ? .stays : .mayLeave
        }
        return .mayLeave
    }

    /// The verdicts after which a packet is decided about, or goes on with the next rule.
    private static let deciding = [Verdict.accept, .drop, .queue, .continue, .break].map(\.code)

    /// Whether a map is asked (NFTA_LOOKUP_DREG, 3) whose answer is a verdict (`NFT_REG_VERDICT`, 0): any may be in it, or come.
    private static func givesVerdict(lookup: borrowing Attribute) -> Bool {
        guard var parts = try? lookup.nested() else { return true }
        while let part = try? parts.next() {
            if part.type == 3 { return (try? part.uint32()) == Register.verdict.rawValue }
        }
        return false
    }
}
