import NetlinkProto

/// `-j FWD` and `-j DUP` in netdev tables: the packet, or a copy of it, goes out by another interface.
struct DeviceTarget: TargetExtension {
    /// Whether the packet itself goes.
    let isForward: Bool

    var name: String { isForward ? "FWD" : "DUP" }
    var summary: String {
        isForward
            ? "Send the packet out by another interface, and be done with it"
            : "Send a copy out by another interface; the packet goes on to the next rule"
    }
    var options: [OptionSpecification] {
        [OptionSpecification("--to-ifindex", values: ["NUMBER"])]
    }

    private var expression: Expression {
        isForward
            ? .forward(ForwardExpression(device: .r1))
            : .duplicate(DuplicateExpression(device: .r1))
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option = target["--to-ifindex"] else {
            throw RuleSyntaxError("\(name) needs --to-ifindex NUMBER", at: target.index)
        }
        guard let first = option.value.text.unicodeScalars.first, ("0"..."9").contains(first)
        else {
            throw RuleSyntaxError(
                "the number of an interface belongs here, not “\(option.value.text)”",
                at: option.value.index,
                hint: "the kernel keeps the number, not the name; `ip link` shows it")
        }
        let number = try Number.parse(
            option.value.text, "the number of an interface", limit: UInt64(Int32.max),
            at: option.value.index)
        guard number > 0 else {
            throw RuleSyntaxError("interfaces are counted from 1", at: option.value.index)
        }
        return [.load(UInt32(truncatingIfNeeded: number).hostBytes, into: .r1), expression]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.count == 2, expressions.last == expression,
            case .immediate(let load)? = expressions.first, load.destination == .r1,
            case .value(let bytes) = load.data, bytes.count == 4
        else { return nil }
        return ["--to-ifindex", "\(UInt32(hostBytes: bytes))"]
    }
}

/// `-j TEE --gateway`: a copy of the packet goes to another host.
struct TeeTarget: TargetExtension {
    var name: String { "TEE" }
    var summary: String { "Send a copy to another host on this link; the packet goes on" }
    var options: [OptionSpecification] { [OptionSpecification("--gateway", values: ["ADDRESS"])] }

    private static let expression = Expression.duplicate(DuplicateExpression(address: .r1))

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option = target["--gateway"] else {
            throw RuleSyntaxError("TEE needs --gateway ADDRESS", at: target.index)
        }
        let address = try Address.parse(option.value.text, at: option.value.index)
        guard address.family == builder.context.family else {
            throw RuleSyntaxError(
                builder.context.family == .inet
                    ? "TEE works in tables of family ip and ip6 only"
                    : "this address is of another family than the table",
                at: option.value.index)
        }
        return [.load(address.bytes, into: .r1), TeeTarget.expression]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.count == 2, expressions.last == TeeTarget.expression,
            case .immediate(let load)? = expressions.first, load.destination == .r1,
            case .value(let bytes) = load.data, bytes.count == (state.family == .ip ? 4 : 16)
        else { return nil }
        return ["--gateway", Address(bytes).text]
    }
}
