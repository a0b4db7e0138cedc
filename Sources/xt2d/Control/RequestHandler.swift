import Glibc
import NIOCore
import NIOPosix
import NetlinkProto
import RuleStore

/// Carries out the requests of clients: reading ones against the published head and the store, writing ones by the committer.
struct RequestHandler: Sendable {
    let committer: Committer
    let store: RuleStore
    let published: PublishedHead
    let status: DaemonStatus
    let configuration: LiveConfiguration
    let places: ClientPlaces
    /// Tells of new entries of the audit log.
    let feed: AuditFeed
    /// The batches that are held in memory.
    let queue = BatchQueue()
    /// Where counters are read: one dump of a large ruleset takes long, and must not keep short requests waiting.
    let dumps: NIOThreadPool

    /// Carries out one request that is not part of a batch.
    func handle(
        _ message: [UInt8], _ header: MessageHeader, peer: Peer, _ replies: inout ReplyStream
    ) async throws {
        do {
            try await checkReading(header, peer)
            try await route(message, header, peer, &replies)
        } catch let refusal as Refusal {
            try await replies.refuse(header, refusal)
        } catch let error as StoreError {
            try await replies.refuse(header, Refusal(error))
        } catch let error as WireError {
            // A request that cannot be read has become a refusal already.
            try await replies.refuse(
                header,
                Refusal(EIO, "The database holds what cannot be read: \(error).", outcome: .failed))
        }
    }

    /// Refuses a request that only reads, of somebody who may not; what writes is decided by the committer.
    func checkReading(_ header: MessageHeader, _ peer: Peer) async throws {
        guard let right = Right.toRead(header.type),
            let refusal = configuration.refusal(of: peer, right)
        else { return }
        await committer.noteDenial(refusal, action: header.type.name, peer: peer)
        throw refusal
    }

    private func route(
        _ message: [UInt8], _ header: MessageHeader, _ peer: Peer, _ replies: inout ReplyStream
    ) async throws {
        switch header.type {
        case .getRuleset: try await listRuleset(try read(message), header, &replies)
        case .getOutline: try await listOutline(try read(message), header, peer, &replies)
        case .noteTexts: try await noteTexts(try read(message), header, peer, &replies)
        case .getVersion: try await listVersions(try read(message), header, &replies)
        case .getDiff: try await listDiff(try read(message), header, &replies)
        case .getCandidate:
            try await listCandidates(try read(message), header, &replies)
        case .getAudit: try await listAudit(try read(message), header, &replies)
        case .verifyAudit: try await verifyAudit(try read(message), header, &replies)
        case .getAuditHead: try await tellAuditHead(header, &replies)
        case .getStatus: try await tellStatus(header, &replies)
        case .confirm: try await confirm(try read(message), header, peer, &replies)
        case .newTag: try await addTag(try read(message), header, peer, &replies)
        case .getTag: try await listTags(header, &replies)
        case .deleteTag: try await deleteTag(try read(message), header, peer, &replies)
        case .getReference: try await resolve(try read(message), header, &replies)
        case .getBlame: try await blame(try read(message), header, &replies)
        case .prune: try await prune(try read(message), header, peer, &replies)
        case .rollback: try await rollback(try read(message), header, peer, &replies)
        case .newCandidate: try await begin(try read(message), header, peer, &replies)
        case .deleteCandidate: try await abort(try read(message), header, peer, &replies)
        case .commit: try await commit(try read(message), header, peer, &replies)
        case .adoptTable: try await adopt(try read(message), header, peer, &replies)
        case .releaseTable: try await release(try read(message), header, peer, &replies)
        case .importTables: try await importTables(try read(message), header, peer, &replies)
        case .checkKernel: try await check(try read(message), header, peer, &replies)
        case .getCompat: try await tellRevision(message, header, &replies)
        case .getRuleReset: try await zero(message, header, peer, &replies)
        default:
            throw Refusal(
                EOPNOTSUPP,
                "\(header.type.name) is not a request that xt2d knows; edits belong between BATCH_BEGIN and BATCH_END."
            )
        }
    }

    private func read<Body: ControlBody>(_ message: [UInt8]) throws(Refusal) -> Body {
        try RequestHandler.read(message)
    }

    /// Reads the attributes of a request.
    static func read<Body: ControlBody>(_ message: [UInt8]) throws(Refusal) -> Body {
        do throws(WireError) {
            var reader = MessageReader(message.span.bytes)
            guard let view = try reader.next() else {
                throw WireError(.truncated, "an empty message")
            }
            return try Body(view)
        } catch {
            throw Refusal(unreadable: error)
        }
    }

