import NetlinkProto
import RuleSyntax
import XTables

/// Writes a rule as `iptables -S` and `iptables -L` do.
///
/// - Source: iptables 1.8.9, `iptables/nft-shared.c`, `save_matches_and_target`; `iptables/xshared.c`, `print_*`.
struct RuleWriter {
    let rule: IPTablesRule

    // MARK: For -S

    /// The text behind the chain's name, without the blank in front.
    func text(_ session: XTablesSession) throws(XTablesError) -> String {
        let head = rule.head
        switch head.family {
        case Family.arp.rawValue:
            return try arpText(session, interfaces: false, numeric: true, form: .save)
        case Family.bridge.rawValue: return try bridgeText(session)
        default: break
        }
        var text = address(head.source, "-s", head.inversions.contains(.source))
        text += address(head.destination, "-d", head.inversions.contains(.destination))
        text += interface(head.input, "-i", head.inversions.contains(.input))
        text += interface(head.output, "-o", head.inversions.contains(.output))
        if head.transport != 0 {
            let name = session.protocolName(head.transport, lookUp: true) ?? "\(head.transport)"
            text += (head.inversions.contains(.transport) ? " !" : "") + " -p \(name)"
        }
        if head.family == Family.ip.rawValue, head.flags & IPHeader.fragmentFlag != 0 {
            text += (head.inversions.contains(.fragment) ? " !" : "") + " -f"
        }
        for match in rule.matches {
            let (name, options) = try session.text(of: .match, match, in: head, form: .save)
            text += " -m \(name)\(options)"
        }
        text += try action(session)
        return String(text.drop { $0 == " " })
    }

    private func action(_ session: XTablesSession) throws(XTablesError) -> String {
        switch rule.action {
        case .none: return ""
        case .verdict(let verdict): return " -j \(RuleWriter.name(verdict))"
        case .chain(let chain, let isGoto): return " -\(isGoto ? "g" : "j") \(chain)"
        case .target(let info), .log(let info, _), .trace(let info):
            let (name, options) = try session.text(
                of: .target, info, in: rule.head, form: .save)
            return " -j \(name)\(options)"
        }
    }

    private static func name(_ verdict: Verdict) -> String {
        switch verdict {
        case .accept: "ACCEPT"
        case .drop: "DROP"
        case .return: "RETURN"
        default: ""
        }
    }

    private func address(
        _ address: RuleHead.Address, _ option: String, _ isInverted: Bool
    ) -> String {
        let isIPv6 = address.bytes.count == 16
        let isAny = isIPv6 ? !address.mask.contains { $0 != 0 } : address.isAny
        guard isInverted || !isAny else { return "" }
        let length = RuleWriter.prefixLength(address.mask)
        let mask = length.map { "\($0)" } ?? AddressText.text(address.mask)
        return "\(isInverted ? " !" : "") \(option) \(AddressText.text(address.bytes))/\(mask)"
    }

    /// The length of a mask that is a prefix; nil if it is none.
    static func prefixLength(_ mask: [UInt8]) -> Int? {
        var length = 0
        var isOver = false
        for byte in mask {
            if isOver, byte != 0 { return nil }
            let ones = (~byte).leadingZeroBitCount
            guard byte == (ones == 8 ? 0xFF : ~(0xFF >> UInt8(ones))) else { return nil }
            length += ones
            isOver = ones < 8
        }
        return length
    }

    private func interface(
        _ interface: RuleHead.Interface, _ option: String, _ isInverted: Bool
    ) -> String {
        guard interface.mask[0] != 0 else { return "" }
        return "\(isInverted ? " !" : "") \(option) \(interface.text)"
    }

    // MARK: For -L

