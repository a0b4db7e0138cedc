import NetlinkProto

/// `-j CLASSIFY`: the class of traffic control that the packet is queued in.
struct ClassifyTarget: TargetExtension {
    var name: String { "CLASSIFY" }
    var summary: String { "Set the packet's class of traffic control; it goes on to the next rule" }
    var options: [OptionSpecification] {
        [OptionSpecification("--set-class", values: ["MAJOR:MINOR"])]
    }

    private static let set = Expression.meta(MetaExpression(key: .priority, source: .r1))

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option = target["--set-class"] else {
            throw RuleSyntaxError("CLASSIFY needs --set-class MAJOR:MINOR", at: target.index)
        }
        let parts = option.value.text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = UInt16(parts[0], radix: 16),
            let minor = UInt16(parts[1], radix: 16), !option.value.text.contains("+")
        else {
            throw RuleSyntaxError(
                "“\(option.value.text)” is not a class", at: option.value.index,
                hint: "two hexadecimal numbers of 16 bits, such as 1:10")
        }
        let value = UInt32(major) << 16 | UInt32(minor)
        return [.load(value.hostBytes, into: .r1), ClassifyTarget.set]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.count == 2, expressions.last == ClassifyTarget.set,
            case .immediate(let load)? = expressions.first, load.destination == .r1,
            case .value(let bytes) = load.data, bytes.count == 4
        else { return nil }
        let value = UInt32(hostBytes: bytes)
        return [
            "--set-class",
            String(value >> 16, radix: 16) + ":" + String(value & 0xFFFF, radix: 16),
        ]
    }
}
