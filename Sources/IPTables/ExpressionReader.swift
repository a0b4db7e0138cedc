import NetlinkProto
import XTables

/// Turns expressions into the rule that iptables would show for them.
///
/// It takes what iptables-nft takes: the expressions that it makes itself, and some that nft makes for the same meaning.
/// - Source: iptables 1.8.9, `iptables/nft-shared.c`, `nft_rule_to_iptables_command_state`.
struct ExpressionReader {
    /// What a register holds.
    private enum Content {
        case payload(PayloadExpression)
        case meta(MetaExpression.Key)
        case immediate([UInt8])
    }

    private struct Value {
        var content: Content
        var mask: [UInt8]?
    }

    private var rule: IPTablesRule
    private var registers: [Register: Value] = [:]
    /// Where the match of the transport protocol is, once there is one.
    private var ports: Int?

    /// The sets that lookups are about.
    private var sets: [AnonymousSet] = []

    /// Something that iptables has no words for.
    struct Unsayable: Error {
        var reason: String

        init(_ reason: String) { self.reason = reason }
    }

    private let session: XTablesSession

    private init(family: Family, session: XTablesSession) {
        self.session = session
        rule = IPTablesRule(family: family)
        rule.hasCounter = false
    }

    /// The structure that an extension begins with.
    private func defaults(
        _ kind: ExtensionKind, _ name: String
    ) throws(Unsayable) -> ExtensionInfo {
        guard let info = try? session.defaults(of: kind, named: name) else {
            throw Unsayable("iptables has no extension \(name) here")
        }
        return info
    }

    /// The rule.
    ///
    /// - Throws: ``Unsayable`` at an expression that iptables would not understand.
    static func rule(
        _ body: RuleBody, family: Family, session: XTablesSession
    ) throws(Unsayable) -> IPTablesRule {
        guard body.sets.isEmpty || family == .bridge, body.unknown.isEmpty else {
            throw Unsayable("it has sets, or attributes that are not known")
        }
        var reader = ExpressionReader(family: family, session: session)
        reader.sets = body.sets
        for expression in body.expressions { try reader.read(expression) }
        try reader.readComment(body.userData)
        return reader.rule
    }

    private mutating func read(_ expression: Expression) throws(Unsayable) {
        switch expression {
        case .counter(let counter):
            rule.counter = counter
            rule.hasCounter = true
        case .payload(let payload): try readPayload(payload)
        case .meta(let meta): try readMeta(meta)
        case .bitwise(let bitwise): try readMask(bitwise)
        case .compare(let compare): try readComparison(compare)
        case .range(let range): try readRange(range)
        case .immediate(let immediate): readImmediate(immediate)
        case .limit(let limit): try readLimit(limit)
        case .log(let log): try readLog(log)
        case .compatMatch(let match): rule.matches.append(try ExpressionReader.info(match))
        case .compatTarget(let target): try readTarget(target)
        case .lookup(let lookup) where rule.head.family == Family.bridge.rawValue:
            try readAmong(lookup)
        default: throw Unsayable("iptables has no words for \(expression.name)")
        }
    }

    private mutating func readTarget(_ target: CompatTargetExpression) throws(Unsayable) {
        let info = try ExpressionReader.info(target.name, target.revision, target.info)
        if rule.head.family == Family.bridge.rawValue, ["log", "nflog"].contains(target.name) {
            rule.watchers.insert(rule.matches.count)
            rule.matches.append(info)
        } else {
            rule.action = .target(info)
        }
    }

