import NetlinkProto

/// What a rule may do with a packet.
struct RuleResult: Equatable {
    /// The verdicts that it may give.
    var verdicts: [Verdict] = []
    /// Whether the packet may go on to the next rule.
    var mayContinue = false
    /// What could not be told: the name of the expression.
    var doubt: String?
    /// Whether it does something to the packet, or may.
    var changesPacket = false

    /// Whether the packet comes to the next rule as it was.
    var isNothing: Bool { verdicts.isEmpty && mayContinue && !changesPacket }
}

/// Runs a rule on a packet, as far as both are known.
///
/// - Source: linux `net/netfilter/nf_tables_core.c`, `nft_do_chain`, and the file of each expression.
struct RuleWalk {
    /// Where the packet is.
    struct Place {
        /// `NF_INET_*`.
        var hook: UInt32
        /// The priority of the base chain.
        var priority: Int32

        /// Whether connection tracking has not seen the packet yet.
        var isBeforeTracking: Bool {
            let isEarly = hook == PacketRoute.prerouting || hook == PacketRoute.output
            return hook == PacketRoute.ingress || isEarly && priority < Place.tracking
        }

        static let tracking: Int32 = -200  // NF_IP_PRI_CONNTRACK
    }

    /// Finds the elements of a named set; nil if they are not known.
    typealias SetFinder = (String) -> GuardSet?

    let place: Place
    private let sets: [AnonymousSet]
    private let findSet: SetFinder
    private var packet: GuardedPacket
    private var registers = GuardRegisters()
    private var match = Truth.yes
    private var doubt: String?
    /// Verdicts that a verdict map may give.
    private var verdicts: [Verdict] = []
    private var isOver = false
    private var changesPacket = false
    /// Whether a translation sends the packet elsewhere.
    private(set) var redirects = false

    /// Verdicts of a map that are told apart; of more, all are possible.
    private static let verdictLimit = 64

    /// Runs a rule; `packet` becomes what it makes of it.
    static func run(
        _ body: RuleBody, on packet: inout GuardedPacket, at place: Place,
        redirected: inout Bool, findSet: SetFinder
    ) -> RuleResult {
        withoutActuallyEscaping(findSet) { findSet in
            var walk = RuleWalk(body.sets, packet, place, findSet)
            for expression in body.expressions {
                walk.take(expression)
                if walk.match == .no || walk.isOver { break }
            }
            packet = walk.packet
            if walk.redirects { redirected = true }
            return walk.result
        }
    }

    private init(
        _ sets: [AnonymousSet], _ packet: GuardedPacket, _ place: Place,
        _ findSet: @escaping SetFinder
    ) {
        self.sets = sets
        self.packet = packet
        self.place = place
        self.findSet = findSet
    }

    private var result: RuleResult {
        guard isOver && match != .no else {
            return RuleResult(mayContinue: true, changesPacket: changesPacket)
        }
        return RuleResult(
            verdicts: verdicts, mayContinue: match != .yes,
            doubt: match != .yes || verdicts.count > 1 ? doubt : nil, changesPacket: changesPacket)
    }

    // MARK: Ends of rules

    private mutating func end(_ verdicts: [Verdict]) {
        self.verdicts = verdicts
        isOver = true
    }

    /// Anything may happen.
    private mutating func end(unclear name: String) {
        demand(.unknown, name)
        end([.accept, .drop])
    }

    /// A condition: the rule goes on only if it holds.
    private mutating func demand(_ truth: Truth, _ name: String) {
        match = match.and(truth)
        if truth == .unknown && doubt == nil { doubt = name }
    }

    /// Does something to the packet that happens only if the rule goes so far.
    private mutating func change(_ body: (inout GuardedPacket) -> Void) {
        let before = packet
        body(&packet)
        changesPacket = true
        if match != .yes { packet.forgetDifferences(from: before) }
    }

    // MARK: Expressions

