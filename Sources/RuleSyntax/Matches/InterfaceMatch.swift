import NetlinkProto

/// `-i` and `-o`: the interface that a packet came in by, or goes out by.
struct InterfaceMatch: MatchExtension {
    enum Way: Hashable, Sendable { case input, output }

    private let way: Way

    init(_ way: Way) { self.way = way }

    var name: String { way == .input ? "in-interface" : "out-interface" }
    var summary: String {
        "The interface that the packet \(way == .input ? "came in" : "goes out") by; NAME+ for "
            + "all that begin so"
    }
    var form: MatchForm { way == .input ? .head(text: 3, order: 1) : .head(text: 4, order: 2) }
    private var option: String { way == .input ? "-i" : "-o" }
    private var selector: Selector {
        .meta(way == .input ? .inputInterfaceName : .outputInterfaceName)
    }

    var options: [OptionSpecification] {
        [
            OptionSpecification(
                option, way == .input ? "--in-interface" : "--out-interface",
                values: ["NAME[+]"], isNegatable: true)
        ]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first else { return }
        try checkHook(builder.context, at: option.index)
        guard let value = try InterfaceName.value(option) else { return }
        builder.append(Condition(selector, equals: value, negated: option.isNegated))
    }

    private func checkHook(_ context: RuleContext, at index: Int) throws(RuleSyntaxError) {
        guard let hook = context.hook, let name = HookName.name(hook, family: context.family),
            [.ip, .ip6, .inet].contains(context.family)
        else { return }
        let wrong = way == .input ? ["output", "postrouting"] : ["prerouting", "input", "ingress"]
        guard !wrong.contains(name) else {
            throw RuleSyntaxError(
                "\(option) asks for nothing in the \(name) hook: packets there have no such "
                    + "interface", at: index,
                hint: way == .input ? "did you mean -o?" : "did you mean -i?")
        }
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let condition = items.first?.condition, condition.selector == selector,
            condition.mask == nil, let (value, negated) = condition.equality,
            let text = InterfaceName.text(value)
        else { return nil }
        return Claim(options: [option], words: (negated ? ["!"] : []) + [option, text])
    }
}

/// The name of an interface, as a condition compares it.
enum InterfaceName {
    /// The bytes that a name begins with, or all bytes of a whole name; nil if all names fit.
    static func value(_ option: ParsedOption) throws(RuleSyntaxError) -> [UInt8]? {
        let name = option.value.text
        let prefix = name.hasSuffix("+") ? String(name.dropLast()) : name
        try check(prefix, isWhole: prefix == name, option.value)
        if name == "+" {
            guard !option.isNegated else {
                throw RuleSyntaxError("no interface is outside of +", at: option.value.index)
            }
            return nil
        }
        var value = Array(prefix.utf8)
        if prefix == name {
            value += [UInt8](repeating: 0, count: RuleLimits.interfaceBytes + 1 - value.count)
        }
        return value
    }

    private static func check(
        _ name: String, isWhole: Bool, _ word: Word
    ) throws(RuleSyntaxError) {
        guard name.utf8.count <= RuleLimits.interfaceBytes else {
            throw RuleSyntaxError(
                "an interface name has at most \(RuleLimits.interfaceBytes) bytes, "
                    + "“\(name)” has \(name.utf8.count)", at: word.index)
        }
        guard !isWhole || !name.isEmpty else {
            throw RuleSyntaxError("an interface name cannot be empty", at: word.index)
        }
        guard isName(name) else {
            throw RuleSyntaxError(
                "an interface name holds no blanks, / or control characters", at: word.index)
        }
    }

    private static func isName(_ name: String) -> Bool {
        name.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && $0 != "/" }
    }

    /// The name that such bytes stand for; nil if none does.
    static func text(_ value: [UInt8]) -> String? {
        let name = value.prefix { $0 != 0 }
        let isWhole = value.count == RuleLimits.interfaceBytes + 1
        guard let text = String(validating: name, as: UTF8.self), isName(text), !text.isEmpty,
            isWhole || name.count == value.count, !isWhole || !text.hasSuffix("+")
        else { return nil }
        return isWhole ? text : text + "+"
    }
}