    private mutating func readAmong(_ lookup: LookupExpression) throws(Unsayable) {
        guard let number = lookup.setID, case let index = Int(number) - 1,
            sets.indices.contains(index),
            case .payload(let payload)? = registers[lookup.source]?.content,
            payload.base == .link
        else { throw Unsayable("it looks something up that is no hardware address") }
        let list = AmongInfo.List(
            sets[index], isInverted: lookup.flags & LookupExpression.inverted != 0,
            isSource: payload.offset == BridgeHead.sourceOffset)
        guard let list else { throw Unsayable("it looks up more than hardware addresses") }
        // Both lists are one match.
        let last = rule.matches.indices.last { rule.matches[$0].name == "among" }
        var among = AmongInfo(lists: last.map { AmongInfo(rule.matches[$0]).lists } ?? [])
        among.lists.append(list)
        if let last {
            rule.matches[last] = among.info
        } else {
            rule.matches.append(among.info)
        }
    }

    // MARK: Registers

    private mutating func readPayload(_ payload: PayloadExpression) throws(Unsayable) {
        guard let register = payload.destination, payload.source == nil else {
            throw Unsayable("it writes into the packet")
        }
        registers[register] = Value(content: .payload(payload))
    }

    private mutating func readMeta(_ meta: MetaExpression) throws(Unsayable) {
        if let register = meta.destination {
            registers[register] = Value(content: .meta(meta.key))
            return
        }
        guard meta.key == .trace, let source = meta.source,
            case .immediate(let bytes)? = registers[source]?.content, bytes.first != 0
        else { throw Unsayable("it sets meta data") }
        rule.action = .trace(try defaults(.target, "TRACE"))
    }

    private mutating func readMask(_ bitwise: BitwiseExpression) throws(Unsayable) {
        guard bitwise.operation == .boolean, var value = registers[bitwise.source],
            let mask = bitwise.mask, !(bitwise.xor ?? []).contains(where: { $0 != 0 })
        else { throw Unsayable("it computes more than a mask") }
        value.mask = mask
        registers[bitwise.destination] = value
    }

    private mutating func readImmediate(_ immediate: ImmediateExpression) {
        switch immediate.data {
        case .value(let bytes):
            registers[immediate.destination] = Value(content: .immediate(bytes))
        case .verdict(.jump(let chain)): rule.action = .chain(chain, isGoto: false)
        case .verdict(.goto(let chain)):
            rule.action = .chain(chain, isGoto: true)
            rule.head.flags |=
                rule.head.family == Family.ip6.rawValue ? IPHeader.gotoFlag6 : IPHeader.gotoFlag
        case .verdict(let verdict): rule.action = .verdict(verdict)
        }
    }

    // MARK: Comparisons

    private mutating func readComparison(_ compare: CompareExpression) throws(Unsayable) {
        guard let value = registers[compare.source] else {
            throw Unsayable("it compares a register that nothing was loaded into")
        }
        let isInverted = compare.operation == .notEqual
        switch value.content {
        case .immediate: throw Unsayable("it compares a constant")
        case .meta(let key): try readMeta(key, value.mask, compare)
        case .payload(let payload)
        where rule.head.family == Family.bridge.rawValue && payload.base == .link:
            guard rule.bridge.take(payload, value.mask, compare) else {
                throw Unsayable("it looks at a part of the frame that ebtables has no words for")
            }
        case .payload(let payload)
        where rule.head.family == Family.arp.rawValue && payload.base == .network:
            try readARP(payload, value.mask, compare)
        case .payload(let payload) where payload.base == .network:
            try readNetwork(payload, value.mask, compare, isInverted: isInverted)
        case .payload(let payload) where payload.base == .transport:
            try readTransport(payload, value.mask, compare)
        case .payload: throw Unsayable("it looks at the link layer")
        }
    }