    private mutating func take(_ expression: Expression) {
        switch expression {
        case .immediate(let immediate): take(immediate)
        case .bitwise(let bitwise): take(bitwise)
        case .byteorder(let byteorder): take(byteorder)
        case .compare(let compare): take(compare)
        case .range(let range):
            let value = registers.load(range.source, range.from.count)
            let truth = value.lies(from: range.from, to: range.to)
            demand(range.operation == .inside ? truth : truth.inverted, expression.name)
        case .lookup(let lookup): take(lookup)
        case .payload(let payload): take(payload)
        case .meta(let meta): take(meta)
        case .conntrack(let conntrack): take(conntrack)
        case .fib(let fib): take(fib)
        case .extensionHeader(let header): take(header)
        case .routing(let routing):
            registers.store(PartialBytes(unknown: 16), in: routing.destination)
        case .socket(let socket):
            // It ends the rule where there is no socket.
            registers.store(PartialBytes(unknown: 8), in: socket.destination)
            demand(.unknown, expression.name)
        case .limit, .connectionLimit, .quota: demand(.unknown, expression.name)
        case .dynamicSet(let dynamic):
            if !dynamic.expressions.isEmpty { demand(.unknown, expression.name) }
        case .objectReference(let reference): take(reference)
        case .counter, .log: break
        case .notrack: takeNotrack()
        case .queue: end(unclear: expression.name)
        case .reject: end([.drop])
        case .nat(let nat): take(nat)
        case .masquerade: end([.accept])
        case .redirect: redirect()
        case .compatMatch(let extension_):
            demand(packet.holds(extension_, at: place), "match \(extension_.name)")
        case .compatTarget(let target): take(target)
        case .transparentProxy:
            // It ends the rule where there is no socket.
            redirects = true
            demand(.unknown, expression.name)
        case .duplicate: break
        // It leaves by another interface; whether it comes back is not known.
        case .forward: end(unclear: expression.name)
        case .unknown(let unknown): take(unknown)
        }
    }

    private mutating func take(_ immediate: ImmediateExpression) {
        switch immediate.data {
        case .verdict(let verdict): end([verdict])
        case .value(let bytes): registers.store(PartialBytes(bytes), in: immediate.destination)
        }
    }

    private mutating func take(_ bitwise: BitwiseExpression) {
        let length = Int(bitwise.length)
        let value = registers.load(bitwise.source, length)
        guard bitwise.operation == .boolean, let mask = bitwise.mask, let xor = bitwise.xor else {
            return registers.store(PartialBytes(unknown: length), in: bitwise.destination)
        }
        registers.store(value.masked(mask, xor: xor), in: bitwise.destination)
    }

    private mutating func take(_ byteorder: ByteorderExpression) {
        let value = registers.load(byteorder.source, Int(byteorder.length))
        let isLittleEndian = UInt16(1).bigEndian != 1
        let turned = isLittleEndian ? value.turned(groupsOf: Int(byteorder.size)) : value
        registers.store(turned, in: byteorder.destination)
    }

    private mutating func take(_ compare: CompareExpression) {
        let value = registers.load(compare.source, compare.value.count)
        let truth =
            switch compare.operation {
            case .equal: registers.equals(compare.source, compare.value)
            case .notEqual: registers.equals(compare.source, compare.value).inverted
            case .less: value.precedes(compare.value)
            case .lessOrEqual: value.follows(compare.value).inverted
            case .greater: value.follows(compare.value)
            case .greaterOrEqual: value.precedes(compare.value).inverted
            default: Truth.unknown
            }
        demand(truth, "cmp")
    }

    private mutating func take(_ lookup: LookupExpression) {
        guard let set = set(lookup) else {
            if let destination = lookup.destination, destination == .verdict {
                return end(unclear: "lookup in @\(lookup.set)")
            }
            if let destination = lookup.destination {
                registers.store(PartialBytes(unknown: 16), in: destination)
            }
            return demand(.unknown, "lookup in @\(lookup.set)")
        }
        let found = set.lookUp(lookup.source, in: registers)
        let isInverted = lookup.flags & LookupExpression.inverted != 0
        demand(isInverted ? found.found.inverted : found.found, "lookup")
        guard let destination = lookup.destination, match != .no else { return }
        if destination == .verdict {
            let verdicts = found.candidates.compactMap { element -> Verdict? in
                guard case .verdict(let verdict) = element.data else { return nil }
                return verdict
            }
            if verdicts.count > 1 && doubt == nil { doubt = "lookup" }
            return verdicts.count > RuleWalk.verdictLimit
                ? end(unclear: "lookup") : end(verdicts)
        }
        if found.candidates.count == 1, case .value(let bytes) = found.candidates[0].data {
            registers.store(PartialBytes(bytes), in: destination)
        } else {
            registers.store(PartialBytes(unknown: 16), in: destination)
        }
    }

