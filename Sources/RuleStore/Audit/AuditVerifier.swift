/// Checks the audit chain entry by entry, and keeps what the entries say about versions.
///
/// Pure: the rows are read elsewhere. After a bad entry it goes on from the hash that the entry
/// claims, so that each damage is reported once.
struct AuditVerifier {
    /// The entry that vouches for a version.
    struct Claim {
        let seq: UInt64
        let changeCount: Int
        let digest: [UInt8]
    }

    private(set) var faults: [AuditFault] = []
    private(set) var entryCount: UInt64 = 0
    private(set) var head: AuditHead
    private(set) var claims: [VersionID: Claim] = [:]
    /// The entry of the last prune, and what it vouches for.
    private var prune: (seq: UInt64, record: [UInt8])?
    /// The names that the entries gave to versions and did not take away.
    private var tags: [String: (seq: UInt64, version: VersionID)] = [:]
    /// Whether the previous entry's hash is known, so that this one can be checked against it.
    private var isChained = true
    private let known: AuditHead?

    /// Starts at the beginning of a log; `known` is a head that was kept.
    init(genesis: [UInt8], known: AuditHead?) {
        head = AuditHead(seq: 0, hash: genesis)
        self.known = known
    }

    /// Takes the next entry, with all its scopes.
    mutating func check(_ record: AuditRecord) {
        checkNumber(record.seq)
        if isChained && AuditRow.hash(of: record, after: head.hash) != record.hash {
            report(
                .edited, seq: record.seq,
                "entry \(record.seq) does not fit its hash: it, or the one before it, was edited or inserted"
            )
        }
        if let known, known.seq == record.seq, known.hash != record.hash {
            report(
                .rewritten, seq: record.seq,
                "entry \(record.seq) has another hash than the one that was kept: the log was rewritten"
            )
        }
        advance(to: AuditHead(seq: record.seq, hash: record.hash), isChained: true)
        noteClaim(record)
        noteTag(record)
        if record.entry.action == AuditEntry.pruneAction, record.entry.outcome == .committed,
            let request = record.entry.request
        {
            prune = (record.seq, request)
        }
    }

    /// Takes an entry that cannot be read.
    mutating func skip(seq: UInt64, _ why: String) {
        checkNumber(seq)
        report(.edited, seq: seq, why)
        advance(to: AuditHead(seq: seq, hash: []), isChained: false)
    }

    /// Ends the walk.
    mutating func finish() {
        guard let known, known.seq > head.seq else { return }
        report(
            .missing, seq: known.seq,
            "entries \(head.seq + 1) to \(known.seq) are gone from the end of the log")
    }

    /// Compares what is left below the horizon with the entry of the prune that set it; `nil` if nothing was ever pruned.
    mutating func checkPrune(record: [UInt8]?) {
        guard prune?.record != record else { return }
        guard let prune else {
            return report(
                .version, "versions are pruned, and no entry of the log says who did that")
        }
        report(
            .version, seq: prune.seq,
            "what is left of versions that were pruned is not what entry \(prune.seq) vouches for")
    }

    /// Takes a history below the horizon that cannot be read.
    mutating func skipPrune(_ why: String) {
        report(.version, seq: prune?.seq, why)
    }

    /// Compares a version with the entry that vouches for it; without a digest only how many changes it has.
    mutating func check(_ version: Version, digest: [UInt8]?) {
        guard let claim = claims.removeValue(forKey: version.id) else {
            return report(
                .version, version: version.id, "no entry of the log made version \(version.id)")
        }
        if claim.digest != digest ?? claim.digest || claim.changeCount != version.changeCount {
            report(
                .version, seq: claim.seq, version: version.id,
                "version \(version.id) or its changes are not what entry \(claim.seq) vouches for")
        }
    }

    /// Takes a version that cannot be read.
    mutating func skip(_ version: VersionID, _ why: String) {
        let claim = claims.removeValue(forKey: version)
        report(.version, seq: claim?.seq, version: version, why)
    }

    /// Reports the versions that the log speaks of and the tables do not have.
    mutating func finishVersions() {
        for (version, claim) in claims.sorted(by: { $0.key < $1.key }) {
            report(
                .version, seq: claim.seq, version: version,
                "version \(version), which entry \(claim.seq) made, is gone")
        }
    }

    /// Compares a name with the entry that gave it.
    mutating func check(tag name: String, of version: VersionID) {
        guard let given = tags.removeValue(forKey: name) else {
            return report(
                .tag, version: version,
                "no entry of the log gave version \(version) the name \(name)")
        }
        guard given.version != version else { return }
        report(
            .tag, seq: given.seq, version: version,
            "version \(version) is called \(name), which entry \(given.seq) gave to version \(given.version)"
        )
    }

    /// Reports the names that the log speaks of and the tables do not have.
    mutating func finishTags() {
        for (name, given) in tags.sorted(by: { $0.value.seq < $1.value.seq }) {
            report(
                .tag, seq: given.seq, version: given.version,
                "the name \(name), which entry \(given.seq) gave to version \(given.version), is gone"
            )
        }
    }

    /// Reports a row of the table `object` that no version made or ended.
    mutating func reportOrphanedRow(_ row: Int64) {
        report(.version, "row \(row) of table object began or ended in a version that is not there")
    }

    /// Reports addresses that belong to no entry.
    mutating func reportOrphanedAddress(of seq: UInt64) {
        report(.missing, seq: seq, "there is an address of entry \(seq), but no such entry")
    }

    /// Reports scopes that belong to no entry.
    mutating func reportOrphanedScope(of seq: UInt64) {
        report(.missing, seq: seq, "there is a scope of entry \(seq), but no such entry")
    }
}

extension AuditVerifier {
    private mutating func checkNumber(_ seq: UInt64) {
        entryCount += 1
        // Wrapping: an edited number may be any.
        guard seq != head.seq &+ 1 else { return }
        report(.missing, seq: seq, "entries \(head.seq &+ 1) to \(seq &- 1) are gone")
        isChained = false
    }

    private mutating func advance(to head: AuditHead, isChained: Bool) {
        self.head = head
        self.isChained = isChained
    }

    private mutating func noteTag(_ record: AuditRecord) {
        let entry = record.entry
        guard entry.outcome == .committed, let version = entry.version else { return }
        switch entry.action {
        case AuditEntry.tagAction: tags[entry.message] = (record.seq, version)
        case AuditEntry.deleteTagAction: tags[entry.message] = nil
        default: break
        }
    }

    private mutating func noteClaim(_ record: AuditRecord) {
        guard let version = record.entry.version else { return }
        if let withdrawn = record.withdraws {
            if claims[version]?.seq == withdrawn {
                claims[version] = nil
            } else {
                report(
                    .edited, seq: record.seq, version: version,
                    "entry \(record.seq) withdraws entry \(withdrawn), which did not make version \(version)"
                )
            }
        }
        guard let digest = record.changesDigest else { return }
        if let earlier = claims[version] {
            report(
                .version, seq: record.seq, version: version,
                "entries \(earlier.seq) and \(record.seq) both made version \(version)")
        }
        claims[version] = Claim(
            seq: record.seq, changeCount: record.changeCount, digest: digest)
    }

    private mutating func report(
        _ code: AuditFault.Code, seq: UInt64? = nil, version: VersionID? = nil, _ message: String
    ) {
        guard faults.count < StoreLimits.faults else { return }
        faults.append(AuditFault(code: code, seq: seq, version: version, message: message))
    }
}
