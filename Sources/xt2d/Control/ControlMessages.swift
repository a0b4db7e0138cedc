import Glibc
import NetlinkProto
import RuleStore

// What the store has, in the words of the control protocol.

extension CandidateMessage {
    init(_ candidate: Candidate) {
        self.init(candidate, operationCount: candidate.operationCount)
    }
}

extension AuditFilter {
    /// The filter that a request asks for.
    ///
    /// - Throws: ``Refusal`` for a chain without its table, which would filter nothing.
    init(_ request: AuditRequest) throws(Refusal) {
        if request.chain != nil && request.table == nil {
            throw Refusal(EINVAL, "A chain is found within its table; name the table too.")
        }
        // A table is named within a family; inet is the one that is meant when none is.
        let family = request.family ?? (request.table == nil ? nil : Family.inet.rawValue)
        self.init(
            uid: request.uid,
            since: request.since.map { Timestamp(rawValue: Int64(clamping: $0)) },
            until: request.until.map { Timestamp(rawValue: Int64(clamping: $0)) },
            scope: family.map {
                AuditScope(family: $0, table: request.table, chain: request.chain)
            },
            rule: request.ruleID.map { ObjectID(rawValue: $0) }, action: request.action,
            outcome: request.outcome.map { AuditOutcome(rawValue: $0) },
            version: request.version.map { VersionID(rawValue: $0) },
            address: try AuditFilter.address(request))
    }
}

extension AuditFilter {
    fileprivate static func address(_ request: AuditRequest) throws(Refusal) -> AddressPrefix? {
        guard let address = request.address else { return nil }
        guard let prefix = AddressPrefix(address, length: request.prefix.map(Int.init)) else {
            throw Refusal(
                EINVAL, "An address has 4 or 16 bytes, and not more bits than that count.")
        }
        return prefix
    }
}

extension AuditMessage {
    init(_ record: AuditRecord) {
        let entry = record.entry
        self.init(
            sequence: record.seq, time: UInt64(clamping: entry.time.rawValue),
            uid: entry.author.uid, gid: entry.author.gid,
            pid: UInt32(bitPattern: entry.author.pid), process: entry.author.process,
            loginUID: entry.loginUID, action: entry.action, outcome: entry.outcome.rawValue,
            version: entry.version?.rawValue, generation: entry.generation,
            scope: AuditMessage.text(entry.scopes),
            error: entry.reason.isEmpty ? nil : entry.reason,
            reason: entry.message.isEmpty ? nil : entry.message,
            changeCount: UInt32(clamping: record.changeCount), hash: record.hash,
            peer: entry.peer, request: entry.request)
    }

    /// The tables and chains that an entry is about; a table is left out where one of its chains is named.
    private static func text(_ scopes: [AuditScope]) -> String {
        let withChains = Set(
            scopes.filter { $0.chain != nil }
                .map { AuditScope(family: $0.family, table: $0.table) })
        let shown = scopes.filter { scope in
            scope.table != nil && (scope.chain != nil || !withChains.contains(scope))
        }
        let texts = shown.sorted().prefix(scopesShown).map { scope in
            [Family(rawValue: scope.family).name, scope.table, scope.chain].compactMap(\.self)
                .joined(separator: " ")
        }
        return texts.joined(separator: ", ") + (shown.count > scopesShown ? ", …" : "")
    }

    /// The text must fit its attribute; names are up to 255 bytes.
    private static let scopesShown = 6
}

extension VerificationMessage {
    /// Checks the whole log of a store, against a head that was kept if there is one.
    init(_ store: RuleStore, against known: AuditHead?) throws(StoreError) {
        let result = try store.verifyAudit(against: known)
        self.init(
            entries: result.entryCount, head: result.head.hash,
            problem: result.faults.map(\.message))
    }
}
