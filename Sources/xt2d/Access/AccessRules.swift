/// Who may do what.
///
/// Root and the user whose daemon it is have every right: both could write the database itself.
struct AccessRules: Sendable, Equatable {
    private var granted: [Right: Set<Principal>] = [:]

    /// The group that may read when nothing else is said.
    static let readerGroup = "xt2"

    /// What holds without a configuration: root writes, the group `xt2` reads, where there is one.
    static var standard: AccessRules {
        var rules = AccessRules()
        guard let group = Account.gid(named: readerGroup) else { return rules }
        for right in [Right.read, .audit] { rules.grant(right, to: [.group(group)]) }
        return rules
    }

    /// Gives a right to these, and to nobody else.
    mutating func grant(_ right: Right, to principals: Set<Principal>) {
        granted[right] = principals
    }

    /// Whether a client has a right.
    func allow(_ peer: Peer, _ right: Right) -> Bool {
        if peer.isOwner { return true }
        guard let principals = granted[right] else { return false }
        return principals.contains(.everyone) || principals.contains(.user(peer.uid))
            || peer.groups.contains { principals.contains(.group($0)) }
    }
}
