import RuleStore

extension Author {
    static let root = Author(uid: 0, gid: 0, pid: 100, process: "xt2")
}

extension KernelState {
    static let sample = KernelState(bootID: "0d5c6a3e-boot", generation: 7)
}

extension StoredObject {
    static func table(_ id: UInt64, _ name: String = "filter", family: UInt8 = 1) -> StoredObject {
        StoredObject(id: ObjectID(rawValue: id), kind: .table, family: family, name: name)
    }

    static func chain(_ id: UInt64, of table: UInt64, _ name: String) -> StoredObject {
        StoredObject(
            id: ObjectID(rawValue: id), kind: .chain, parent: ObjectID(rawValue: table), name: name)
    }

    static func rule(
        _ id: UInt64, of chain: UInt64, _ key: OrderKey, _ body: [UInt8] = [1, 2, 3]
    ) -> StoredObject {
        StoredObject(
            id: ObjectID(rawValue: id), kind: .rule, parent: ObjectID(rawValue: chain),
            orderKey: key, body: body)
    }

    static func set(_ id: UInt64, of table: UInt64, _ name: String) -> StoredObject {
        StoredObject(
            id: ObjectID(rawValue: id), kind: .set, parent: ObjectID(rawValue: table), name: name)
    }

    static func element(_ id: UInt64, of set: UInt64, _ key: [UInt8]) -> StoredObject {
        StoredObject(
            id: ObjectID(rawValue: id), kind: .element, parent: ObjectID(rawValue: set),
            elementKey: key)
    }

    func with(body: [UInt8]) -> StoredObject {
        var copy = self
        copy.body = body
        return copy
    }

    func with(name: String) -> StoredObject {
        var copy = self
        copy.name = name
        return copy
    }

    func with(orderKey: OrderKey) -> StoredObject {
        var copy = self
        copy.orderKey = orderKey
        return copy
    }
}

extension OrderKey {
    /// A key with one digit.
    static func at(_ digit: UInt64) -> OrderKey {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: digit >> (56 - 8 * $0)) }
        guard let key = OrderKey(bytes: bytes) else { preconditionFailure("no key is \(digit)") }
        return key
    }
}

extension AuditEntry {
    static func sample(
        _ action: String = "append", _ outcome: AuditOutcome = .committed, time: Int64 = 1_000,
        uid: UInt32 = 0, scopes: [AuditScope] = []
    ) -> AuditEntry {
        AuditEntry(
            time: Timestamp(rawValue: time),
            author: Author(uid: uid, gid: uid, pid: 100, process: "xt2"), action: action,
            outcome: outcome, scopes: scopes)
    }
}

extension RuleStore {
    /// Prepares a version on top of the head.
    @discardableResult
    func prepareNext(
        _ changes: [Change], message: String = "", audit: AuditEntry = .sample()
    ) throws -> VersionID {
        let id = try head().next
        let version = NewVersion(
            id: id, time: Timestamp(rawValue: Int64(id.rawValue) * 1_000), author: .root,
            message: message)
        let highest = changes.map(\.id).max()
        let next = max(try nextObjectID(), highest?.next ?? .first)
        try prepare(version, changes: changes, nextObjectID: next, audit: audit)
        return id
    }

    /// Prepares and commits a version on top of the head.
    @discardableResult
    func commitNext(
        _ changes: [Change], message: String = "", audit: AuditEntry = .sample()
    ) throws -> VersionID {
        let id = try prepareNext(changes, message: message, audit: audit)
        try commit(id, handles: [], kernel: .sample)
        return id
    }
}
