import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Elements of sets are listed as people know them: as nft lists them.
@Suite struct SetListingTests {
    /// The elements as they are listed, of a set that nft made.
    private func listed(_ set: String, _ elements: String) throws -> [String] {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft("add table ip t", "add set ip t s { \(set) }")
        try daemon.nft("add element ip t s { \(elements) }")
        _ = try client.ask(
            .adoptTable, TableRequest(family: Family.ip.rawValue, table: "t", policy: 1))
        var listing: ObjectListing?
        for message in try client.list(.getRuleset, RulesetRequest()) {
            switch message.header.type {
            case .newSet: listing = ObjectListing(try message.read { try SetMessage($0) })
            case .newSetElement:
                listing?.members += try message.read { try SetElementMessage($0).elements }
            default: break
            }
        }
        return listing?.elements ?? []
    }

    @Test(arguments: [
        ("type ipv4_addr;", "10.0.0.2, 10.0.0.1"),
        (
            "type ipv4_addr; flags interval;",
            "10.0.0.0/8, 192.0.2.1-192.0.2.9, 192.0.2.10, 255.255.255.255"
        ),
        ("type ipv6_addr; flags interval;", "2001:db8::/32, 2001:dead::1-2001:dead::5"),
        ("type inet_service;", "22, 443"),
        ("type inet_service; flags interval;", "22, 80-90, 1024-65535"),
        ("type ifname;", "eth0, lo"),
        ("type ether_addr;", "00:11:22:33:44:55"),
        ("type inet_proto;", "tcp, udp"),
        ("type mark;", "0x11, 0xffff"),
        ("type mark; flags interval;", "0x11-0x1f"),
        ("type ipv4_addr . inet_service;", "10.0.0.1 . 22, 10.0.0.2 . 443"),
        ("type ipv4_addr . inet_service; flags interval;", "10.0.0.0/24 . 22-25, 10.0.1.1 . 80"),
        ("type ifname . ipv4_addr;", "eth0 . 10.0.0.1"),
    ])
    func aSetOf(_ set: String, _ elements: String) throws {
        let wanted = elements.split(separator: ", ").map(String.init).sorted()
        #expect(try listed(set, elements).sorted() == wanted, "\(set)")
    }
}
