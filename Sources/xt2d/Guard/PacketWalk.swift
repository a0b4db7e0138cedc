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
    /// Whether a packet gets through under a ruleset.
    static func passage(_ packet: GuardedPacket, through ruleset: Ruleset) -> Passage {
        let stations = Station.all(of: packet, in: ruleset, tables: Array(ruleset.tables))
        var walk = ChainWalk(ruleset, packet)
        var doubt: Doubt?
        for station in stations {
            let result = walk.enter(station.chain, station.body, station.place)
            guard let dropper = result.dropper else { continue }
            if !result.mayAccept && station.isCertain && walk.redirector == nil {
                return .cut(dropper)
            }
            doubt = doubt ?? result.doubt ?? Doubt(decider: dropper, reason: station.doubt)
        }
        if let redirector = walk.redirector {
            doubt = doubt ?? Doubt(decider: redirector, reason: "a translation to another address")
        }
        return doubt.map { .unclear($0) } ?? .passes
    }
}

/// A base chain on the way of a packet.
struct Station {
    let chain: StoredObject
    let body: ChainBody
    let place: RuleWalk.Place
    /// Whether the packet certainly comes there; it may come in by another device.
    let isCertain: Bool

    /// Why it cannot be told whether the chain drops the packet.
    fileprivate var doubt: String {
        isCertain ? "several rules" : "the device that packets come in by or go out by"
    }

    /// The base chains of some tables that a packet passes, in the order in which it does.
    static func all(
        of packet: GuardedPacket, in ruleset: Ruleset, tables: [StoredObject]
    ) -> [Station] {
        let stations = tables.filter { isOnTheWay($0, packet) }.flatMap { table in
            ruleset.children(of: table.id, kind: .chain).compactMap { chain in
                Station(chain, of: Family(rawValue: table.family), packet)
            }
        }
        return packet.route.hooks.flatMap { hook in
            stations.filter { $0.place.hook == hook }.sorted {
                ($0.place.priority, $0.chain.id) < ($1.place.priority, $1.chain.id)
            }
        }
    }

    private init?(_ chain: StoredObject, of family: Family, _ packet: GuardedPacket) {
        guard let body = try? ChainBody(encoded: chain.body), let hook = body.hook else {
            return nil
        }
        // Translations are looked up for the first packet of a connection only.
        if body.type == "nat" && packet.kind != .first { return nil }
        // NF_NETDEV_INGRESS and NF_NETDEV_EGRESS
        let number =
            family == .netdev
            ? hook.number == 0 ? PacketRoute.ingress : PacketRoute.egress : hook.number
        let devices = packet.devices(of: hook, at: number)
        guard packet.route.hooks.contains(number), devices != .no else { return nil }
        self.chain = chain
        self.body = body
        place = RuleWalk.Place(hook: number, priority: hook.priority)
        isCertain = devices == .yes
    }

    private static func isOnTheWay(_ table: StoredObject, _ packet: GuardedPacket) -> Bool {
        let families: [Family] = [.inet, packet.family, .netdev]
        guard families.contains(Family(rawValue: table.family)) else { return false }
        let body = try? TableBody(encoded: table.body)
        return body?.flags.contains(.dormant) != true
    }
}

extension GuardedPacket {
    /// Whether a packet comes through one of the devices of a hook.
    ///
    /// It may come through others than the one that routes tell: those that a bridge, a bond or a VLAN is made of.
    fileprivate func devices(of hook: Hook, at number: UInt32) -> Truth {
        guard number == PacketRoute.ingress || number == PacketRoute.egress else { return .yes }
        let interface = number == PacketRoute.ingress ? route.input : route.output
        guard interface != .loopback else { return hook.devices.contains("lo") ? .yes : .no }
        if case .known(let name, _) = interface, hook.devices.contains(name) { return .yes }
        return hook.devices == ["lo"] ? .no : .unknown
    }
}
