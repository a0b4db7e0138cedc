import Glibc
import NIOCore
import NetlinkProto
import RuleStore

// Requests about versions as such: what they are called, which of them brought what, which of them are kept.
extension RequestHandler {
    // MARK: Confirmation

    func confirm(
        _ request: ConfirmRequest, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let id = try await committer.confirm(request, peer: peer)
        let version = try await blocking { try store.version(id) }
        try await tell(.newVersion, VersionMessage(version), header, &replies)
    }

    // MARK: Names

    func addTag(
        _ request: TagMessage, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let tag = try await committer.addTag(request, peer: peer)
        try await tell(.newTag, TagMessage(tag), header, &replies)
    }

    func deleteTag(
        _ request: TagMessage, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let version = try await committer.deleteTag(request.name, peer: peer)
        let message = TagMessage(name: request.name, version: version.rawValue)
        try await tell(.newTag, message, header, &replies)
    }

    func listTags(_ header: MessageHeader, _ replies: inout ReplyStream) async throws {
        for tag in try await blocking({ try store.tags() }) {
            let message = TagMessage(tag)
            try await replies.item(.newTag, of: header) { message.write($0, to: &$1) }
        }
        try await replies.done(header)
    }

    func resolve(
        _ request: ReferenceMessage, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let version = try await blocking { try RequestHandler.version(request, store) }
        let message = ReferenceMessage(version: version.rawValue)
        try await tell(.newReference, message, header, &replies)
    }

    private static func version(
        _ request: ReferenceMessage, _ store: RuleStore
    ) throws -> VersionID {
        switch (request.name, request.time) {
        case (let name?, nil):
            guard let reference = VersionReference(name) else {
                throw Refusal(
                    EINVAL,
                    "'\(name)' is not a version; write a number, HEAD, HEAD~3, or a tag that 'xt2 tag' lists."
                )
            }
            return try store.resolve(reference)
        case (nil, let time?):
            return try store.version(at: Timestamp(rawValue: Int64(clamping: time)))
        default: throw Refusal(EINVAL, "Either a name or a time says which version is meant.")
        }
    }

    // MARK: Blame

    func blame(
        _ request: BlameRequest, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let head = published.current
        let version = try known(request.version, head)
        let ruleset =
            version == head.version
            ? head.ruleset : try await blocking { try store.loadRuleset(at: version) }
        let chain = try RequestHandler.chain(request, ruleset)
        let rules = ruleset.rules(of: chain.id)
        let ids = rules.map(\.id)
        let blame = try await blocking { try store.blame(ids, at: version) }
        for (index, (rule, origin)) in zip(rules, blame.origins).enumerated() {
            let message = BlameMessage(rule, index: index, blame.versions[origin], origin)
            try await replies.item(.newBlame, of: header) { message.write($0, to: &$1) }
        }
        try await replies.done(header)
    }

    private static func chain(
        _ request: BlameRequest, _ ruleset: Ruleset
    ) throws(Refusal) -> StoredObject {
        guard let table = ruleset.table(family: request.family, name: request.table) else {
            throw Refusal.noTable(
                TableName(family: request.family, name: request.table), in: ruleset)
        }
        guard let chain = ruleset.child(of: table.id, kind: .chain, name: request.chain) else {
            throw Refusal(
                ENOENT, "There is no chain \(request.chain) in table \(table.title).")
        }
        return chain
    }

    // MARK: Pruning

    func prune(
        _ request: PruneRequest, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let goal = try await committer.pruneGoal(request, peer: peer)
        let plan = try await blocking { try store.planPrune(goal) }
        if !request.dryRun && !plan.isEmpty {
            let entry = await committer.pruneEntry(plan, peer: peer)
            do {
                // Not on the committer's thread: it reads the whole history, and nobody should wait for that.
                try await blocking { try store.prune(plan, audit: entry) }
            } catch {
                throw await committer.refusePrune(error, peer: peer)
            }
            // The versions are given up whatever comes of this; the next start frees what is left.
            try? await sweep()
        }
        try await tell(.newPrune, PruneMessage(plan), header, &replies)
    }

    /// Frees what pruning left behind, a little at a time, so that commits come in between.
    func sweep() async throws {
        while !Task.isCancelled,
            try await blocking({ try store.sweep(RequestHandler.sweepRows) }) > 0
        {}
    }

    private static let sweepRows = 1_000
}

extension TagMessage {
    init(_ tag: Tag) {
        self.init(
            name: tag.name, version: tag.version.rawValue,
            time: UInt64(clamping: tag.time.rawValue), uid: tag.uid)
    }
}

extension BlameMessage {
    /// A rule with the version that brought it.
    init(_ rule: StoredObject, index: Int, _ version: Version?, _ origin: VersionID) {
        let description = version?.description
        self.init(
            id: rule.id.rawValue, index: UInt32(clamping: index), version: origin.rawValue,
            time: UInt64(clamping: description?.time.rawValue ?? 0),
            uid: description?.author.uid ?? 0, process: description?.author.process ?? "",
            kind: description?.kind.number ?? 0, reason: description?.message ?? "",
            body: rule.body)
    }
}

extension PruneMessage {
    init(_ plan: PrunePlan) {
        self.init(
            horizon: plan.horizon.version.rawValue, versions: UInt64(plan.versionCount),
            objects: UInt64(plan.objectCount), kept: plan.horizon.kept.map(\.description))
    }
}
