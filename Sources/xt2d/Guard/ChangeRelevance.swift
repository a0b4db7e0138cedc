import NetlinkProto
import RuleStore

/// Which changes may have to do with a packet.
///
/// Why: most edits are about the packets of others, and no chain has to be walked to see that.
struct ChangeRelevance {
    let before: Ruleset
    let after: Ruleset

    /// The tables whose changes may decide otherwise about a packet than before.
    ///
    /// - Cost: in proportion to the changes, not to the ruleset.
    func tables(of changes: [Change], for packet: GuardedPacket) -> Set<ObjectID> {
        let known = KnownPacket(packet)
        var tables: Set<ObjectID> = []
        for change in changes {
            guard let table = table(of: change.object), !tables.contains(table.id),
                matters(change, in: Family(rawValue: table.family), known)
            else { continue }
            tables.insert(table.id)
        }
        return tables
    }

    private func table(of object: StoredObject) -> StoredObject? {
        var next: StoredObject? = object
        while let object = next, object.kind != .table {
            next = object.parent.flatMap { after.object($0) ?? before.object($0) }
        }
        return next
    }

    private func matters(_ change: Change, in family: Family, _ known: KnownPacket) -> Bool {
        let families: [Family] = [.inet, known.packet.family, .netdev, .bridge, .arp]
        guard families.contains(family) else { return false }
        switch change.object.kind {
        // An ARP message is no packet of a connection: what a rule says about one cannot be told.
        case .rule where family == .arp: return true
        case .rule:
            return [change.before, change.after].contains { $0.map(known.concerns) ?? false }
        case .chain:
            if case .add(let chain) = change { return chain.isBaseChain }
            return true
        case .table:
            if case .add = change { return false }
            return true
        case .set, .element: return true
        case .object, .flowtable: return false
        }
    }
}

/// A packet wherever it may be on its way, with nothing known that rules make of it.
private struct KnownPacket {
    let packet: GuardedPacket
    private let places: [RuleWalk.Place]

    init(_ packet: GuardedPacket) {
        self.packet = packet.withoutHistory
        places = packet.route.hooks.flatMap { hook in
            [RuleWalk.Place.tracking - 1, 0].map { RuleWalk.Place(hook: hook, priority: $0) }
        }
    }

    /// Whether a rule may do something with the packet.
    func concerns(_ rule: StoredObject) -> Bool {
        guard let body = try? RuleBody(encoded: rule.body) else { return true }
        return places.contains { place in
            var packet = packet
            var redirected = false
            let result = RuleWalk.run(
                body, on: &packet, at: place, redirected: &redirected, findSet: { _ in nil })
            return redirected || !result.isNothing
        }
    }
}