    /// Runs something that waits for the disk or the kernel, on a thread that may wait.
    func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws
        -> Result
    {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    // MARK: Writing

    /// Carries out a batch and tells what came of it.
    func edit(
        _ batch: EditBatch, _ header: MessageHeader, peer: Peer, _ replies: inout ReplyStream
    ) async throws {
        do {
            try await tell(try await committer.edit(batch, peer: peer), header, &replies)
        } catch let refusal as Refusal {
            try await replies.refuse(header, refusal)
        }
    }

    private func tell(
        _ reply: EditReply, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        switch reply {
        case .version(let version, let rules):
            try await echo(rules, &replies)
            try await tell(.newVersion, version, header, &replies)
        case .candidate(let candidate, let rules):
            try await echo(rules, &replies)
            try await tell(.newCandidate, candidate, header, &replies)
        case .checked(let check, let diff):
            try await list(diff, header, &replies)
            try await tell(.newCheck, check, header, &replies)
        case .unchanged(let version): try await tellUnchanged(version, header, &replies)
        }
    }

    /// Sends the changes that a request would make.
    func list(
        _ diff: RulesetDiff?, _ request: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        for change in diff?.changes ?? [] {
            guard let message = diff?.message(for: change) else { continue }
            try await replies.item(.newChange, of: request) { message.write($0, to: &$1) }
        }
    }

    /// Sends what a request comes to, and acknowledges it.
    func tell(
        _ type: MessageType, _ body: some ControlBody, _ request: MessageHeader,
        _ replies: inout ReplyStream
    ) async throws {
        let header = MessageHeader(type: type, sequence: request.sequence)
        try await replies.add { body.write(header, to: &$0) }
        try await replies.acknowledge(request)
    }

    private func echo(_ rules: [EditedRule], _ replies: inout ReplyStream) async throws {
        for rule in rules {
            let header = MessageHeader(type: .newRule, sequence: rule.sequence)
            try await replies.add { rule.message.write(header, to: &$0) }
        }
    }

    private func tellUnchanged(
        _ version: VersionID, _ request: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        try await replies.acknowledge(
            request, message: "nothing to change; the ruleset stays at version \(version)")
    }

    private func tell(
        _ version: VersionMessage?, or head: VersionID, _ header: MessageHeader,
        _ replies: inout ReplyStream
    ) async throws {
        guard let version else { return try await tellUnchanged(head, header, &replies) }
        try await tell(.newVersion, version, header, &replies)
    }

    private func rollback(
        _ request: RollbackRequest, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let version = try await committer.rollback(request, peer: peer)
        try await tell(version, or: published.current.version, header, &replies)
    }

    private func begin(
        _ request: CandidateMessage, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let candidate = try await committer.begin(reason: request.reason, peer: peer)
        try await tell(.newCandidate, candidate, header, &replies)
    }

    private func abort(
        _ request: CandidateMessage, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        try await committer.abort(try RequestHandler.id(of: request), peer: peer)
        try await replies.acknowledge(header)
    }

    private func commit(
        _ request: CandidateMessage, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let reply = try await committer.commitCandidate(
            try RequestHandler.id(of: request), request, peer: peer)
        try await tell(reply, header, &replies)
    }

    static func id(of request: CandidateMessage) throws(Refusal) -> CandidateID {
        guard let id = request.id else {
            throw Refusal(EINVAL, "The candidate's number is missing.")
        }
        return CandidateID(rawValue: id)
    }

    private func zero(
        _ message: [UInt8], _ header: MessageHeader, _ peer: Peer, _ replies: inout ReplyStream
    ) async throws {
        let (rule, family) = try RequestHandler.ruleScope(message)
        try await committer.zero(rule, family: family, peer: peer)
        try await replies.acknowledge(header)
    }

    /// The table and chain that a GETRULE_RESET names; nil for everything.
    private static func ruleScope(
        _ message: [UInt8]
    ) throws(Refusal) -> (RuleMessage?, Family) {
        do throws(WireError) {
            var reader = MessageReader(message.span.bytes)
            guard let view = try reader.next() else {
                throw WireError(.truncated, "an empty message")
            }
            let family = try view.netfilterHeader().family
            var attributes = try view.attributes()
            guard try attributes.next() != nil else { return (nil, family) }
            return (try RuleMessage(view), family)
        } catch {
            throw Refusal(unreadable: error)
        }
    }
}

extension Refusal {
    /// A request that is damaged.
    init(unreadable error: WireError) {
        self.init(EINVAL, "The request cannot be read: \(error).")
        offset = error.offset
    }
}
