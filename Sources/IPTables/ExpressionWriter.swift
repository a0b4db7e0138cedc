import NetlinkProto
import RuleSyntax
import XTables

/// Turns a rule into the expressions that iptables-nft makes of it.
///
/// - Source: iptables 1.8.9, `iptables/nft-ipv4.c`, `nft-ipv6.c`, `nft.c`; compared with its netlink messages by the tests.
struct ExpressionWriter {
    var expressions: [Expression] = []
    /// The sets that lookups name.
    var sets: [AnonymousSet] = []
    let rule: IPTablesRule

    private init(_ rule: IPTablesRule) {
        self.rule = rule
    }

    static func body(_ rule: IPTablesRule) throws(RuleSyntaxError) -> RuleBody {
        var writer = ExpressionWriter(rule)
        switch rule.head.family {
        case Family.arp.rawValue: try writer.writeARPHead()
        case Family.bridge.rawValue: try writer.writeBridgeHead()
        default: try writer.writeHead()
        }
        for (index, match) in rule.matches.enumerated() {
            if rule.watchers.contains(index) {
                writer.writeCompatTarget(match)
            } else {
                try writer.write(match)
            }
        }
        writer.expressions.append(.counter(rule.counter))
        writer.writeAction()
        var body = RuleBody(expressions: writer.expressions, sets: writer.sets)
        body.compat = body.impliedCompat
        return body
    }

    // MARK: The head

    private mutating func writeHead() throws(RuleSyntaxError) {
        let head = rule.head
        write(head.input, .inputInterfaceName, isInverted: head.inversions.contains(.input))
        write(head.output, .outputInterfaceName, isInverted: head.inversions.contains(.output))
        if head.transport != 0 {
            load(.transportProtocol)
            compare([head.transport], isInverted: head.inversions.contains(.transport))
        }
        let isIPv6 = head.family == Family.ip6.rawValue
        try write(
            head.source, at: isIPv6 ? IPHeader.source6 : IPHeader.source,
            isInverted: head.inversions.contains(.source), "-s")
        try write(
            head.destination, at: isIPv6 ? IPHeader.destination6 : IPHeader.destination,
            isInverted: head.inversions.contains(.destination), "-d")
        if !isIPv6, head.flags & IPHeader.fragmentFlag != 0 { writeFragment() }
    }

    mutating func write(
        _ interface: RuleHead.Interface, _ key: MetaExpression.Key, isInverted: Bool
    ) {
        guard !interface.isAny else { return }
        let name = Array(interface.name.prefix { $0 != 0 })
        load(key)
        if name.last != UInt8(ascii: "+") {
            compare(name + [0], isInverted: isInverted)
        } else if name.count > 1 {
            compare(name.dropLast(), isInverted: isInverted)
        } else if isInverted {
            compare(IPHeader.impossibleInterface, isInverted: false)
        }
    }

    mutating func write(
        _ address: RuleHead.Address, at offset: UInt32, isInverted: Bool, _ option: String
    ) throws(RuleSyntaxError) {
        guard isInverted || !address.isAny else { return }
        let whole = address.mask.prefix { $0 == 0xFF }.count
        let isOfBytes = !address.mask[whole...].contains { $0 != 0 }
        guard !isOfBytes || whole > 0 else {
            var error = RuleSyntaxError("! \(option) with an address that all have never holds")
            // The kernel refuses to compare nothing, and iptables leaves it to the kernel.
            error.status = 4
            throw error
        }
        let length = isOfBytes ? whole : address.bytes.count
        load(.network, offset, length)
        if !isOfBytes { mask(address.mask) }
        compare(Array(address.bytes.prefix(length)), isInverted: isInverted)
    }

    private mutating func writeFragment() {
        load(.network, IPHeader.fragmentOffset, 2)
        mask(IPHeader.fragmentMask)
        compare([0, 0], isInverted: !rule.head.inversions.contains(.fragment))
    }

    // MARK: Matches

    private mutating func write(_ match: ExtensionInfo) throws(RuleSyntaxError) {
        switch match.name {
        case "among": writeAmong(match)
        case "limit": writeLimit(match)
        case "mark": writeMark(match)
        case "udp", "tcp": try write(PortMatch(match))
        default: writeCompat(match)
        }
    }

    private mutating func writeCompat(_ match: ExtensionInfo) {
        expressions.append(
            .compatMatch(
                CompatMatchExpression(
                    name: match.name, revision: UInt32(match.revision), info: match.info)))
    }

    private mutating func writeLimit(_ match: ExtensionInfo) {
        guard let limit = RateLimit(match) else { return writeCompat(match) }
        expressions.append(.limit(limit.expression))
    }

