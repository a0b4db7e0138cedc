import TestSupport
import Testing

/// Targets that xt2's own commands hand to the kernel's xt modules: as iptables and ebtables put them there.
@Suite struct ExtensionWordsTests {
    @Test(arguments: [
        ("iptables -t raw", "ip raw PREROUTING", "-p tcp --dport 21 -j CT --helper ftp"),
        ("iptables -t raw", "ip raw PREROUTING", "-j CT --ctevents new,destroy"),
        ("iptables -t mangle", "ip mangle PREROUTING", "-j TTL --ttl-inc 3"),
        ("iptables -t mangle", "ip mangle PREROUTING", "-j TTL --ttl-dec 1"),
        ("ip6tables -t mangle", "ip6 mangle PREROUTING", "-j HL --hl-inc 2"),
        ("ip6tables -t mangle", "ip6 mangle PREROUTING", "-j HL --hl-dec 2"),
        (
            "ebtables -t nat", "bridge nat PREROUTING",
            "-p ARP -j arpreply --arpreply-mac 00:11:22:33:44:55 --arpreply-target ACCEPT"
        ),
    ])
    func standInTheKernelAsIPTablesPutsThem(
        _ program: String, _ place: String, _ rule: String
    ) throws {
        let judged = try Judged()
        defer { judged.stop() }
        let chain = place.split(separator: " ").last ?? ""
        // The first rule makes the chain.
        let first = program.hasPrefix("ebtables") ? "-j CONTINUE" : ""
        try judged.expectSame("\(program) -A \(chain) \(first)")
        let added = try judged.daemon.run(["append"] + "\(place) \(rule)".words)
        #expect(added.status == 0, "\(added.errors)")
        let real = try judged.real("\(program) -A \(chain) \(rule)")
        #expect(real.status == 0, "\(real.errors)")
        let show = program.hasPrefix("ebtables") ? "-L" : "-S"
        try judged.expectSame("\(program) \(show) \(chain)")
        let listed = try judged.daemon.run(["list"] + place.words).output
        #expect(listed.contains(rule), "\(listed)")
    }
}

/// Rules of ebtables and arptables in xt2's own lists: in words where there are some, and read back as the same rules.
@Suite struct LinkWordsTests {
    @Test func areThoseOfTheExtensions() throws {
        let judged = try Judged()
        defer { judged.stop() }
        for line in [
            "ebtables -A FORWARD -p arp --arp-op Request -j DROP",
            "ebtables -A FORWARD -p ipv4 --ip-src 10.0.0.1 -j mark --mark-set 5 --mark-target CONTINUE",
            "arptables -A OUTPUT -j mangle --mangle-ip-s 1.2.3.4",
        ] { #expect(try judged.ours(line).status == 0) }
        let saved = try judged.daemon.check("save")
        #expect(saved.contains("-p ARP -m arp --arp-op Request -j DROP"), "\(saved)")
        #expect(saved.contains("-j mangle --mangle-ip-s 1.2.3.4"), "\(saved)")
        try judged.daemon.check("rollback 0")
        try judged.daemon.check("batch -", input: saved)
        #expect(try judged.daemon.check("save") == saved)
        let unknown = try judged.daemon.run(
            "append bridge filter FORWARD -m conntrack --ctstate NEW".words)
        #expect(unknown.status == 64)
    }
}

extension String {
    fileprivate var words: [String] { split(separator: " ").map(String.init) }
}
