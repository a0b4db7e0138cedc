import NetlinkProto

/// `-j REJECT`: throws the packet away and tells its sender.
struct RejectTarget: TargetExtension {
    var name: String { "REJECT" }
    var summary: String { "Throw the packet away and tell its sender" }
    var options: [OptionSpecification] {
        [OptionSpecification("--reject-with", values: ["TYPE"])]
    }

    private struct Answer: Sendable {
        var names: [String]
        var kind: RejectExpression.Kind
        var code: UInt8
        /// `ip` or `ip6` if only packets of that family can be answered so; `inet` if only tables for both know it.
        var family: Family?
    }

    private static let answers: [Answer] = [
        Answer(names: ["tcp-reset", "tcp-rst"], kind: .tcpReset, code: 0, family: nil),
        icmp(3, "icmp-port-unreachable", "port-unreach"),
        icmp(0, "icmp-net-unreachable", "net-unreach"),
        icmp(1, "icmp-host-unreachable", "host-unreach"),
        icmp(2, "icmp-proto-unreachable", "proto-unreach"),
        icmp(9, "icmp-net-prohibited", "net-prohib"),
        icmp(10, "icmp-host-prohibited", "host-prohib"),
        icmp(13, "icmp-admin-prohibited", "admin-prohib"),
        icmp6(4, "icmp6-port-unreachable", "port-unreach"),
        icmp6(0, "icmp6-no-route", "no-route"),
        icmp6(1, "icmp6-adm-prohibited", "adm-prohibited"),
        icmp6(3, "icmp6-addr-unreachable", "addr-unreach"),
        icmp6(5, "icmp6-policy-fail", "policy-fail"),
        icmp6(6, "icmp6-reject-route", "reject-route"),
        icmpx(1, "icmpx-port-unreachable"), icmpx(0, "icmpx-no-route"),
        icmpx(2, "icmpx-host-unreachable"), icmpx(3, "icmpx-admin-prohibited"),
    ]

    private static func icmp(_ code: UInt8, _ names: String...) -> Answer {
        Answer(names: names, kind: .icmpUnreachable, code: code, family: .ip)
    }

    private static func icmp6(_ code: UInt8, _ names: String...) -> Answer {
        Answer(names: names, kind: .icmpUnreachable, code: code, family: .ip6)
    }

    private static func icmpx(_ code: UInt8, _ name: String) -> Answer {
        Answer(names: [name], kind: .icmpxUnreachable, code: code, family: .inet)
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        let answer = try answer(target["--reject-with"]?.value, builder)
        let index = target["--reject-with"]?.value.index ?? target.index
        if answer.kind == .tcpReset {
            guard builder.transport == 6 else {
                throw RuleSyntaxError(
                    "tcp-reset answers TCP only", at: index, hint: "add -p tcp")
            }
        } else if let family = answer.family, family != .inet {
            try builder.require(family, at: index, inFront: true)
        }
        return [.reject(RejectExpression(type: answer.kind, code: answer.code))]
    }

    private func answer(
        _ word: Word?, _ builder: RuleBuilder
    ) throws(RuleSyntaxError) -> Answer {
        let known = RejectTarget.answers.filter { RejectTarget.fits($0, builder.context.family) }
        guard let word else {
            let first = known.first {
                $0.kind != .tcpReset
                    && ($0.family
                        == (builder.context.family.isMixed ? .inet : builder.context.family)
                        || !builder.context.family.isMixed)
            }
            guard let first else {
                throw RuleSyntaxError("REJECT does not work in this family")
            }
            return first
        }
        if let answer = known.first(where: { $0.names.contains(word.text) }) { return answer }
        let names = known.compactMap(\.names.first)
        guard RejectTarget.answers.allSatisfy({ !$0.names.contains(word.text) }) else {
            throw RuleSyntaxError(
                "\(word.text) does not work in a table of family \(builder.context.family.name)",
                at: word.index, hint: "there are: " + names.joined(separator: ", "))
        }
        let near = Suggestion.nearest(to: word.text, among: names)
        throw RuleSyntaxError(
            "“\(word.text)” is not a type of REJECT", at: word.index,
            hint: near.map { "did you mean \($0)?" } ?? "there are: "
                + names.joined(separator: ", "))
    }

    private static func fits(_ answer: Answer, _ table: Family) -> Bool {
        answer.family == nil || table.isMixed || answer.family == table
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.count == 1, case .reject(let reject)? = expressions.first else {
            return nil
        }
        let answer = RejectTarget.answers.first { answer in
            answer.kind == reject.type && answer.code == reject.code
                && (answer.family == nil || answer.family == .inet
                    || answer.family == state.network)
        }
        return answer.map { ["--reject-with", $0.names[0]] }
    }
}
