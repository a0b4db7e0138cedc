import Glibc
import NetlinkProto
import RuleStore

/// Finds out whether a change cuts a connection that works before it.
struct LockoutGuard {
    /// What a change does to a connection.
    enum Finding: Equatable {
        /// It gets through as before, or did not before.
        case none
        /// A packet of it that gets through now, or may, would certainly be dropped.
        case cut(GuardedPacket.Kind, Decider)
        /// A packet of it that gets through now might be dropped.
        case unclear(GuardedPacket.Kind, Doubt)
    }

    let before: Ruleset
    let after: Ruleset
    /// What differs between them.
    let changes: [Change]
    let host: HostKnowledge

    /// Compares what happens to the packets of a connection: those of the open connection in both directions, and the first of a
    /// new one.
    ///
    /// - Cost: in proportion to the changes, if none of them is about such a packet or their tables have no base chain on its way;
    ///   else the rules that it meets are read.
    func finding(for connection: ProtectedConnection) -> Finding {
        var doubt: Finding?
        for kind in GuardedPacket.Kind.allCases {
            let packet = GuardedPacket(kind, of: connection, host)
            let relevance = ChangeRelevance(before: before, after: after)
            let tables = relevance.tables(of: changes, for: packet)
            if tables.isEmpty { continue }
            switch finding(for: packet, tables) {
            case .none: break
            case .cut(let kind, let decider): return .cut(kind, decider)
            case .unclear(let kind, let reason): doubt = doubt ?? .unclear(kind, reason)
            }
        }
        return doubt ?? .none
    }

    private func finding(for packet: GuardedPacket, _ tables: Set<ObjectID>) -> Finding {
        let below = below(packet, tables).map { Finding.unclear(packet.kind, $0) } ?? .none
        let mayDiffer = [before, after].contains { ruleset in
            let tables = tables.compactMap { ruleset.object($0) }
            return !Station.all(of: packet, in: ruleset, tables: tables).isEmpty
        }
        guard mayDiffer else { return below }
        let now = PacketWalk.passage(packet, through: after)
        if now == .passes { return below }
        let then = PacketWalk.passage(packet, through: before)
        switch now {
        case .cut(let decider) where !then.isCut: return .cut(packet.kind, decider)
        case .unclear(let reason) where then == .passes: return .unclear(packet.kind, reason)
        case .passes, .cut, .unclear: return below
        }
    }

    /// A base chain for frames that are no packets of a connection, and without which it has none.
    private func below(_ packet: GuardedPacket, _ tables: Set<ObjectID>) -> Doubt? {
        if packet.route.input == .loopback || packet.route.output == .loopback { return nil }
        let families: [Family] = packet.family == .ip ? [.bridge, .arp] : [.bridge]
        for table in tables.sorted().compactMap({ after.object($0) })
        where families.contains(Family(rawValue: table.family)) {
            let chains = after.children(of: table.id, kind: .chain)
            guard let chain = chains.first(where: \.isBaseChain) else { continue }
            return Doubt(
                decider: .chain(chain.id), reason: "frames below IP, which are not looked at")
        }
        return nil
    }

    // MARK: In words

    /// What a change would do to a connection, and who is to blame.
    func sentence(
        _ finding: Finding, _ connection: ProtectedConnection, isOrigin: Bool
    ) -> String? {
        let name =
            isOrigin
            ? "your SSH connection from \(connection.source.text) to \(connection.destination.text)"
            : "the connection \(connection.text)"
        switch finding {
        case .none: return nil
        case .cut(let kind, let decider):
            let deed =
                switch kind {
                case .established, .reply: "cut \(name)"
                case .first: "let \(name) go on, but no new one like it begin"
                }
            return "This would \(deed): \(blame(decider, kind))."
        case .unclear(_, let doubt):
            return
                "Whether \(name) still gets through cannot be told: \(title(doubt.decider)) depends on \(doubt.reason)."
        }
    }

    private func blame(_ decider: Decider, _ kind: GuardedPacket.Kind) -> String {
        let packets = kind == .reply ? "its answers" : "its packets"
        switch decider {
        case .rule: return "\(title(decider)) drops \(packets)"
        case .policy, .chain:
            return "no rule accepts \(packets), and \(title(decider)) is drop"
        }
    }

    /// `rule 12, at position 3 of chain inet filter input`.
    private func title(_ decider: Decider) -> String {
        switch decider {
        case .rule(let id):
            let rule = after.object(id)
            let chain = rule?.parent.map(chainTitle) ?? "a chain that is gone"
            let position = after.ruleIndex(of: id).map { "position \($0 + 1) of " } ?? ""
            return before.object(id) == nil
                ? "the new rule at \(position)\(chain)" : "rule \(id), at \(position)\(chain),"
        case .policy(let id): return "the policy of \(chainTitle(id))"
        case .chain(let id): return chainTitle(id)
        }
    }

    private func chainTitle(_ id: ObjectID) -> String {
        guard let chain = after.object(id), let table = chain.parent.flatMap(after.object) else {
            return "a chain that is gone"
        }
        return "chain \(table.title) \(chain.name)"
    }
}