    private mutating func readMeta(
        _ key: MetaExpression.Key, _ mask: [UInt8]?, _ compare: CompareExpression
    ) throws(Unsayable) {
        let isInverted = compare.operation == .notEqual
        guard isInverted || compare.operation == .equal else {
            throw Unsayable("it compares meta data by size")
        }
        switch key {
        case .transportProtocol:
            rule.head.transport = compare.value.first ?? 0
            if isInverted { rule.head.inversions.insert(.transport) }
        case .inputInterfaceName:
            rule.head.input = interface(compare.value, isInverted, .input)
        case .outputInterfaceName:
            rule.head.output = interface(compare.value, isInverted, .output)
        case .bridgeInputName:
            rule.bridge.logicalInput = interface(compare.value, false, [])
            rule.bridge.logicalInputIsInverted = isInverted
        case .bridgeOutputName:
            rule.bridge.logicalOutput = interface(compare.value, false, [])
            rule.bridge.logicalOutputIsInverted = isInverted
        case .etherType where rule.head.family == Family.bridge.rawValue && !isInverted: break
        case .mark: try readMark(compare.value, mask, isInverted)
        case .packetType:
            var info = try defaults(.match, "pkttype")
            info.put(UInt32(compare.value.first ?? 0), at: 0)
            info.put(UInt32(isInverted ? 1 : 0), at: 4)
            rule.matches.append(info)
        default: throw Unsayable("iptables has no words for this meta data")
        }
    }

    private mutating func interface(
        _ value: [UInt8], _ isInverted: Bool, _ inversion: RuleHead.Inversions
    ) -> RuleHead.Interface {
        var interface = RuleHead.Interface()
        if isInverted { rule.head.inversions.insert(inversion) }
        var name = Array(value.prefix { $0 != 0 }.prefix(15))
        var counted = name.count
        if value.last == 0 {
            counted += 1
        } else if name.count < 15 {
            name.append(UInt8(ascii: "+"))
        }
        if value == IPHeader.impossibleInterface, !isInverted {
            rule.head.inversions.insert(inversion)
            (name, counted) = ([UInt8(ascii: "+")], 2)
        }
        for (index, byte) in name.enumerated() { interface.name[index] = byte }
        for index in 0..<counted { interface.mask[index] = 0xFF }
        return interface
    }

    private mutating func readMark(
        _ value: [UInt8], _ mask: [UInt8]?, _ isInverted: Bool
    ) throws(Unsayable) {
        var mark = MarkInfo(try defaults(.match, "mark"))
        mark.mark = ExpressionReader.uint32(value)
        mark.mask = mask.map(ExpressionReader.uint32) ?? .max
        mark.isInverted = isInverted
        rule.matches.append(mark.info)
    }

    private mutating func readARP(
        _ payload: PayloadExpression, _ mask: [UInt8]?, _ compare: CompareExpression
    ) throws(Unsayable) {
        if rule.arp.take(payload, mask, compare) { return }
        let isInverted = compare.operation == .notEqual
        switch payload.offset {
        case ARPHead.sourceAddressOffset:
            rule.head.source = try address(payload, mask, compare, false)
            if isInverted { rule.head.inversions.insert(.source) }
        case ARPHead.targetAddressOffset:
            rule.head.destination = try address(payload, mask, compare, false)
            if isInverted { rule.head.inversions.insert(.destination) }
        default: throw Unsayable("it looks at a part of the header that arptables has no words for")
        }
    }

    private mutating func readNetwork(
        _ payload: PayloadExpression, _ mask: [UInt8]?, _ compare: CompareExpression,
        isInverted: Bool
    ) throws(Unsayable) {
        let isIPv6 = rule.head.family == Family.ip6.rawValue
        switch (payload.offset, isIPv6) {
        case (IPHeader.source, false), (IPHeader.source6, true):
            rule.head.source = try address(payload, mask, compare, isIPv6)
            if isInverted { rule.head.inversions.insert(.source) }
        case (IPHeader.destination, false), (IPHeader.destination6, true):
            rule.head.destination = try address(payload, mask, compare, isIPv6)
            if isInverted { rule.head.inversions.insert(.destination) }
        case (IPHeader.transport, false) where payload.length == 1 && mask == nil,
            (IPHeader.nextHeader, true) where payload.length == 1 && mask == nil:
            rule.head.transport = compare.value.first ?? 0
            if isInverted { rule.head.inversions.insert(.transport) }
        case (IPHeader.fragmentOffset, false):
            guard mask == IPHeader.fragmentMask, compare.value == [0, 0] else {
                throw Unsayable("it looks at other bits of the fragment's place")
            }
            rule.head.flags |= IPHeader.fragmentFlag
            if !isInverted { rule.head.inversions.insert(.fragment) }
        case (IPHeader.timeToLive, false), (IPHeader.hopLimit, true):
            try readHopLimit(compare, isIPv6 ? "hl" : "ttl")
        default: throw Unsayable("it looks at a part of the header that iptables has no words for")
        }
    }

