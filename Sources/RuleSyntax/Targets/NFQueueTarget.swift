import NetlinkProto

/// `-j NFQUEUE`: hands the packet to a program in user space.
///
/// It is the xt target, as iptables has it: many kernels come without nf_tables' own.
/// - Source: linux `include/uapi/linux/netfilter/xt_NFQUEUE.h`, `struct xt_NFQ_info_v3`, revision 3.
struct NFQueueTarget: TargetExtension {
    var name: String { "NFQUEUE" }
    var summary: String { "Hand the packet to a program in user space" }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--queue-num", values: ["QUEUE"]),
            OptionSpecification("--queue-balance", values: ["QUEUE:QUEUE"]),
            OptionSpecification("--queue-bypass"),
            OptionSpecification("--queue-cpu-fanout"),
        ]
    }

    private static let bypass: UInt16 = 1  // NFQ_FLAG_BYPASS
    private static let cpuFanout: UInt16 = 2  // NFQ_FLAG_CPU_FANOUT

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        var queues = NumberRange(lower: 0, upper: 0)
        if let option = target["--queue-num"] {
            let number = try Number.parse(
                option.value.text, "a queue", limit: 65_535, at: option.value.index)
            queues = NumberRange(lower: number, upper: number)
        }
        if let option = target["--queue-balance"] {
            guard target["--queue-num"] == nil else {
                throw RuleSyntaxError(
                    "--queue-num and --queue-balance exclude each other", at: option.index)
            }
            queues = try NumberRange.parse(
                option.value.text, "a queue", limit: 65_535, at: option.value.index)
            guard !queues.isSingle, queues.upper - queues.lower < 65_535 else {
                throw RuleSyntaxError(
                    "--queue-balance wants two different queues", at: option.value.index)
            }
        }
        var flags: UInt16 = target["--queue-bypass"] == nil ? 0 : NFQueueTarget.bypass
        if let option = target["--queue-cpu-fanout"] {
            guard !queues.isSingle else {
                throw RuleSyntaxError(
                    "--queue-cpu-fanout needs --queue-balance", at: option.index)
            }
            flags |= NFQueueTarget.cpuFanout
        }
        return [NFQueueTarget.expression(queues, flags)]
    }

    private static func expression(_ queues: NumberRange, _ flags: UInt16) -> Expression {
        let first = UInt16(truncatingIfNeeded: queues.lower)
        let count = UInt16(truncatingIfNeeded: queues.upper - queues.lower + 1)
        let info = first.hostBytes + count.hostBytes + flags.hostBytes + [0, 0]
        return .compatTarget(CompatTargetExpression(name: "NFQUEUE", revision: 3, info: info))
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.count == 1, case .compatTarget(let target)? = expressions.first,
            target.name == name, target.revision == 3, target.info.count == 8
        else { return nil }
        let first = UInt64(UInt16(hostBytes: target.info[..<2]))
        let count = UInt64(UInt16(hostBytes: target.info[2..<4]))
        let flags = UInt16(hostBytes: target.info[4..<6])
        guard count > 0, flags <= 3 else { return nil }
        let queues = NumberRange(lower: first, upper: first + count - 1)
        var words =
            queues.isSingle
            ? ["--queue-num", queues.text()] : ["--queue-balance", queues.text()]
        if flags & NFQueueTarget.bypass != 0 { words.append("--queue-bypass") }
        if flags & NFQueueTarget.cpuFanout != 0 { words.append("--queue-cpu-fanout") }
        return words
    }
}

/// `-j QUEUE`: hands the packet to a program in user space by queue 0.
///
/// It is NFQUEUE's revision 0: the verdict QUEUE is refused by newer kernels.
struct QueueTarget: TargetExtension {
    var name: String { "QUEUE" }
    var summary: String { "Hand the packet to a program in user space, queue 0" }

    private static let expression = Expression.compatTarget(
        CompatTargetExpression(
            name: "NFQUEUE", revision: 0, info: [UInt8](repeating: 0, count: 8)))

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        [QueueTarget.expression]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        Array(expressions) == [QueueTarget.expression] ? [] : nil
    }
}
