import NetlinkProto

/// How a mark changes: the bits of the mask are cleared, then those of the value turned over.
///
/// - Source: iptables-extensions(8), MARK: `--set-xmark value[/mask]`; the other options are cases of it.
struct MarkChange: Hashable, Sendable {
    var value: UInt32
    var mask: UInt32

    /// The options by which iptables sets a mark.
    static let options = [
        OptionSpecification("--set-xmark", values: ["MARK[/MASK]"]),
        OptionSpecification("--set-mark", values: ["MARK[/MASK]"]),
        OptionSpecification("--and-mark", values: ["BITS"]),
        OptionSpecification("--or-mark", values: ["BITS"]),
        OptionSpecification("--xor-mark", values: ["BITS"]),
    ]

    /// Reads one of ``options``.
    static func parse(_ option: ParsedOption) throws(RuleSyntaxError) -> MarkChange {
        switch option.name {
        case "--set-xmark":
            let mark = try MarkValue.parse(option.value)
            return MarkChange(value: mark.value, mask: mark.mask)
        case "--set-mark":
            let mark = try MarkValue.parse(option.value)
            return MarkChange(value: mark.value, mask: mark.value | mark.mask)
        default: break
        }
        let bits = try Number.parse32(option.value.text, "a number", at: option.value.index)
        switch option.name {
        case "--and-mark": return MarkChange(value: 0, mask: ~bits)
        case "--or-mark": return MarkChange(value: bits, mask: bits)
        default: return MarkChange(value: bits, mask: 0)
        }
    }

    /// The expressions that put the new mark into register 1.
    func expressions(old: Selector) -> [Expression] {
        guard mask != .max else { return [.load(value.hostBytes, into: .r1)] }
        return [
            old.load(into: .r1),
            .bitwise(
                BitwiseExpression(
                    source: .r1, destination: .r1, operation: .boolean, length: 4,
                    mask: (~mask).hostBytes, xor: value.hostBytes)),
        ]
    }

    /// The change that such expressions make.
    init?(_ expressions: ArraySlice<Expression>, old: Selector) {
        if expressions.count == 1, case .immediate(let immediate)? = expressions.first,
            immediate.destination == .r1, case .value(let bytes) = immediate.data,
            bytes.count == 4
        {
            self.init(value: UInt32(hostBytes: bytes), mask: .max)
        } else if expressions.count == 2, expressions.first == old.load(into: .r1),
            case .bitwise(let bitwise)? = expressions.last, bitwise.source == .r1,
            bitwise.operation == .boolean, let mask = bitwise.mask, let xor = bitwise.xor,
            mask.count == 4, xor.count == 4
        {
            self.init(value: UInt32(hostBytes: xor), mask: ~UInt32(hostBytes: mask))
        } else {
            return nil
        }
    }

    init(value: UInt32, mask: UInt32) {
        self.value = value
        self.mask = mask
    }

    /// `0x5/0xff`; the mask is always there, as iptables prints it.
    var text: String { Number.hexadecimal(value) + "/" + Number.hexadecimal(mask) }
}

/// `-j MARK`: sets the packet's mark.
struct MarkTarget: TargetExtension {
    var name: String { "MARK" }
    var summary: String { "Set the packet's mark; it goes on to the next rule" }
    var options: [OptionSpecification] { MarkChange.options }

    private static let set = Expression.meta(MetaExpression(key: .mark, source: .r1))

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option = target.options.first, target.options.count == 1 else {
            throw RuleSyntaxError(
                "MARK takes one of --set-mark, --set-xmark, --and-mark, --or-mark, --xor-mark",
                at: target.index)
        }
        return try MarkChange.parse(option).expressions(old: .meta(.mark)) + [MarkTarget.set]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.last == MarkTarget.set,
            let change = MarkChange(expressions.dropLast(), old: .meta(.mark))
        else { return nil }
        return ["--set-xmark", change.text]
    }
}

/// `-j CONNMARK`: sets the connection's mark, or copies it from or to the packet's.
struct ConnmarkTarget: TargetExtension {
    var name: String { "CONNMARK" }
    var summary: String { "Set the connection's mark, or copy it from or to the packet's" }
    var options: [OptionSpecification] {
        MarkChange.options + [
            OptionSpecification("--save-mark"), OptionSpecification("--restore-mark"),
            OptionSpecification("--nfmask", values: ["MASK"]),
            OptionSpecification("--ctmask", values: ["MASK"]),
            OptionSpecification("--mask", values: ["MASK"]),
        ]
    }

    private static let packetMark = Selector.meta(.mark)
    private static let connectionMark = Selector.conntrack(.mark, direction: nil)
    private static let setPacket = Expression.meta(MetaExpression(key: .mark, source: .r1))
    private static let setConnection = Expression.conntrack(
        ConntrackExpression(key: .mark, source: .r1))

    /// A copy: `to` keeps the bits outside of its mask and turns over those that `from` has within its own.
    private struct Copy: Hashable {
        var saves: Bool
        var packetMask: UInt32 = .max
        var connectionMask: UInt32 = .max

