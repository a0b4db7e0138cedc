import NetlinkProto
import RuleStore

/// Whether a packet of a connection gets through this host.
enum Passage: Sendable, Equatable {
    /// No rule drops it.
    case passes
    /// This drops it.
    case cut(Decider)
    /// That depends on what is not known here.
    case unclear(Doubt)

    /// Whether it certainly does not get through.
    var isCut: Bool {
        if case .cut = self { return true }
        return false
    }
}

/// Sends a packet through all base chains on its way.
struct PacketWalk {
    private struct Station {
        let chain: StoredObject
        let body: ChainBody
        let hook: Hook
    }

    /// Whether a packet gets through under a ruleset.
    static func passage(_ packet: GuardedPacket, through ruleset: Ruleset) -> Passage {
        let stations = stations(of: packet, in: ruleset)
        var walk = ChainWalk(ruleset, packet)
        var doubt: Doubt?
        for hook in packet.route.hooks {
            for station in stations where station.hook.number == hook {
                let result = walk.enter(station.chain, station.body, station.hook)
                guard let dropper = result.dropper else { continue }
                if !result.mayAccept { return .cut(dropper) }
                doubt = doubt ?? result.doubt ?? Doubt(decider: dropper, reason: "several rules")
            }
        }
        if let redirector = walk.redirector {
            doubt = doubt ?? Doubt(decider: redirector, reason: "a translation to another address")
        }
        return doubt.map { .unclear($0) } ?? .passes
    }

    /// The base chains of the packet's family, by priority.
    private static func stations(of packet: GuardedPacket, in ruleset: Ruleset) -> [Station] {
        var stations: [Station] = []
        for table in ruleset.tables where isOnTheWay(table, packet) {
            for chain in ruleset.children(of: table.id, kind: .chain) {
                guard let body = try? ChainBody(encoded: chain.body), let hook = body.hook,
                    packet.route.hooks.contains(hook.number)
                else { continue }
                // Translations are looked up for the first packet of a connection only.
                if body.type == "nat" && packet.kind != .first { continue }
                stations.append(Station(chain: chain, body: body, hook: hook))
            }
        }
        return stations.sorted {
            ($0.hook.priority, $0.chain.id) < ($1.hook.priority, $1.chain.id)
        }
    }

    private static func isOnTheWay(_ table: StoredObject, _ packet: GuardedPacket) -> Bool {
        guard [Family.inet.rawValue, packet.family.rawValue].contains(table.family) else {
            return false
        }
        let body = try? TableBody(encoded: table.body)
        return body?.flags.contains(.dormant) != true
    }
}
