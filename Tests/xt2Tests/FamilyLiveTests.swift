import Foundation
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Tables of every family on the command line.
@Suite struct FamilyLiveTests {
    static let lines = """
        add table bridge lan
        add chain --type filter --hook forward --priority filter --policy drop bridge lan frames
        add chain --type filter --hook prerouting --priority dstnat-5 bridge lan first
        add chain --type filter --hook output --priority out bridge lan out
        append bridge lan frames -p ARP --arp-op Request -j ACCEPT
        append bridge lan frames -p IPv4 --ip-proto tcp --ip-dport 22 -s 00:11:22:33:44:55 -j ACCEPT
        append bridge lan frames --among-src 00:11:22:33:44:55,00:11:22:33:44:56 -j ACCEPT
        append bridge lan first -d Broadcast -j mark --mark-set 5
        add table arp guard
        add chain --type filter --hook input --priority filter arp guard in
        append arp guard in ! -s 10.0.0.0/8 --opcode Request -m limit --limit 3/hour -j DROP
        add table netdev edge
        add chain --type filter --hook ingress --priority -500 --device lo --device later netdev edge in
        add chain --hook egress --priority filter --device lo netdev edge out
        append netdev edge in -s 10.0.0.0/8 -p udp --dport 53 -j DROP
        append netdev edge in -6 -j LOG --log-prefix 'six '
        add table inet mixed
        add chain --hook ingress --priority raw --device lo inet mixed early
        append inet mixed early -m conntrack --ctstate INVALID -j DROP
        """

    private func kernel(_ daemon: LiveDaemon) throws -> String {
        try daemon.namespace.run {
            try ["bridge lan", "arp guard", "netdev edge", "inet mixed"].map { table in
                let words = table.split(separator: " ").map(String.init)
                return try Command.check("nft", "list", "table", words[0], words[1])
            }.joined()
        }
    }

    @Test func everyFamilyIsSavedAndReadBack() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        for line in FamilyLiveTests.lines.split(separator: "\n") {
            try daemon.check(String(line))
        }
        let saved = try daemon.check("save")
        let there = try kernel(daemon)
        #expect(there.contains("devices = { later, lo } priority -500"))
        #expect(there.contains("hook prerouting priority dstnat - 5"))
        #expect(there.contains("hook output priority out"))
        let other = try LiveDaemon()
        defer { other.stop() }
        try other.check("batch -", input: saved)
        #expect(try other.check("save") == saved)
        #expect(try kernel(other) == there)
        try Golden.expect(try daemon.check("list"), "live-families.txt")
        try Golden.expect(saved, "live-families-saved.txt")
    }

    @Test func whatAFamilyCannotHold() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        try daemon.check("batch -", input: FamilyLiveTests.lines)
        var text = ""
        for line in """
        add chain --hook prerouting --priority 0 arp guard x
        add chain --hook ingress --priority 0 netdev edge x
        add chain --hook ingress --priority 0 --device lo --device lo netdev edge x
        add chain --hook input --priority 0 --device lo bridge lan x
        add chain --type nat --hook prerouting --priority 0 bridge lan x
        add chain --hook input --priority srcnat arp guard x
        append bridge lan frames -m conntrack --ctstate NEW -j ACCEPT
        append bridge lan frames --ip-dport 22 -j ACCEPT
        append arp guard in -p tcp -j DROP
        append netdev edge in -j MASQUERADE
        append netdev edge out -j REJECT
        append bridge lan out -j redirect
        append inet mixed early -m addrtype --dst-type LOCAL -j DROP
        """.split(separator: "\n") {
            let result = try daemon.run(RuleSyntax.CommandLine.split(String(line)))
            #expect(result.status != 0)
            text += "$ xt2 \(line)\n\(result.output)\(result.errors)[\(result.status)]\n\n"
        }
        try Golden.expect(text, "live-family-refusals.txt")
    }
}