        var words: [String] {
            [
                saves ? "--save-mark" : "--restore-mark",
                "--nfmask", Number.hexadecimal(packetMask),
                "--ctmask", Number.hexadecimal(connectionMask),
            ]
        }
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        let masks = ["--nfmask", "--ctmask", "--mask"]
        let actions = target.options.filter { !masks.contains($0.name) }
        guard let action = actions.first, actions.count == 1 else {
            throw RuleSyntaxError(
                "CONNMARK takes one of --set-mark, --set-xmark, --and-mark, --or-mark, "
                    + "--xor-mark, --save-mark, --restore-mark", at: target.index)
        }
        let isCopy = action.name == "--save-mark" || action.name == "--restore-mark"
        guard isCopy else {
            if let mask = target.options.first(where: { masks.contains($0.name) }) {
                throw RuleSyntaxError(
                    "\(mask.name) belongs to --save-mark and --restore-mark", at: mask.index)
            }
            return try MarkChange.parse(action).expressions(old: ConnmarkTarget.connectionMark)
                + [ConnmarkTarget.setConnection]
        }
        let copy = try copy(target, saves: action.name == "--save-mark")
        let expressions = ConnmarkTarget.expressions(copy)
        if builder.context.family == .inet, case .compatTarget? = expressions.first {
            throw RuleSyntaxError(
                "\(copy.saves ? "--ctmask" : "--nfmask") works in tables of family ip and ip6 only",
                at: action.index)
        }
        return expressions
    }

    private func copy(_ target: ParsedExtension, saves: Bool) throws(RuleSyntaxError) -> Copy {
        var copy = Copy(saves: saves)
        if let option = target["--mask"] {
            let mask = try Number.parse32(option.value.text, "a mask", at: option.value.index)
            (copy.packetMask, copy.connectionMask) = (mask, mask)
        }
        if let option = target["--nfmask"] {
            copy.packetMask = try Number.parse32(
                option.value.text, "a mask", at: option.value.index)
        }
        if let option = target["--ctmask"] {
            copy.connectionMask = try Number.parse32(
                option.value.text, "a mask", at: option.value.index)
        }
        return copy
    }

    private static func expressions(_ copy: Copy) -> [Expression] {
        let (from, to) = copy.saves ? (packetMark, connectionMark) : (connectionMark, packetMark)
        let fromMask = copy.saves ? copy.packetMask : copy.connectionMask
        let toMask = copy.saves ? copy.connectionMask : copy.packetMask
        // Keeping bits of the old mark takes two operands, which only the xt target has.
        guard toMask == .max else { return [.compatTarget(compat(copy))] }
        let set = to == packetMark ? setPacket : setConnection
        guard fromMask != .max else { return [from.load(into: .r1), set] }
        return [
            from.load(into: .r1),
            .bitwise(
                BitwiseExpression(
                    source: .r1, destination: .r1, operation: .boolean, length: 4,
                    mask: fromMask.hostBytes, xor: [0, 0, 0, 0])),
            set,
        ]
    }

    /// The xt target.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/xt_connmark.h`, `struct xt_connmark_tginfo1`, revision 1.
    private static func compat(_ copy: Copy) -> CompatTargetExpression {
        let mode: UInt8 = copy.saves ? 1 : 2  // XT_CONNMARK_SAVE, XT_CONNMARK_RESTORE
        let info =
            UInt32(0).hostBytes + copy.connectionMask.hostBytes + copy.packetMask.hostBytes
            + [mode, 0, 0, 0]
        return CompatTargetExpression(name: "CONNMARK", revision: 1, info: info)
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        if let copy = ConnmarkTarget.copy(expressions) { return copy.words }
        guard expressions.last == ConnmarkTarget.setConnection,
            let change = MarkChange(
                expressions.dropLast(), old: ConnmarkTarget.connectionMark)
        else { return nil }
        return ["--set-xmark", change.text]
    }

    private static func copy(_ expressions: ArraySlice<Expression>) -> Copy? {
        if case .compatTarget(let target)? = expressions.first, target.info.count == 16 {
            let copy = Copy(
                saves: target.info[12] == 1,
                packetMask: UInt32(hostBytes: target.info[8..<12]),
                connectionMask: UInt32(hostBytes: target.info[4..<8]))
            return Array(expressions) == ConnmarkTarget.expressions(copy) ? copy : nil
        }
        for saves in [true, false] {
            var copy = Copy(saves: saves)
            if expressions.count == 3, case .bitwise(let bitwise) = expressions.dropFirst().first,
                let mask = bitwise.mask, mask.count == 4
            {
                if saves {
                    copy.packetMask = UInt32(hostBytes: mask)
                } else {
                    copy.connectionMask = UInt32(hostBytes: mask)
                }
            }
            if Array(expressions) == ConnmarkTarget.expressions(copy) { return copy }
        }
        return nil
    }
}
