import NetlinkProto

/// `-j TPROXY`: hands the packet to a socket of this host as it is, and accepts it; goes on if there is no such socket.
struct TransparentProxyTarget: TargetExtension {
    var name: String { "TPROXY" }
    var summary: String { "Hand the packet to a socket of this host, unchanged; in prerouting" }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--on-port", values: ["PORT"]),
            OptionSpecification("--on-ip", values: ["ADDRESS"]),
            OptionSpecification("--tproxy-mark", values: ["MARK[/MASK]"]),
        ]
    }

    private static let setMark = Expression.meta(MetaExpression(key: .mark, source: .r1))

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let transport = builder.transport, transport == 6 || transport == 17 else {
            throw RuleSyntaxError(
                "TPROXY is for TCP and UDP", at: target.index, hint: "add -p tcp or -p udp")
        }
        guard let onPort = target["--on-port"] else {
            throw RuleSyntaxError(
                "TPROXY needs --on-port PORT", at: target.index,
                hint: "--on-port 0 is the port that the packet goes to")
        }
        let port = try PortName.parse(onPort.value.text[...], at: onPort.value.index)
        let address = try target["--on-ip"].map { (option) throws(RuleSyntaxError) in
            try Address.parse(option.value.text, at: option.value.index)
        }
        if let address, let option = target["--on-ip"],
            address.family != builder.network ?? address.family
        {
            throw RuleSyntaxError(
                "this address is of another family than the rule", at: option.value.index)
        }
        guard port != 0 || address != nil else {
            throw RuleSyntaxError(
                "--on-port 0 needs --on-ip ADDRESS: the packet would go where it goes anyway",
                at: onPort.value.index)
        }
        let mark = try target["--tproxy-mark"].map { (option) throws(RuleSyntaxError) in
            try MarkValue.parse(option.value)
        }
        return TransparentProxyTarget.expressions(address, port, mark, builder.context.family)
    }

    private static func expressions(
        _ address: Address?, _ port: UInt16, _ mark: MarkValue?, _ table: Family
    ) -> [Expression] {
        var registers = NATRegisters()
        let own: Family? = table == .inet ? nil : table
        var proxy = TransparentProxyExpression(
            family: UInt32((address?.family ?? own)?.rawValue ?? 0))
        proxy.address = address.map { registers.load($0.bytes) }
        proxy.port = port == 0 ? nil : registers.load(port.networkBytes)
        var expressions = registers.loads + [.transparentProxy(proxy)]
        if let mark {
            expressions +=
                MarkChange(value: mark.value, mask: mark.mask).expressions(old: .meta(.mark))
                + [setMark]
        }
        return expressions + [.verdict(.accept)]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard
            let place = expressions.firstIndex(where: {
                if case .transparentProxy = $0 { true } else { false }
            }), case .transparentProxy(let proxy) = expressions[place],
            let values = NATRegisters.values(expressions[..<place])
        else { return nil }
        var words: [String] = []
        let port = proxy.port.map { values[$0] ?? [] } ?? [0, 0]
        guard port.count == 2 else { return nil }
        words += ["--on-port", "\(UInt16(networkBytes: port))"]
        if let register = proxy.address {
            guard let bytes = values[register], bytes.count == 4 || bytes.count == 16 else {
                return nil
            }
            words += ["--on-ip", Address(bytes).text]
        }
        let rest = expressions[(place + 1)...]
        guard rest.last == .verdict(.accept) else { return nil }
        if rest.count == 1 { return words }
        guard rest.dropLast().last == TransparentProxyTarget.setMark,
            let change = MarkChange(rest.dropLast(2), old: .meta(.mark))
        else { return nil }
        return words + ["--tproxy-mark", change.text]
    }
}