    private func set(_ lookup: LookupExpression) -> GuardSet? {
        guard let id = lookup.setID else { return findSet(lookup.set) }
        guard id >= 1, sets.indices.contains(Int(id) - 1) else { return nil }
        let set = sets[Int(id) - 1]
        return GuardSet(body: set.body, elements: set.elements)
    }

    private mutating func take(_ payload: PayloadExpression) {
        let (offset, length) = (Int(payload.offset), Int(payload.length))
        if payload.source != nil {
            return change { $0.forgetHeader(payload.base, offset, length) }
        }
        guard let destination = payload.destination else { return }
        let header =
            switch payload.base {
            case .network: packet.networkHeader
            case .transport: packet.transportHeader
            default: PartialBytes(unknown: 0)
            }
        registers.store(header.slice(offset, length), in: destination)
    }

    private mutating func take(_ meta: MetaExpression) {
        if let source = meta.source {
            guard meta.key == .mark else { return }
            let mark = registers.load(source, 4)
            return change { $0.setMark(mark) }
        }
        guard let destination = meta.destination else { return }
        switch packet.value(of: meta.key, at: place) {
        case .bytes(let bytes): registers.store(bytes, in: destination)
        case .anythingBut(let bytes): registers.store(anythingBut: bytes, in: destination)
        }
    }

    private mutating func take(_ conntrack: ConntrackExpression) {
        guard let destination = conntrack.destination else { return }
        guard let value = packet.value(of: conntrack, at: place) else {
            // Not tracked yet: it ends the rule.
            return demand(.no, "ct")
        }
        registers.store(value, in: destination)
    }

    private mutating func take(_ fib: FibExpression) {
        let isType = fib.result == .addressType && fib.flags == .destinationAddress
        let isArriving = [PacketRoute.ingress, PacketRoute.prerouting, PacketRoute.input]
            .contains(place.hook)
        if isType && isArriving && packet.isForHost {
            // RTN_LOCAL
            registers.store(PartialBytes(hostOrder: 2), in: fib.destination)
        } else {
            registers.store(PartialBytes(unknown: 16), in: fib.destination)
        }
    }

    private mutating func take(_ header: ExtensionHeaderExpression) {
        guard let destination = header.destination else { return }
        let isAbsent = header.operation == .ip6 || header.operation == .ip
        if isAbsent && header.flags & 1 != 0 {
            // Only whether it is there; the packets of a connection have none.
            return registers.store(PartialBytes([0]), in: destination)
        }
        registers.store(PartialBytes(unknown: Int(header.length)), in: destination)
        demand(isAbsent ? .no : .unknown, "exthdr")
    }

    private mutating func take(_ reference: ObjectReferenceExpression) {
        // Counters, and what is attached to a connection, decide nothing.
        let harmless: Set<UInt32> = [1, 3, 7, 8, 9]
        if let type = reference.type, harmless.contains(type) { return }
        demand(.unknown, "objref")
    }

    private mutating func takeNotrack() {
        guard place.isBeforeTracking else { return }
        change { $0.setState(PartialBytes(hostOrder: GuardedPacket.State.untracked)) }
    }

    private mutating func take(_ nat: NATExpression) {
        nat.type == .destination ? redirect() : end([.accept])
    }

    private mutating func redirect() {
        redirects = true
        end([.accept])
    }

    private mutating func take(_ target: CompatTargetExpression) {
        switch target.name {
        case "REJECT": end([.drop])
        case "SNAT", "MASQUERADE", "NETMAP": end([.accept])
        case "DNAT", "REDIRECT": redirect()
        case "MARK", "CONNMARK": change { $0.setMark(PartialBytes(unknown: 4)) }
        case "CT", "NOTRACK":
            if place.isBeforeTracking { change { $0.setState(PartialBytes(unknown: 4)) } }
        case "LOG", "NFLOG", "TCPMSS", "TCPOPTSTRIP", "TTL", "HL", "TOS", "DSCP", "CHECKSUM",
            "TRACE",
            "AUDIT", "CLASSIFY", "SECMARK", "CONNSECMARK", "RATEEST", "LED", "IDLETIMER", "HMARK",
            "SET":
            break
        default: end(unclear: "target \(target.name)")
        }
    }

    private mutating func take(_ unknown: UnknownExpression) {
        switch unknown.name {
        case "last", "dup", "flow_offload": break
        default:
            // It may load a register, end the rule, or give a verdict.
            registers.forget()
            verdicts = []
            end(unclear: unknown.name)
        }
    }
}
