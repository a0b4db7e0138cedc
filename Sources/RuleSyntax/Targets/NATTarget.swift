import NetlinkProto

/// `-j SNAT` and `-j DNAT`: rewrites one end of the connection.
struct NATTarget: TargetExtension {
    private let direction: Direction

    init(_ direction: Direction) { self.direction = direction }

    var name: String { direction == .source ? "SNAT" : "DNAT" }
    var summary: String {
        "Rewrite the connection's \(direction == .source ? "source" : "destination")"
    }
    /// The option that says what to.
    var to: String { direction == .source ? "--to-source" : "--to-destination" }
    private var kind: NATExpression.Kind { direction == .source ? .source : .destination }

    var options: [OptionSpecification] {
        [OptionSpecification(to, values: ["[ADDRESS[-ADDRESS|/PREFIX]][:PORT[-PORT]]"])]
            + NATFlags.options
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        try NATPlace.check(
            name, direction == .source ? ["postrouting", "input"] : ["prerouting", "output"],
            builder.context, at: target.index)
        guard let to = target[self.to] else {
            throw RuleSyntaxError("\(name) needs \(self.to) ADDRESS", at: target.index)
        }
        let range = try NATRange.parse(to.value)
        if range.ports != nil { try NATPlace.requirePorts(builder, at: to.value.index) }
        let family = try family(of: range, in: builder, at: to.value.index)
        return NATTarget.expressions(
            range, kind: kind, family: family, flags: NATFlags.compile(target))
    }

    private func family(
        of range: NATRange, in builder: RuleBuilder, at index: Int
    ) throws(RuleSyntaxError) -> Family {
        guard let family = range.lower?.family else { return builder.context.family }
        guard family == (builder.network ?? family) else {
            throw RuleSyntaxError(
                "this address is of another family than the rule", at: index)
        }
        return family
    }

    private static func expressions(
        _ range: NATRange, kind: NATExpression.Kind, family: Family, flags: UInt32
    ) -> [Expression] {
        var registers = NATRegisters()
        var nat = NATExpression(type: kind, family: UInt32(family.rawValue), flags: flags)
        nat.addressMin = range.lower.map { registers.load($0.bytes) }
        nat.addressMax = range.upper.map { registers.load($0.bytes) }
        (nat.portMin, nat.portMax) = registers.load(range.ports)
        if nat.portMin != nil { nat.flags |= NATFlags.ports }
        if range.isPrefix { nat.flags |= NATFlags.prefix }
        return registers.loads + [.nat(nat)]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard case .nat(let nat)? = expressions.last, nat.type == kind,
            let values = NATRegisters.values(expressions.dropLast()),
            let flags = NATFlags.words(nat.flags & ~NATFlags.prefix)
        else { return nil }
        var range = NATRange()
        range.isPrefix = nat.flags & NATFlags.prefix != 0
        if let min = nat.addressMin {
            guard let bytes = values[min], bytes.count == 4 || bytes.count == 16 else {
                return nil
            }
            range.lower = Address(bytes)
        }
        if let max = nat.addressMax, max != nat.addressMin {
            guard let bytes = values[max], bytes.count == range.lower?.bytes.count else {
                return nil
            }
            range.upper = Address(bytes)
        }
        range.ports = NATRegisters.ports(values, nat.portMin, nat.portMax)
        return range.text.isEmpty ? nil : [to, range.text] + flags
    }
}

/// `-j MASQUERADE`: rewrites the source to the address of the interface that the packet goes out by.
struct MasqueradeTarget: TargetExtension {
    var name: String { "MASQUERADE" }
    var summary: String { "Rewrite the source to the outgoing interface's address" }
    var options: [OptionSpecification] {
        [OptionSpecification("--to-ports", values: ["PORT[-PORT]"])] + NATFlags.options
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        try NATPlace.check(name, ["postrouting"], builder.context, at: target.index)
        var registers = NATRegisters()
        var masquerade = MasqueradeExpression(flags: NATFlags.compile(target))
        (masquerade.portMin, masquerade.portMax) = registers.load(
            try PortRedirection.ports(target, builder))
        if masquerade.portMin != nil { masquerade.flags |= NATFlags.ports }
        return registers.loads + [.masquerade(masquerade)]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard case .masquerade(let masquerade)? = expressions.last else { return nil }
        return PortRedirection.words(
            expressions.dropLast(), masquerade.portMin, masquerade.portMax, masquerade.flags)
    }
}

/// `-j REDIRECT`: rewrites the destination to this machine.
struct RedirectTarget: TargetExtension {
    var name: String { "REDIRECT" }
    var summary: String { "Rewrite the destination to this machine" }
    var options: [OptionSpecification] {
        [OptionSpecification("--to-ports", values: ["PORT[-PORT]"])] + NATFlags.options
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        try NATPlace.check(name, ["prerouting", "output"], builder.context, at: target.index)
        var registers = NATRegisters()
        var redirect = RedirectExpression(flags: NATFlags.compile(target))
        (redirect.portMin, redirect.portMax) = registers.load(
            try PortRedirection.ports(target, builder))
        if redirect.portMin != nil { redirect.flags |= NATFlags.ports }
        return registers.loads + [.redirect(redirect)]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard case .redirect(let redirect)? = expressions.last else { return nil }
        return PortRedirection.words(
            expressions.dropLast(), redirect.portMin, redirect.portMax, redirect.flags)
    }
}

/// `--to-ports`, which MASQUERADE and REDIRECT have.
private enum PortRedirection {
    static func ports(
        _ target: ParsedExtension, _ builder: RuleBuilder
    ) throws(RuleSyntaxError) -> PortRange? {
        guard let option = target["--to-ports"] else { return nil }
        try NATPlace.requirePorts(builder, at: option.index)
        return try NATRange.port(option.value.text[...], at: option.value.index)
    }

    static func words(
        _ loads: ArraySlice<Expression>, _ min: Register?, _ max: Register?, _ flags: UInt32
    ) -> [String]? {
        guard let values = NATRegisters.values(loads), let words = NATFlags.words(flags) else {
            return nil
        }
        guard let ports = NATRegisters.ports(values, min, max) else {
            return min == nil ? words : nil
        }
        return ["--to-ports", ports.text(separator: "-")] + words
    }
}
