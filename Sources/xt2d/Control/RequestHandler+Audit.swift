import Glibc
import NetlinkProto
import RuleStore

// The audit log.
extension RequestHandler {
    /// How long a request waits for a new entry; the client asks again then.
    private static let followTime = Duration.seconds(20)

    /// Lists entries, newest first; or, behind one that is known, oldest first.
    func listAudit(
        _ request: AuditRequest, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let filter = try AuditFilter(request)
        if let after = request.after {
            return try await follow(filter, after, request, header, &replies)
        }
        var before = request.before
        var left = request.limit.map(Int.init) ?? .max
        while left > 0 {
            let (position, count) = (before, min(left, RequestHandler.pageSize))
            let page = try await blocking {
                try store.audit(filter, limit: count, before: position)
            }
            guard let last = page.last else { break }
            for record in page { try await send(record, header, &replies) }
            before = last.seq
            left -= page.count
        }
        try await replies.done(header)
    }

    private func send(
        _ record: AuditRecord, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let message = AuditMessage(record)
        try await replies.item(.newAudit, of: header) { message.write($0, to: &$1) }
    }

    /// Lists the entries behind one, and up to where the log was looked at.
    ///
    /// Asked to, waits once if there is none.
    private func follow(
        _ filter: AuditFilter, _ after: UInt64, _ request: AuditRequest, _ header: MessageHeader,
        _ replies: inout ReplyStream
    ) async throws {
        let limit = request.limit.map(Int.init) ?? RequestHandler.pageSize
        let seen = feed.writes
        var found = try await entries(filter, after, limit)
        if found.page.isEmpty && request.follow {
            // What was collected for the client must not wait too.
            try await replies.flush()
            await feed.wait(past: seen, for: RequestHandler.followTime)
            found = try await entries(filter, found.position, limit)
        }
        for record in found.page { try await send(record, header, &replies) }
        let position = AuditHeadMessage(sequence: found.position)
        try await replies.item(.newAuditHead, of: header) { position.write($0, to: &$1) }
        try await replies.done(header)
    }

    private func entries(
        _ filter: AuditFilter, _ after: UInt64, _ limit: Int
    ) async throws -> (page: [AuditRecord], position: UInt64) {
        try await blocking {
            // First how far the log goes: what comes behind it in between is in the page or comes the next time.
            let head = try store.auditHead().seq
            let page = try store.audit(filter, after: after, limit: limit)
            let position = RequestHandler.position(
                behind: after, head: head, page: page.map(\.seq), limit: limit)
            return (page, position)
        }
    }

    /// Behind which entry a follower goes on, who has been given a page.
    ///
    /// - Parameters:
    ///   - after: behind which entry the page begins.
    ///   - head: the last entry of the log, as it was before the page was read.
    ///   - page: the numbers of the entries in it, ascending.
    static func position(
        behind after: UInt64, head: UInt64, page: [UInt64], limit: Int
    ) -> UInt64 {
        let last = page.last ?? after
        return page.count < limit ? max(head, last) : last
    }

    /// Tells which entry is the last.
    func tellAuditHead(_ header: MessageHeader, _ replies: inout ReplyStream) async throws {
        let head = try await blocking { try store.auditHead() }
        let message = AuditHeadMessage(sequence: head.seq, hash: head.hash)
        let reply = MessageHeader(type: .newAuditHead, sequence: header.sequence)
        try await replies.add { message.write(reply, to: &$0) }
        try await replies.acknowledge(header)
    }

    /// Checks the log, against a head that was kept if one is given.
    func verifyAudit(
        _ request: AuditHeadMessage, _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let known = try RequestHandler.keptHead(request)
        let message = try await blocking { try VerificationMessage(store, against: known) }
        let reply = MessageHeader(type: .newVerification, sequence: header.sequence)
        try await replies.add { message.write(reply, to: &$0) }
        try await replies.acknowledge(header)
    }

    private static func keptHead(_ request: AuditHeadMessage) throws(Refusal) -> AuditHead? {
        switch (request.sequence, request.hash) {
        case (nil, nil): return nil
        case (let seq?, let hash?) where hash.count == 32: return AuditHead(seq: seq, hash: hash)
        default:
            throw Refusal(EINVAL, "A head that was kept is a number and a hash of 32 bytes.")
        }
    }
}
