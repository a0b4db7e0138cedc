import Glibc
import NIOCore
import NIOPosix
import NetlinkProto
import RuleStore

// The requests that only read: they see one version whole. None waits for a commit but the diff of a candidate, which the committer
// works out.
extension RequestHandler {
    // MARK: The ruleset

    func listRuleset(
        _ request: RulesetRequest, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        if let candidate = request.candidate {
            return try await listCandidate(
                CandidateID(rawValue: candidate), request, header, &replies)
        }
        let head = published.current
        let version = try known(request.version, head)
        let isHead = version == head.version
        // An older version is a ruleset of its own, held until the client has read it.
        guard isHead || status.admitHistoricListing() else {
            throw Refusal(EAGAIN, "Too many older versions are being listed; try again later.")
        }
        defer { if !isHead { status.releaseHistoricListing() } }
        let ruleset =
            isHead ? head.ruleset : try await blocking { try store.loadRuleset(at: version) }
        let tables = try RequestHandler.tables(request, ruleset)
        var counters: CounterValues?
        if isHead && (request.counters || request.policyCounters) {
            let policies = RequestHandler.baseChains(of: tables, request.chain, ruleset)
            let rules = request.counters ? tables : []
            let chains = rules.map { (table: $0, chains: head.kernelChains(request.chain, of: $0)) }
            counters = try await dumps.runIfActive {
                try CounterValues.read(chains, policies: policies)
            }
        }
        let listing = RulesetStream(
            ruleset: ruleset, handles: isHead ? head.handles : RuleHandles(),
            counters: counters, request: header)
        for table in tables {
            try await listing.send(table, onlyChain: request.chain, &replies)
        }
        try await replies.done(header)
    }

    private func listCandidate(
        _ id: CandidateID, _ request: RulesetRequest, _ header: MessageHeader,
        _ replies: inout ReplyStream
    ) async throws {
        let (_, ruleset) = try await committer.ruleset(of: id)
        let listing = RulesetStream(
            ruleset: ruleset, handles: RuleHandles(), counters: nil, request: header)
        for table in try RequestHandler.tables(request, ruleset) {
            try await listing.send(table, onlyChain: request.chain, &replies)
        }
        try await replies.done(header)
    }

    /// The chains of tables that have policies.
    private static func baseChains(
        of tables: [StoredObject], _ name: String?, _ ruleset: Ruleset
    ) -> [(chain: StoredObject, table: StoredObject)] {
        tables.flatMap { table in
            ruleset.children(of: table.id, kind: .chain).compactMap { chain in
                guard (name ?? chain.name) == chain.name,
                    (try? ChainBody(encoded: chain.body))?.hook != nil
                else { return nil }
                return (chain, table)
            }
        }
    }

    /// The tables that a request is about.
    private static func tables(
        _ request: RulesetRequest, _ ruleset: Ruleset
    ) throws(Refusal) -> [StoredObject] {
        let tables = ruleset.tables.filter { table in
            (request.family == nil || request.family == table.family)
                && (request.table == nil || request.table == table.name)
        }
        if let name = request.table, tables.isEmpty {
            guard let family = request.family else {
                throw Refusal(ENOENT, "There is no table \(name).")
            }
            throw Refusal.noTable(TableName(family: family, name: name), in: ruleset)
        }
        if let chain = request.chain,
            !tables.contains(where: { ruleset.child(of: $0.id, kind: .chain, name: chain) != nil })
        {
            throw Refusal(ENOENT, "There is no chain \(chain) in table \(request.table ?? "").")
        }
        return tables
    }

    /// A version that clients may see: the head, or one before it.
    func known(_ version: UInt64?, _ head: Head) throws(Refusal) -> VersionID {
        guard let version else { return head.version }
        guard version <= head.version.rawValue else {
            throw Refusal(
                ENOENT, "There is no version \(version); the head is version \(head.version).")
        }
        return VersionID(rawValue: version)
    }

    // MARK: Versions and diffs

    func listVersions(
        _ request: VersionRequest, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let head = published.current
        if let wanted = request.version {
            let id = try known(wanted, head)
            let version = try await blocking { try store.version(id) }
            try await send(version, header, &replies)
            return try await replies.done(header)
        }
        var before = VersionID(rawValue: min(request.before ?? .max, head.version.rawValue + 1))
        var left = request.limit.map(Int.init) ?? .max
        while left > 0 {
            let (position, count) = (before, min(left, RequestHandler.pageSize))
            let page = try await blocking { try store.versions(limit: count, before: position) }
            guard let last = page.last else { break }
            for version in page { try await send(version, header, &replies) }
            before = last.id
            left -= page.count
        }
        try await replies.done(header)
    }

    static let pageSize = 256

    private func send(
        _ version: Version, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let message = VersionMessage(version)
        try await replies.item(.newVersion, of: header) { message.write($0, to: &$1) }
    }

    func listDiff(
        _ request: DiffRequest, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let head = published.current
        let diff: RulesetDiff
        if let candidate = request.candidate {
            diff = try await committer.preview(CandidateID(rawValue: candidate))
        } else {
            guard let to = request.to else {
                throw Refusal(EINVAL, "The version to compare is missing.")
            }
            let new = try known(to, head)
            guard to > 0 || request.from != nil else {
                throw Refusal(ENOENT, "There is no version 0.")
            }
            let old = try known(request.from ?? to - 1, head)
            diff = try await blocking {
                try RulesetDiff.load(store, from: old, to: new, head: head)
            }
        }
        for change in diff.changes {
            guard let message = diff.message(for: change) else { continue }
            try await replies.item(.newChange, of: header) { message.write($0, to: &$1) }
        }
        try await replies.done(header)
    }

    // MARK: Candidates

    func listCandidates(
        _ request: CandidateMessage, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let id = request.id.map { CandidateID(rawValue: $0) }
        let candidates = try await blocking {
            try id.map { [try store.candidate($0)] } ?? store.candidates()
        }
        for candidate in candidates {
            let message = CandidateMessage(candidate)
            try await replies.item(.newCandidate, of: header) { message.write($0, to: &$1) }
        }
        try await replies.done(header)
    }

    // MARK: Status

    func tellStatus(_ header: MessageHeader, _ replies: inout ReplyStream) async throws {
        let head = published.current
        let candidates = try await blocking { try store.candidates().count }
        let message = status.message(head, store: store, candidates: candidates)
        let reply = MessageHeader(type: .newStatus, sequence: header.sequence)
        try await replies.add { message.write(reply, to: &$0) }
        try await replies.acknowledge(header)
    }
}
