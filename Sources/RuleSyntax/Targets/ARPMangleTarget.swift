import NetlinkProto

/// `-j mangle` in arp tables: other addresses in the ARP header.
struct ARPMangleTarget: TargetExtension {
    var name: String { "mangle" }
    var summary: String { "Rewrite addresses of the ARP header, then ACCEPT unless told otherwise" }
    var options: [OptionSpecification] {
        ARPMangleTarget.fields.map {
            OptionSpecification(
                $0.option, values: [$0.length == 4 ? "ADDRESS" : "XX:XX:XX:XX:XX:XX"])
        } + [AfterTarget.option("--mangle-target")]
    }

    private static let fields: [(option: String, offset: UInt32, length: UInt32)] = [
        ("--mangle-ip-s", 14, 4), ("--mangle-ip-d", 24, 4), ("--mangle-mac-s", 8, 6),
        ("--mangle-mac-d", 18, 6),
    ]

    private static func rewrite(_ offset: UInt32, _ length: UInt32) -> Expression {
        .payload(
            PayloadExpression(source: .r1, base: .network, offset: offset, length: length))
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        var expressions: [Expression] = []
        for field in ARPMangleTarget.fields {
            guard let option = target[field.option] else { continue }
            let bytes: [UInt8]
            if field.length == 4 {
                let address = try Address.parse(option.value.text, at: option.value.index)
                guard address.family == .ip else {
                    throw RuleSyntaxError(
                        "\(field.option) takes an IPv4 address", at: option.value.index)
                }
                bytes = address.bytes
            } else {
                bytes = try HardwareAddress.parse(option.value)
            }
            expressions += [
                .load(bytes, into: .r1), ARPMangleTarget.rewrite(field.offset, field.length),
            ]
        }
        guard !expressions.isEmpty else {
            throw RuleSyntaxError(
                "mangle takes some of "
                    + ARPMangleTarget.fields.map(\.option).joined(separator: ", "),
                at: target.index)
        }
        return expressions + (try AfterTarget.expressions(target["--mangle-target"]))
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        var rest = expressions
        let next = AfterTarget.name(of: &rest)
        guard !rest.isEmpty else { return nil }
        var words: [String] = []
        while rest.count >= 2 {
            guard case .immediate(let load)? = rest.popFirst(), load.destination == .r1,
                case .value(let bytes) = load.data, let write = rest.popFirst(),
                let field = ARPMangleTarget.fields.first(where: {
                    write == ARPMangleTarget.rewrite($0.offset, $0.length)
                }), bytes.count == Int(field.length), !words.contains(field.option)
            else { return nil }
            let text = bytes.count == 4 ? Address(bytes).text : HardwareAddress.text(bytes)
            words += [field.option, text]
        }
        return rest.isEmpty ? words + ["--mangle-target", next] : nil
    }
}
