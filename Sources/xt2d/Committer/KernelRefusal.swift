import Glibc
import NetlinkProto
import RuleStore

extension Refusal {
    /// What a failure to plan a batch means for a client.
    init(_ error: LayoutError, in ruleset: Ruleset) {
        switch error {
        case .unknownHandle(let id):
            self.init(
                EIO,
                "It is not known where \(ruleset.title(of: id)) lives in the kernel; restart xt2d to find out.",
                outcome: .failed)
        case .damaged(let id, let cause):
            self.init(
                EIO, "The stored \(ruleset.title(of: id)) is damaged: \(cause).", outcome: .failed)
        case .tooLarge(let cause):
            self.init(EMSGSIZE, "The change does not fit into a message: \(cause.message).")
        }
    }
}

/// The words for a refusal by the kernel.
enum KernelRefusal {
    static func sentence(
        _ error: KernelError, _ subject: ObjectID?, _ new: Ruleset, _ old: Ruleset
    ) -> String {
        if error.origin == .systemCall("sendto") && error.errno == EMSGSIZE {
            return
                "The change is too large for the kernel's socket buffer; raise net.core.wmem_max, or make several smaller changes."
        }
        guard let subject else { return "The kernel refused the change: \(error.description)." }
        let title = new.object(subject) == nil ? old.title(of: subject) : new.title(of: subject)
        if error.errno == EEXIST && new.object(subject)?.kind == .table {
            return
                "The kernel already has a \(title) that xt2 did not make; choose another name, take it over with 'xt2 adopt', or delete it with nft."
        }
        if error.errno == EPERM, let table = table(of: subject, new, old) {
            return
                "The table \(table.title) is owned by another process, which alone may change it; 'nft list table \(table.title)' names it."
        }
        if error.errno == EBUSY, [.set, .object, .flowtable].contains(old.object(subject)?.kind) {
            return "The kernel refused to delete \(title): a rule or a map still names it."
        }
        if error.errno == E2BIG, new.object(subject)?.kind == .chain {
            // linux netfilter/core.c: MAX_HOOK_COUNT
            return
                "The kernel refused \(title): its hook has 1024 base chains already, those of other programs among them, and takes no more."
        }
        if error.errno == ENOENT, let missing = missingName(of: subject, new) {
            return
                "The kernel refused \(title): it names the \(missing.kind) \(missing.name), which is not in its table."
        }
        return "The kernel refused \(title): \(error.description)."
    }

    /// The table that an object is in, or is.
    static func table(of id: ObjectID, _ new: Ruleset, _ old: Ruleset) -> StoredObject? {
        for ruleset in [new, old] {
            if let object = ruleset.object(id) { return ruleset.table(of: object) }
        }
        return nil
    }

    /// What a rule names and its table does not have.
    private static func missingName(of id: ObjectID, _ ruleset: Ruleset) -> HeldName? {
        guard let rule = ruleset.object(id), rule.kind == .rule,
            let table = rule.parent.flatMap({ ruleset.object($0)?.parent }),
            let body = try? RuleBody(encoded: rule.body)
        else { return nil }
        return body.heldNames(in: table).first {
            ruleset.child(of: table, kind: $0.kind, name: $0.name) == nil
        }
    }
}

extension Ruleset {
    /// An object as people know it.
    func title(of id: ObjectID) -> String {
        guard let object = object(id) else { return "object \(id)" }
        let parent = object.parent.map { title(of: $0) } ?? "?"
        return switch object.kind {
        case .table: "table \(object.title)"
        case .rule: "rule \(id) in \(parent)"
        case .element: "element of \(parent)"
        default: "\(object.kind) \(object.name) of \(parent)"
        }
    }
}