    private func address(
        _ payload: PayloadExpression, _ mask: [UInt8]?, _ compare: CompareExpression,
        _ isIPv6: Bool
    ) throws(Unsayable) -> RuleHead.Address {
        let size = isIPv6 ? 16 : 4
        let isEquality = compare.operation == .equal || compare.operation == .notEqual
        guard isEquality, payload.length >= 1, payload.length <= size else {
            throw Unsayable("it compares an address by size")
        }
        let length = Int(payload.length)
        let rest = [UInt8](repeating: 0, count: size - length)
        let bits = mask ?? [UInt8](repeating: 0xFF, count: length)
        guard compare.value.count == length, bits.count == length else {
            throw Unsayable("it compares an address of another length")
        }
        return RuleHead.Address(bytes: compare.value + rest, mask: bits + rest)
    }

    private mutating func readHopLimit(
        _ compare: CompareExpression, _ name: String
    ) throws(Unsayable) {
        // `IPT_TTL_*`: equal, not equal, less, greater.
        var limit = compare.value.first ?? 0
        let mode: UInt8
        switch compare.operation {
        case .equal: mode = 0
        case .notEqual: mode = 1
        case .less: mode = 2
        case .greater: mode = 3
        case .lessOrEqual where limit < 255: (mode, limit) = (2, limit + 1)
        case .greaterOrEqual where limit > 0: (mode, limit) = (3, limit - 1)
        default: throw Unsayable("it compares the hop limit in a way that iptables cannot say")
        }
        var info = try defaults(.match, name)
        info.put([mode, limit], at: 0)
        rule.matches.append(info)
    }

    // MARK: The transport header

    private mutating func readTransport(
        _ payload: PayloadExpression, _ mask: [UInt8]?, _ compare: CompareExpression
    ) throws(Unsayable) {
        switch rule.head.transport {
        case 1, 58: return try readICMP(payload, compare)
        case PortMatch.tcpProtocol, PortMatch.udpProtocol: break
        default: throw Unsayable("it looks at the header of a protocol that it does not ask for")
        }
        let value = compare.value
        switch (payload.offset, value.count) {
        case (0, 2):
            try changePorts { port(value, compare.operation, &$0.source) }
        case (2, 2):
            try changePorts { port(value, compare.operation, &$0.destination) }
        case (0, 4):
            try changePorts { match in
                port(Array(value[..<2]), compare.operation, &match.source)
                port(Array(value[2...]), compare.operation, &match.destination)
            }
        case (13, 1) where rule.head.transport == PortMatch.tcpProtocol:
            try changePorts { match in
                if compare.operation == .notEqual {
                    match.inversions |= PortMatch.flagsInversion
                }
                match.info.put(mask?.first ?? 0xFF, at: PortMatch.tcpMaskOffset)
                match.info.put(value[0], at: PortMatch.tcpFlagsOffset)
            }
        default: throw Unsayable("it looks at a part of the header that iptables has no words for")
        }
    }

    private mutating func changePorts(_ change: (inout PortMatch) -> Void) throws(Unsayable) {
        let name = rule.head.transport == PortMatch.tcpProtocol ? "tcp" : "udp"
        let index: Int
        if let ports {
            index = ports
        } else {
            index = rule.matches.count
            rule.matches.append(try defaults(.match, name))
            ports = index
        }
        var match = PortMatch(rule.matches[index])
        change(&match)
        rule.matches[index] = match.info
    }

