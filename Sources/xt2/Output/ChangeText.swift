import NetlinkProto
import RuleSyntax

/// One change, with the bodies read.
struct ChangeText {
    /// What was done to the object.
    enum Verb: String {
        case added, deleted, changed, moved
    }

    /// The message.
    let change: ChangeMessage

    /// The family of the object's table.
    var family: Family { Family(rawValue: change.family) }
    /// What kind of object it is.
    var kind: ObjectMessageKind { ObjectMessageKind(rawValue: change.kind) }

    /// What was done to the object.
    var verb: Verb {
        guard let before = change.before else { return .added }
        guard let after = change.after else { return .deleted }
        return before == after && change.oldName == nil ? .moved : .changed
    }

    /// The body before, as text; nil if there was no object.
    var before: String? { change.before.map { text($0, name: change.oldName ?? change.name) } }
    /// The body after, as text; nil if there is no object.
    var after: String? { change.after.map { text($0, name: change.name) } }

    /// Rule text for a rule, a header for a table or a chain; for what has no text, its bytes.
    private func text(_ body: [UInt8], name: String) -> String {
        do {
            switch kind {
            case .rule: return RuleText.print(try RuleBody(encoded: body), family: family)
            case .table: return tableText(try TableBody(encoded: body))
            case .chain: return chainText(try ChainBody(encoded: body), name: name)
            case .set: return setText(try SetBody(encoded: body), name: name)
            case .element:
                return "element \(family.name) \(change.table) \(name) { "
                    + ObjectText.element(
                        try SetElement(encoded: body),
                        of: try change.set.map { try SetBody(encoded: $0) })
                    + " }"
            case .object: return objectText(try ObjectBody(encoded: body), name: name)
            default: break
            }
        } catch {
            return "unreadable (\(error)): \(Hex.text(body))"
        }
        return "\(kind.name) \(family.name) \(change.table) \(name) \(Hex.text(body))"
    }

    private func tableText(_ body: TableBody) -> String {
        var properties: [String] = []
        properties.append(TablePolicy(body).rawValue)
        if body.watch?.isAdopted == true { properties.append("adopted") }
        if body.flags.contains(.dormant) { properties.append("dormant") }
        let suffix = properties.isEmpty ? "" : " (\(properties.joined(separator: ", ")))"
        return "table \(family.name) \(change.table)\(suffix)"
    }

    private func setText(_ body: SetBody, name: String) -> String {
        let kind = body.flags.contains(.map) ? "map" : "set"
        return "\(kind) \(family.name) \(change.table) \(name) (\(ObjectText.properties(body)))"
    }

    private func objectText(_ body: ObjectBody, name: String) -> String {
        let bytes = Hex.text(body.data ?? [])
        return
            "\(ObjectText.kind(ofObject: body.type)) \(family.name) \(change.table) \(name) \(bytes)"
    }

    private func chainText(_ body: ChainBody, name: String) -> String {
        let title = "chain \(family.name) \(change.table) \(name)"
        guard let hook = body.hook else { return title }
        let hookName = HookName.name(hook.number, family: family) ?? String(hook.number)
        var text = "type \(body.type ?? "filter") hook \(hookName)"
        if !hook.devices.isEmpty { text += " device \(hook.devices.joined(separator: " "))" }
        text += " priority \(PriorityName.name(hook.priority, family: family));"
        if let policy = body.policy { text += " policy \(policy == .drop ? "drop" : "accept");" }
        return "\(title) { \(text) }"
    }

    /// The keys of a change.
    static func json(_ change: ChangeMessage) -> JSONValue {
        let text = ChangeText(change: change)
        let isRule = text.kind == .rule
        return .object([
            ("change", .string(text.verb.rawValue)),
            ("object", .string(text.kind.name)),
            ("id", change.id == 0 ? .null : .uint(change.id)),
            ("family", .string(text.family.name)),
            ("table", .string(change.table)),
            (isRule ? "chain" : "name", .string(change.name)),
            ("old_name", .text(change.oldName)),
            ("before", .text(text.before)),
            ("after", .text(text.after)),
            ("position_before", .number(change.indexBefore.map { UInt64($0) + 1 })),
            ("position_after", .number(change.indexAfter.map { UInt64($0) + 1 })),
        ])
    }
}
