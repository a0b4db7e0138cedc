import NIOPosix
import NetlinkProto
import RuleStore

// Whether the kernel runs what the store says.
extension RequestHandler {
    func check(
        _ request: CheckRequest, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let outcome =
            request.fix
            ? try await committer.fix(request, peer: peer)
            : Committer.CheckOutcome(drift: try await compare(request))
        for change in outcome.drift.changes {
            guard let message = outcome.drift.message(for: change) else { continue }
            try await replies.item(.newChange, of: header) { message.write($0, to: &$1) }
        }
        if let version = outcome.version {
            try await replies.item(.newVersion, of: header) { version.write($0, to: &$1) }
        }
        try await replies.done(header)
    }

    /// Compares store and kernel beside the committer, one request at a time: who may only read keeps nobody from writing.
    private func compare(_ request: CheckRequest) async throws -> RulesetDiff {
        try await committer.catchUp()
        for _ in 0..<RequestHandler.dumpsBeside {
            let ruleset = published.current.ruleset
            let (tables, strays, dump) = try await dumps.runIfActive { [store, committer] in
                let kernel = try KernelLink()
                let strays = try StrayTables.objects(
                    kernel, store, besides: ruleset, of: request, committer.ownership)
                let tables = try ruleset.tables(of: request, strays)
                let dump = try KernelDump.uninterrupted(tables + strays, kernel)
                return (tables, strays, dump)
            }
            guard let dump, let head = try await committer.head(at: dump.generation) else {
                continue
            }
            let picture = KernelPicture(
                head: head.head, nextID: head.nextID, tables: tables, strays: strays, dump: dump)
            return try await dumps.runIfActive { try picture.drift() }
        }
        // Commits came in between each time. The committer makes none while it reads by itself.
        let picture = try await committer.picture(request)
        return try await dumps.runIfActive { try picture.drift() }
    }

    /// How often the kernel's tables are read beside the committer before it does that itself.
    private static let dumpsBeside = 3
}
