import NetlinkProto

/// The base chains of iptables, arptables and ebtables: their policies count packets, for these programs show them.
///
/// iptables-nft itself begins with it once the counters were set (`-Z`, `iptables-restore`); before that it shows 0.
enum IPTablesChains {
    private static let tables: [Family: [String: Set<String>]] = [
        .ip: ipTables, .ip6: ipTables,
        .arp: ["filter": ["INPUT", "OUTPUT"]],
        .bridge: [
            "filter": ["INPUT", "FORWARD", "OUTPUT"],
            "nat": ["PREROUTING", "OUTPUT", "POSTROUTING"],
        ],
    ]

    private static let ipTables: [String: Set<String>] = [
        "filter": ["INPUT", "FORWARD", "OUTPUT"],
        "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        "raw": ["PREROUTING", "OUTPUT"],
        "security": ["INPUT", "FORWARD", "OUTPUT"],
    ]

    /// Whether a chain of this name is one of them, if it is a base chain.
    static func contains(_ place: ChainPlace) -> Bool {
        contains(family: place.family, table: place.table, chain: place.chain)
    }

    /// Whether a chain of this name is one of them, if it is a base chain.
    static func contains(family: Family, table: String, chain: String) -> Bool {
        tables[family]?[table]?.contains(chain) ?? false
    }
}
