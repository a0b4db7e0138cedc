public import NetlinkProto

/// A ruleset as the commands that make it, without the word `xt2`.
///
/// ```
/// add table --policy owned inet filter
/// add chain --type filter --hook input --priority filter --policy drop inet filter input
/// append inet filter input -p tcp --dport 22 -j ACCEPT
/// ```
/// Chains come before rules, so that a rule can jump to any of them. What a table or chain has beside these options
/// stands behind `--attributes` as the bytes of its body; of stateful objects, flowtables, sets and elements, that is all.
public enum SaveFormat {
    /// The commands; ids and counters are not among them.
    public static func write(_ listing: RulesetListing) -> String {
        var lines: [[String]] = []
        for table in listing.tables {
            let place = [table.family.name, table.name]
            lines.append(["add", "table"] + options(table) + place)
            for chain in table.chains {
                lines.append(
                    ["add", "chain"] + options(chain.body, table.family) + place + [chain.name])
            }
            lines += objects(table.objects.compactMap(\.saved), place)
            for chain in table.chains {
                for rule in chain.rules {
                    lines.append(
                        ["append"] + place + [chain.name]
                            + RuleText.words(rule.body, family: table.family))
                }
            }
        }
        return lines.map { CommandLine.join($0) + "\n" }.joined()
    }

    private static func objects(_ objects: [SavedObject], _ place: [String]) -> [[String]] {
        func line(_ noun: String, _ bytes: [UInt8], _ name: String) -> [String] {
            ["add", noun, "--attributes", HexBytes.text(bytes)] + place + [name]
        }
        // Elements of maps name objects.
        return SavedObject.Kind.allCases.flatMap { kind in
            objects.filter { $0.kind == kind }.flatMap { object in
                [line(kind.rawValue, object.body, object.name)]
                    + object.elements.map { line("element", $0, object.name) }
            }
        }
    }

    private static func options(_ table: TableListing) -> [String] {
        var words = table.policy.map { ["--policy", $0.rawValue] } ?? []
        var plain = TableBody(flags: table.body.flags.intersection(.dormant))
        if plain.flags.contains(.dormant) { words.append("--dormant") }
        // Owner and persist follow from the policy.
        plain.flags.formUnion(table.body.flags.intersection([.owner, .persist]))
        // So does how others are treated; who made the table first is history.
        var body = table.body
        body.watch = nil
        guard plain != body else { return words }
        return words + ["--attributes", HexBytes.text((try? body.encoded()) ?? [])]
    }

    private static func options(_ body: ChainBody, _ family: Family) -> [String] {
        var plain = ChainBody()
        var words: [String] = []
        if let hook = body.hook, let name = HookName.name(hook.number, family: family),
            let type = body.type
        {
            words = [
                "--type", type, "--hook", name, "--priority",
                PriorityName.word(hook.priority, family: family),
            ]
            for device in hook.devices { words += ["--device", device] }
            if let policy = body.policy {
                words += ["--policy", policy == .drop ? "drop" : "accept"]
            }
            plain = ChainBody(hook: hook, policy: body.policy, type: type)
        }
        guard plain != body else { return words }
        return words + ["--attributes", HexBytes.text((try? body.encoded()) ?? [])]
    }

    /// Reads the commands back.
    ///
    /// - Throws: ``SourceError`` that names the line and the word at fault.
    public static func parse(_ text: String) throws(SourceError) -> RulesetListing {
        try SavedRuleset(Array(text.utf8)).listing()
    }

    /// A chain's body from the options of `add chain`, as they are written.
    ///
    /// Without `hook` the chain is one that only jumps reach, and nothing else may be given. The type is `filter` and the
    /// priority 0 unless given.
    /// - Throws: ``RuleSyntaxError`` that says which option is wrong; it names no word.
    public static func chainBody(
        type: String? = nil, hook: String? = nil, priority: String? = nil, policy: String? = nil,
        devices: [String] = [], family: Family
    ) throws(RuleSyntaxError) -> ChainBody {
        guard let hook else {
            guard type == nil, priority == nil, policy == nil, devices.isEmpty else {
                throw RuleSyntaxError(
                    "type, priority, policy and devices belong to base chains",
                    hint: "add --hook, such as --hook input")
            }
            return ChainBody()
        }
        let specification = ChainSpecification(
            type: type ?? "filter", hook: hook, priority: priority ?? "0", policy: policy,
            devices: devices, family: family)
        return try specification.body()
    }
}
