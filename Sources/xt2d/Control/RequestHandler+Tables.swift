import Glibc
import NetlinkProto
import RuleStore

// The requests about tables that other programs change.
extension RequestHandler {
    func adopt(
        _ request: TableRequest, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        try await tell(try await committer.adopt(request, peer: peer), header, &replies)
    }

    func release(
        _ request: TableRequest, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        try await tell(try await committer.release(request, peer: peer), header, &replies)
    }

    func importTables(
        _ request: ImportRequest, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let outcome = try await committer.importTables(request, peer: peer)
        var note = outcome.note
        switch outcome.reply {
        case .version(let version, _):
            let reply = MessageHeader(type: .newVersion, sequence: header.sequence)
            try await replies.add { version.write(reply, to: &$0) }
        case .checked(let check, let diff):
            try await list(diff, header, &replies)
            let reply = MessageHeader(type: .newCheck, sequence: header.sequence)
            try await replies.add { check.write(reply, to: &$0) }
        case .unchanged, .candidate: note = note.isEmpty ? "nothing to change" : note
        }
        try await replies.acknowledge(header, message: note)
    }

    private func tell(
        _ outcome: Committer.TableOutcome, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        if let version = outcome.version {
            let reply = MessageHeader(type: .newVersion, sequence: header.sequence)
            try await replies.add { version.write(reply, to: &$0) }
        }
        let unchanged = outcome.version == nil ? "nothing to change" : ""
        try await replies.acknowledge(
            header, message: outcome.note.isEmpty ? unchanged : outcome.note)
    }

    func check(
        _ request: CheckRequest, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let outcome = try await committer.check(request, peer: peer)
        for change in outcome.drift.changes {
            guard let message = outcome.drift.message(for: change) else { continue }
            try await replies.item(.newChange, of: header) { message.write($0, to: &$1) }
        }
        if let version = outcome.version {
            try await replies.item(.newVersion, of: header) { version.write($0, to: &$1) }
        }
        try await replies.done(header)
    }

    /// Tells of versions as they are made, until the task is cancelled or the client does not keep up.
    func follow(
        _ versions: AsyncThrowingStream<VersionMessage, any Error>, _ header: MessageHeader,
        _ replies: ReplyStream
    ) async throws {
        var replies = replies
        do {
            for try await version in versions {
                try await replies.item(.newVersion, of: header) { version.write($0, to: &$1) }
                try await replies.flush()
            }
        } catch is VersionFeed.Overrun {
            try await replies.refuse(
                header,
                Refusal(
                    ENOBUFS,
                    "You do not read fast enough: more than \(VersionFeed.queueLength) versions are waiting. Follow again, and list what you have missed."
                ))
            try await replies.flush()
        }
    }
}
