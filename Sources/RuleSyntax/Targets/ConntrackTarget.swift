import NetlinkProto

/// `-j CT`, also `-j NOTRACK`: how the packet's connection is tracked, before it is.
struct ConntrackTarget: TargetExtension {
    let name: String

    init(_ name: String) { self.name = name }

    var summary: String {
        name == "CT"
            ? "Do not track the packet's connection, or track it in a zone; in raw prerouting and output"
            : "Do not track the packet's connection; in raw prerouting and output"
    }
    var options: [OptionSpecification] {
        guard name == "CT" else { return [] }
        return [OptionSpecification("--notrack")]
            + ConntrackTarget.zones.map { OptionSpecification($0.option, values: ["NUMBER"]) }
    }

    /// Zones for the whole connection, for its original and for its reply direction.
    private static let zones: [(option: String, direction: UInt8?)] = [
        ("--zone", nil), ("--zone-orig", 0), ("--zone-reply", 1),
    ]

    private static func set(_ direction: UInt8?) -> Expression {
        .conntrack(ConntrackExpression(key: .zone, direction: direction, source: .r1))
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard name == "CT" else { return [.notrack] }
        let zones = target.options.filter { $0.name != "--notrack" }
        if target["--notrack"] != nil {
            guard let zone = zones.first else { return [.notrack] }
            throw RuleSyntaxError(
                "what is not tracked is in no zone", at: zone.index, hint: "leave --notrack out")
        }
        guard !zones.isEmpty else {
            throw RuleSyntaxError(
                "CT needs --notrack or --zone NUMBER", at: target.index,
                hint: "for helpers, timeouts and events: -j xt_CT, in ip and ip6 tables")
        }
        if let whole = target["--zone"], zones.count > 1 {
            throw RuleSyntaxError(
                "--zone is for both directions already", at: whole.index,
                hint: "--zone-orig and --zone-reply go together")
        }
        var expressions: [Expression] = []
        for zone in ConntrackTarget.zones {
            guard let option = target[zone.option] else { continue }
            let number = try Number.parse(
                option.value.text, "a zone", limit: 65_535, at: option.value.index)
            expressions += [
                .load(UInt16(truncatingIfNeeded: number).hostBytes, into: .r1),
                ConntrackTarget.set(zone.direction),
            ]
        }
        return expressions
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard name == "CT" else { return nil }
        if Array(expressions) == [.notrack] { return ["--notrack"] }
        guard !expressions.isEmpty else { return nil }
        var rest = expressions
        var words: [String] = []
        while let first = rest.popFirst() {
            guard case .immediate(let load) = first, load.destination == .r1,
                case .value(let bytes) = load.data, bytes.count == 2, let set = rest.popFirst(),
                let zone = ConntrackTarget.zones.first(where: {
                    ConntrackTarget.set($0.direction) == set
                })
            else { return nil }
            words += [zone.option, "\(UInt16(hostBytes: bytes))"]
        }
        return words
    }
}
