import NetlinkProto

/// `-m owner`: whose socket the packet comes from.
struct OwnerMatch: MatchExtension {
    var name: String { "owner" }
    var summary: String { "Whose socket the packet comes from; in output and postrouting" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--uid-owner", values: ["UID[-UID]"], isNegatable: true),
            OptionSpecification("--gid-owner", values: ["GID[-GID]"], isNegatable: true),
            OptionSpecification("--socket-exists", isNegatable: true),
        ]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard !match.options.isEmpty else {
            throw RuleSyntaxError(
                "-m owner needs --uid-owner, --gid-owner or --socket-exists", at: match.index)
        }
        try checkHook(builder.context, at: match.index)
        for option in match.options {
            guard option.name != "--socket-exists" else {
                guard !builder.context.family.isMixed else {
                    throw RuleSyntaxError(
                        "--socket-exists works in tables of family ip and ip6 only",
                        at: option.index)
                }
                builder.append(.compatMatch(OwnerMatch.socketExists(!option.isNegated)))
                continue
            }
            let isUser = option.name == "--uid-owner"
            let range = try OwnerMatch.parse(option.value, isUser: isUser)
            builder.append(
                range.condition(
                    on: .meta(isUser ? .socketUserID : .socketGroupID), negated: option.isNegated))
        }
    }

    private static func parse(_ word: Word, isUser: Bool) throws(RuleSyntaxError) -> NumberRange {
        if let first = word.text.unicodeScalars.first, !("0"..."9").contains(first) {
            guard let id = isUser ? Account.userID(word.text) : Account.groupID(word.text) else {
                throw RuleSyntaxError(
                    "there is no \(isUser ? "user" : "group") “\(word.text)” on this host",
                    at: word.index)
            }
            return NumberRange(lower: UInt64(id), upper: UInt64(id))
        }
        return try NumberRange.parse(
            word.text, separator: "-", isUser ? "a user id" : "a group id",
            limit: UInt64(UInt32.max), at: word.index)
    }

    private func checkHook(_ context: RuleContext, at index: Int) throws(RuleSyntaxError) {
        guard let hook = context.hook, let name = HookName.name(hook, family: context.family)
        else { return }
        guard name == "output" || name == "postrouting" else {
            throw RuleSyntaxError(
                "-m owner has a meaning in the output and postrouting hooks, not in \(name)",
                at: index)
        }
    }

    /// The xt match `owner`, which alone can ask for a socket's absence.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/xt_owner.h`, `struct xt_owner_match_info`, revision 1.
    private static func socketExists(_ exists: Bool) -> CompatMatchExpression {
        let socket: UInt8 = 4  // XT_OWNER_SOCKET
        var info = [UInt8](repeating: 0, count: 24)
        info[16] = socket
        info[17] = exists ? 0 : socket
        return CompatMatchExpression(name: "owner", revision: 1, info: info)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        switch items.first {
        case .expression(.compatMatch(let match))?:
            for exists in [true, false] where match == OwnerMatch.socketExists(exists) {
                return Claim(
                    options: ["--socket-exists"], words: (exists ? [] : ["!"]) + ["--socket-exists"]
                )
            }
            return nil
        case .condition(let condition)?:
            let name: String
            switch condition.selector {
            case .meta(.socketUserID): name = "--uid-owner"
            case .meta(.socketGroupID): name = "--gid-owner"
            default: return nil
            }
            guard let range = NumberRange(condition) else { return nil }
            return Claim(
                options: [name],
                words: (condition.isNegated ? ["!"] : []) + [name, range.text(separator: "-")])
        default: return nil
        }
    }
}