    func columns(
        _ session: XTablesSession, numeric: Bool, exact: Bool
    ) throws(XTablesError) -> IPTablesColumns {
        let head = rule.head
        var columns = IPTablesColumns()
        columns.target = target
        if head.family == Family.arp.rawValue {
            columns.extra = try arpText(
                session, interfaces: exact, numeric: numeric, form: .list(numeric: numeric))
            return columns
        }
        if head.family == Family.bridge.rawValue {
            columns.extra = try bridgeText(session)
            return columns
        }
        columns.packets = CounterText.text(rule.counter.packets, exact: exact)
        columns.bytes = CounterText.text(rule.counter.bytes, exact: exact)
        columns.target = target
        let name = numeric ? nil : session.protocolName(head.transport, lookUp: true)
        columns.transport =
            mark(head.inversions.contains(.transport)) + (name ?? "\(head.transport)")
        if head.family == Family.ip.rawValue {
            columns.options = head.inversions.contains(.fragment) ? "!" : "-"
            columns.options += head.flags & IPHeader.fragmentFlag != 0 ? "f" : "-"
        }
        columns.input = listed(head.input, head.inversions.contains(.input), numeric)
        columns.output = listed(head.output, head.inversions.contains(.output), numeric)
        columns.source =
            mark(head.inversions.contains(.source))
            + (try listed(head.source, session, numeric))
        columns.destination =
            mark(head.inversions.contains(.destination))
            + (try listed(head.destination, session, numeric))
        columns.extra = try extra(session, numeric)
        return columns
    }

    private var target: String {
        switch rule.action {
        case .none: ""
        case .verdict(let verdict): RuleWriter.name(verdict)
        case .chain(let chain, _): chain
        case .target(let info), .log(let info, _), .trace(let info): info.name
        }
    }

    // MARK: arptables and ebtables

    private func arpText(
        _ session: XTablesSession, interfaces: Bool, numeric: Bool, form: XTablesSession.Form
    ) throws(XTablesError) -> String {
        let words = try rule.arp.words(
            rule.head, target: target, interfaces: interfaces, numeric: numeric
        ) { address throws(XTablesError) in
            try session.text(of: address, numeric: numeric)
        }
        guard case .target(let info) = rule.action else { return words }
        return words + (try session.text(of: .target, info, in: rule.head, form: form).text)
    }

    /// ebtables has one form of a rule for all purposes; it is that of lists.
    private func bridgeText(_ session: XTablesSession) throws(XTablesError) -> String {
        var text = rule.bridge.text(rule.head, session)
        for (index, match) in rule.matches.enumerated() {
            let kind: ExtensionKind = rule.watchers.contains(index) ? .target : .match
            text += try session.text(
                of: kind, match, in: rule.head, form: .list(numeric: false)
            ).text
        }
        text += "-j " + (target.isEmpty ? "CONTINUE" : target)
        guard case .target(let info) = rule.action else { return text }
        let options = try session.text(
            of: .target, info, in: rule.head, form: .list(numeric: false)
        ).text
        return text + " " + options
    }

    private func mark(_ isInverted: Bool) -> String { isInverted ? "!" : " " }

    private func listed(
        _ interface: RuleHead.Interface, _ isInverted: Bool, _ numeric: Bool
    ) -> String {
        (isInverted ? "!" : "") + (interface.isAny ? (numeric ? "*" : "any") : interface.text)
    }

    private func listed(
        _ address: RuleHead.Address, _ session: XTablesSession, _ numeric: Bool
    ) throws(XTablesError) -> String {
        let looked = address.bytes.count == 16 ? address.bytes : address.mask
        if !numeric, !looked.contains(where: { $0 != 0 }) { return "anywhere" }
        return try session.text(of: address, numeric: numeric)
    }

    private func extra(
        _ session: XTablesSession, _ numeric: Bool
    ) throws(XTablesError) -> String {
        var text = ""
        if case .chain(_, isGoto: true) = rule.action { text = "[goto] " }
        for match in rule.matches {
            text += try session.text(
                of: .match, match, in: rule.head, form: .list(numeric: numeric)
            ).text
        }
        switch rule.action {
        case .target(let info), .log(let info, _), .trace(let info):
            text += try session.text(
                of: .target, info, in: rule.head, form: .list(numeric: numeric)
            ).text
        default: break
        }
        return text
    }
}

/// Counters as `iptables -L -v` shows them.
enum CounterText {
    /// The number, or the number of thousands, millions, … behind five digits.
    static func text(_ number: UInt64, exact: Bool) -> String {
        if exact || number <= 99_999 { return "\(number)" }
        var rest = number
        for unit in ["K", "M", "G"] {
            rest = rest / 1_000 + (rest % 1_000 >= 500 ? 1 : 0)
            if rest <= 9_999 { return "\(rest)\(unit)" }
        }
        return "\(rest / 1_000 + (rest % 1_000 >= 500 ? 1 : 0))T"
    }
}