    private mutating func writeMark(_ match: ExtensionInfo) {
        let mark = MarkInfo(match)
        load(.mark)
        if mark.mask != .max { mask(mark.mask.memoryBytes) }
        compare(mark.mark.memoryBytes, isInverted: mark.isInverted)
    }

    private mutating func write(_ match: PortMatch) throws(RuleSyntaxError) {
        let hasOption = match.isTCP && match.info.byte(at: PortMatch.tcpOptionOffset) != 0
        let known: UInt8 = match.isTCP ? 7 : 3
        guard match.inversions & ~known == 0, !hasOption, !match.isEmpty else {
            return writeCompat(match.info)
        }
        guard rule.head.transport == (match.isTCP ? PortMatch.tcpProtocol : PortMatch.udpProtocol)
        else {
            let (name, option) = match.isTCP ? ("TCP", "tcp") : ("UDP", "udp")
            var error = RuleSyntaxError("\(name) match requires '-p \(option)'")
            error.status = 2
            throw error
        }
        if match.isTCP { writeFlags(match) }
        writePorts(match.source, match.destination)
    }

    private mutating func writeFlags(_ match: PortMatch) {
        let bits = match.info.byte(at: PortMatch.tcpMaskOffset)
        guard bits != 0 else { return }
        load(.transport, 13, 1)
        mask([bits])
        compare(
            [match.info.byte(at: PortMatch.tcpFlagsOffset)],
            isInverted: match.inversions & PortMatch.flagsInversion != 0)
    }

    private mutating func writePorts(_ source: PortMatch.Range, _ destination: PortMatch.Range) {
        let areSingle = [source, destination].allSatisfy { $0.first != 0 && $0.first == $0.last }
        if areSingle, source.isInverted == destination.isInverted {
            load(.transport, 0, 4)
            compare(
                source.first.networkBytes + destination.first.networkBytes,
                isInverted: source.isInverted)
            return
        }
        for (offset, range) in [(UInt32(0), source), (2, destination)] where !range.isAny {
            load(.transport, offset, 2)
            write(range)
        }
    }

    private mutating func write(_ range: PortMatch.Range) {
        if range.first == range.last {
            compare(range.first.networkBytes, isInverted: range.isInverted)
        } else if range.first == 0 {
            compare(range.last.networkBytes, range.isInverted ? .greater : .lessOrEqual)
        } else {
            expressions.append(
                .range(
                    RangeExpression(
                        source: .r1, operation: range.isInverted ? .outside : .inside,
                        from: range.first.networkBytes, to: range.last.networkBytes)))
        }
    }

    // MARK: The action

    private mutating func writeAction() {
        switch rule.action {
        case .none: break
        case .verdict(let verdict): write(verdict)
        case .chain(let chain, let isGoto): write(isGoto ? .goto(chain) : .jump(chain))
        case .target(let target): writeCompatTarget(target)
        case .log(let info, let prefix): expressions.append(.log(LogInfo(info).expression(prefix)))
        case .trace:
            let register = Register.word(1)
            expressions.append(
                .immediate(ImmediateExpression(destination: register, data: .value([1]))))
            expressions.append(.meta(MetaExpression(key: .trace, source: register)))
        }
    }

    private mutating func writeCompatTarget(_ target: ExtensionInfo) {
        expressions.append(
            .compatTarget(
                CompatTargetExpression(
                    name: target.name, revision: UInt32(target.revision), info: target.info)))
    }

    private mutating func write(_ verdict: Verdict) {
        expressions.append(
            .immediate(ImmediateExpression(destination: .verdict, data: .verdict(verdict))))
    }

    // MARK: Expressions

    mutating func load(_ key: MetaExpression.Key) {
        expressions.append(.meta(MetaExpression(key: key, destination: .r1)))
    }

    mutating func load(_ base: PayloadExpression.Base, _ offset: UInt32, _ length: Int) {
        expressions.append(
            .payload(
                PayloadExpression(
                    destination: .r1, base: base, offset: offset, length: UInt32(length))))
    }

    mutating func mask(_ mask: [UInt8]) {
        expressions.append(
            .bitwise(
                BitwiseExpression(
                    source: .r1, destination: .r1, operation: .boolean, length: UInt32(mask.count),
                    mask: mask, xor: [UInt8](repeating: 0, count: mask.count))))
    }

    mutating func compare(_ value: [UInt8], isInverted: Bool) {
        compare(value, isInverted ? .notEqual : .equal)
    }

    mutating func compare(_ value: [UInt8], _ operation: CompareExpression.Operation) {
        expressions.append(
            .compare(CompareExpression(source: .r1, operation: operation, value: value)))
    }
}
