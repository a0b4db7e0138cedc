public import NetlinkProto

/// A ruleset as JSON, for programs; the keys are documented in `docs/rule-language.md` and only ever added to.
public enum RulesetJSON {
    /// The whole ruleset as text.
    public static func render(_ listing: RulesetListing, options: ListingOptions = .init())
        -> String
    {
        value(listing, options: options).encoded() + "\n"
    }

    /// The whole ruleset.
    public static func value(
        _ listing: RulesetListing, options: ListingOptions = .init()
    ) -> JSONValue {
        .object(
            optional("version", listing.version)
                + [("tables", .array(listing.tables.map { value($0, options: options) }))])
    }

    private static func value(_ table: TableListing, options: ListingOptions) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("family", .string(table.family.name)), ("name", .string(table.name)),
        ]
        members += optional("id", table.id)
        if let policy = table.policy { members.append(("policy", .string(policy.rawValue))) }
        members.append(("dormant", .bool(table.body.flags.contains(.dormant))))
        members += comment(table.body.userData)
        members.append(
            ("chains", .array(table.chains.map { value($0, table.family, options: options) })))
        members.append(("objects", .array(table.objects.map(value))))
        return .object(members)
    }

    private static func value(
        _ chain: ChainListing, _ family: Family, options: ListingOptions
    ) -> JSONValue {
        var members: [(String, JSONValue)] = [("name", .string(chain.name))]
        members += optional("id", chain.id)
        if let hook = chain.body.hook { members += base(chain.body, hook, family) }
        members += comment(chain.body.userData)
        let rules = chain.rules.enumerated().map { index, rule in
            value(rule, position: index + 1, family: family, options: options)
        }
        return .object(members + [("rules", .array(rules))])
    }

    private static func base(
        _ body: ChainBody, _ hook: Hook, _ family: Family
    ) -> [(String, JSONValue)] {
        let name = HookName.name(hook.number, family: family)
        var members: [(String, JSONValue)] = [
            ("type", .string(body.type ?? "filter")),
            ("hook", name.map(JSONValue.string) ?? .uint(UInt64(hook.number))),
            ("priority", .int(Int64(hook.priority))),
        ]
        if let policy = body.policy {
            members.append(("policy", .string(policy == .drop ? "drop" : "accept")))
        }
        if !hook.devices.isEmpty {
            members.append(("devices", .array(hook.devices.map(JSONValue.string))))
        }
        return members
    }

    /// One rule as an object.
    ///
    /// `position` counts from 1; `words` are what a shell would pass, `text` is the same in one line.
    public static func value(
        _ rule: RuleListing, position: Int, family: Family, options: ListingOptions = .init()
    ) -> JSONValue {
        let words = RuleText.words(rule.body, family: family)
        var members: [(String, JSONValue)] = [("position", .int(Int64(position)))]
        members += optional("id", rule.id) + optional("handle", rule.handle)
        members.append(("text", .string(CommandLine.join(words))))
        members.append(("words", .array(words.map(JSONValue.string))))
        members += comment(rule.body.userData)
        if options.counters, let counter = rule.counter {
            members.append(("packets", .uint(counter.packets)))
            members.append(("bytes", .uint(counter.bytes)))
        }
        return .object(members)
    }

    private static func value(_ object: ObjectListing) -> JSONValue {
        .object(
            [("kind", .string(object.kind)), ("name", .string(object.name))]
                + optional("id", object.id) + [("summary", .string(object.summary))]
                + (object.elements.isEmpty
                    ? [] : [("elements", .array(object.elements.map(JSONValue.string)))])
                + attributes(object))
    }

    /// All that is known of an object, as bytes, and of each of its elements.
    private static func attributes(_ object: ObjectListing) -> [(String, JSONValue)] {
        guard let saved = object.saved else { return [] }
        let elements = saved.elements.map { JSONValue.string(HexBytes.text($0)) }
        return [("attributes", .string(HexBytes.text(saved.body)))]
            + (elements.isEmpty ? [] : [("element_attributes", .array(elements))])
    }

    private static func optional(_ name: String, _ number: UInt64?) -> [(String, JSONValue)] {
        number.map { [(name, .uint($0))] } ?? []
    }

    private static func comment(_ userData: [UInt8]) -> [(String, JSONValue)] {
        (try? UserData(userData))?.comment.map { [("comment", .string($0))] } ?? []
    }
}
