import NetlinkProto
import RuleSyntax

/// The edits that carry out a plan for the rules of a chain.
struct ChainEdits {
    /// A rule that is to be, and the digest of its text; if it was stamped, it is canonical.
    typealias NewRule = (reading: RuleStencils.Reading, text: ContentDigest?)

    /// An edit, and the index of the new rule that it makes, replaces or moves.
    struct RuleEdit {
        var edit: Edit
        var new: Int?
    }

    /// The family of its table.
    let family: Family
    /// Its table.
    let table: String
    /// Its name.
    let chain: String

    /// The edits of a plan.
    ///
    /// - Parameters:
    ///   - ids: the id of each rule that there is.
    ///   - rule: a rule that is to be, by its index.
    func edits<Failure: Error>(
        of plan: ListPlan, ids: (Int) -> UInt64?, _ rule: (Int) throws(Failure) -> NewRule
    ) throws(Failure) -> [RuleEdit] {
        var edits: [RuleEdit] = []
        edits.reserveCapacity(plan.steps.count)
        for step in plan.steps {
            switch step {
            case .delete(let old):
                edits.append(RuleEdit(edit: edit(.deleteRule, id: ids(old))))
            case .replace(let old, let new):
                let edit = edit(.newRule, .replace, id: ids(old), rule: try rule(new))
                edits.append(RuleEdit(edit: edit, new: new))
            case .insert(let new, let before):
                let edit = edit(
                    .newRule, before == nil ? [.create, .append] : .create,
                    before: before.flatMap(ids), rule: try rule(new))
                edits.append(RuleEdit(edit: edit, new: new))
            case .move(let old, let new, let before):
                var moved = try rule(new)
                // Its counters go on from where they are; a canonical rule names none.
                if case .body(let body) = moved.reading {
                    moved.reading = .body(body.withoutState)
                }
                let edit = edit(
                    .newRule, before == nil ? [.replace, .append] : .replace, id: ids(old),
                    before: before.flatMap(ids), rule: moved)
                edits.append(RuleEdit(edit: edit, new: new))
            }
        }
        return edits
    }

    /// The edits that put a rule anew into its place, so that it counts from what its body says.
    func renewal(of id: UInt64?, as rule: NewRule) -> [Edit] {
        [edit(.newRule, .create, before: id, rule: rule), edit(.deleteRule, id: id)]
    }

    /// The edit that deletes all rules.
    var flush: Edit { edit(.deleteRule) }

    private func edit(
        _ type: MessageType, _ flags: MessageFlags = [], id: UInt64? = nil, before: UInt64? = nil,
        rule: NewRule? = nil
    ) -> Edit {
        var message = RuleMessage(
            family: family, table: table, chain: chain, handle: id.map { Handle($0) },
            position: before.map { Handle($0) }, text: rule?.text)
        switch rule?.reading {
        case .stamped(let bytes, _):
            return Edit(
                type: type, flags: flags, message: .writtenRule(message, body: bytes), done: "")
        case .body(let body): message.body = body
        case nil: break
        }
        return Edit(type: type, flags: flags, message: .rule(message), done: "")
    }
}