    private mutating func readRange(_ range: RangeExpression) throws(Unsayable) {
        guard case .payload(let payload)? = registers[range.source]?.content,
            payload.base == .transport, range.from.count == 2, range.to.count == 2,
            rule.head.transport == PortMatch.tcpProtocol
                || rule.head.transport == PortMatch.udpProtocol
        else { throw Unsayable("it tests a range of something else than ports") }
        let ports = PortMatch.Range(
            first: UInt16(ExpressionReader.networkNumber(range.from)),
            last: UInt16(ExpressionReader.networkNumber(range.to)),
            isInverted: range.operation == .outside)
        switch payload.offset {
        case 0: try changePorts { $0.source = ports }
        case 2: try changePorts { $0.destination = ports }
        default: throw Unsayable("it tests a range of something else than ports")
        }
    }

    private mutating func readICMP(
        _ payload: PayloadExpression, _ compare: CompareExpression
    ) throws(Unsayable) {
        // struct ipt_icmp: type, first and last code, inversion. 255 with all codes is any.
        var type: UInt8 = 0xFF
        var codes: [UInt8] = [0, 0xFF]
        switch (payload.offset, compare.value.count) {
        case (0, 1): type = compare.value[0]
        case (0, 2): (type, codes) = (compare.value[0], [compare.value[1], compare.value[1]])
        case (1, 1): codes = [compare.value[0], compare.value[0]]
        default: throw Unsayable("it looks at a part of ICMP that iptables has no words for")
        }
        let isIPv6 = rule.head.family == Family.ip6.rawValue
        var info = try defaults(.match, isIPv6 ? "icmp6" : "icmp")
        info.put([type] + codes + [compare.operation == .notEqual ? 1 : 0], at: 0)
        rule.matches.append(info)
    }

    // MARK: The rest

    private mutating func readLimit(_ limit: LimitExpression) throws(Unsayable) {
        guard let info = RateLimit.info(limit, defaults: try defaults(.match, "limit")) else {
            throw Unsayable("iptables has no words for this limit")
        }
        rule.matches.append(info)
    }

    private mutating func readLog(_ log: LogExpression) throws(Unsayable) {
        guard let info = LogInfo(log, defaults: try defaults(.target, "NFLOG")) else {
            throw Unsayable("iptables has no words for nf_tables' own log")
        }
        rule.action = .log(info.info, prefix: log.prefix ?? "")
    }

    /// A comment beside the rule is shown as a match.
    private mutating func readComment(_ userData: [UInt8]) throws(Unsayable) {
        guard let comment = (try? UserData(userData))?.comment else { return }
        var info = try defaults(.match, "comment")
        info.put(Array(comment.utf8.prefix(max(0, info.info.count - 1))), at: 0)
        rule.matches.append(info)
    }

    private static func info(_ match: CompatMatchExpression) throws(Unsayable) -> ExtensionInfo {
        try info(match.name, match.revision, match.info)
    }

    private static func info(
        _ name: String, _ revision: UInt32, _ info: [UInt8]
    ) throws(Unsayable) -> ExtensionInfo {
        guard let revision = UInt8(exactly: revision) else {
            throw Unsayable("revision \(revision) cannot be")
        }
        return ExtensionInfo(name: name, revision: revision, info: info)
    }

    private static func uint32(_ bytes: [UInt8]) -> UInt32 {
        bytes.count == 4 ? bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } : 0
    }

    private static func networkNumber(_ bytes: [UInt8]) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}

/// Puts what a comparison with a port says into a range.
private func port(
    _ bytes: [UInt8], _ operation: CompareExpression.Operation, _ range: inout PortMatch.Range
) {
    let port = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    switch operation {
    case .notEqual: range = PortMatch.Range(first: port, last: port, isInverted: true)
    case .equal: range = PortMatch.Range(first: port, last: port, isInverted: range.isInverted)
    case .less: range.last = port > 1 ? port - 1 : 1
    case .lessOrEqual: range.last = port
    case .greater: range.first = port == .max ? .max : port + 1
    default: range.first = port
    }
}
