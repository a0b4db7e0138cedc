import NetlinkProto

/// A ruleset as lists in dictionaries, so plain that it can be seen to be right.
///
/// It is read from the daemon's listing, and it is what the replay model edits; the two have only this shape in common.
struct PlainRuleset: Equatable {
    struct Rule: Hashable {
        var id: UInt64
        var body: RuleBody

        var comment: String? { try? UserData(body.userData).comment }

        /// The chain it jumps or goes to.
        var target: String? {
            for case .immediate(let immediate) in body.expressions {
                if case .verdict(let verdict) = immediate.data { return verdict.chain }
            }
            return nil
        }
    }

    struct Chain: Equatable {
        var hook: Hook?
        var policy: ChainPolicy?
        var rules: [Rule] = []
    }

    /// The chains of each table, by name; the tables are `family name`.
    var tables: [String: [String: Chain]] = [:]

    init() {}

    /// Reads the reply to `get-ruleset`.
    init(_ messages: [Message]) throws {
        for message in messages {
            switch message.header.type {
            case .newTable:
                let table = try message.read { try TableMessage($0) }
                tables["\(table.family.name) \(table.name)"] = [:]
            case .newChain:
                let chain = try message.read { try ChainMessage($0) }
                tables["\(chain.family.name) \(chain.table)"]?[chain.name ?? ""] = Chain(
                    hook: chain.body.hook, policy: chain.body.policy)
            case .newRule:
                let rule = try message.read { try RuleMessage($0) }
                tables["\(rule.family.name) \(rule.table)"]?[rule.chain ?? ""]?.rules.append(
                    Rule(id: rule.handle?.rawValue ?? 0, body: rule.body))
            default: break
            }
        }
    }

    /// All rules' ids.
    var ids: [UInt64] { tables.values.flatMap(\.values).flatMap(\.rules).map(\.id) }

    /// What ``KernelListing/outline`` says about the same ruleset.
    var outline: [String: [String]] {
        var outline: [String: [String]] = [:]
        for (table, chains) in tables {
            for (name, chain) in chains {
                let policy =
                    chain.hook == nil ? "regular" : chain.policy == .drop ? "drop" : "accept"
                outline["\(table) \(name)"] =
                    [policy]
                    + chain.rules.map { "\($0.id) \($0.comment ?? "-") \($0.target ?? "-")" }
            }
        }
        return outline
    }
}

extension ControlClient {
    /// The ruleset at a version; the head without one.
    func ruleset(_ version: UInt64? = nil) throws -> PlainRuleset {
        try PlainRuleset(list(.getRuleset, RulesetRequest(version: version)))
    }

    /// The versions, newest first.
    func versions() throws -> [VersionMessage] {
        try list(.getVersion, VersionRequest()).map { try $0.read { try VersionMessage($0) } }
    }

    /// The audit log, newest first.
    func audit(_ request: AuditRequest = AuditRequest()) throws -> [AuditMessage] {
        try list(.getAudit, request).map { try $0.read { try AuditMessage($0) } }
    }

    /// What is wrong with the audit log; empty if nothing is.
    func auditProblems() throws -> [String] {
        let reply = try ask(.verifyAudit)
        return try reply.messages.first { $0.header.type == .newVerification }?
            .read { try VerificationMessage($0).problem } ?? ["no answer"]
    }

    func status() throws -> StatusMessage? {
        try ask(.getStatus).messages.first { $0.header.type == .newStatus }?
            .read { try StatusMessage($0) }
    }

    @discardableResult
    func rollback(to version: UInt64) throws -> Reply {
        try ask(.rollback, RollbackRequest(version: version))
    }
}
