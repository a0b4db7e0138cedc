import Foundation
import TestSupport
import Testing

/// Programs that drive iptables, once on xt2 and once on the real iptables-nft.
@Suite struct InteropTests {
    private static let fixtures = repository + "/Tests/Fixtures/interop/"
    private static var repository: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
    }

    private func fixture(_ name: String) throws -> String {
        try String(contentsOfFile: InteropTests.fixtures + name, encoding: .utf8)
    }

    /// Runs one shell line on each side, with the directories that belong to the side.
    private func expectSame(
        _ judged: Judged, input: String = "",
        _ line: (_ directory: String, _ links: String) -> String
    ) throws {
        let ours = line(judged.daemon.directory + "/ours", judged.links)
        let real = line(judged.daemon.directory + "/judge", judged.realLinks)
        judged.expectSame(
            try judged.ours(ours, input: input), try judged.real(real, input: input), ours)
    }

    /// All that ufw does to a firewall; ufw itself is real, its files are private copies.
    @Test func ufw() throws {
        let judged = try Judged()
        defer { judged.stop() }
        try expectSame(judged, input: try fixture("ufw.txt")) { directory, links in
            "unshare -m sh \(InteropTests.fixtures)ufw.sh \(directory) \(links)"
        }
        let kernels = try judged.kernels()
        #expect(kernels.ours == kernels.real)
        #expect(kernels.ours.count > 20, "ufw has made its chains: \(kernels.ours.keys.sorted())")
    }

    /// fail2ban's own server with one jail for each of its actions that call iptables.
    @Test func fail2ban() throws {
        let package = InteropTests.repository + "/.build/interop/fail2ban"
        #expect(
            FileManager.default.fileExists(atPath: package), "run Scripts/setup, which unpacks it")
        let judged = try Judged()
        defer { judged.stop() }
        try expectSame(judged) { directory, _ in
            "sh \(InteropTests.fixtures)fail2ban.sh \(directory) \(package)"
        }
        let log = try judged.daemon.check("log --limit 200")
        #expect(log.contains("iptables -w -I f2b-one 1 -s 192.0.2.7 -j REJECT"), "\(log)")
    }

    /// What dockerd calls at its start, for networks and for published ports.
    @Test func docker() throws {
        let judged = try Judged()
        defer { judged.stop() }
        try judged.expectSame(try fixture("docker.txt"))
    }

    /// What kube-proxy sends for 1,000 services, in the long run 5,000, then again with one of a hundred changed.
    @Test func kubeProxy() throws {
        let judged = try Judged()
        defer { judged.stop() }
        let services = KubeProxyDump(services: Soak.count(1_000, 5_000))
        try restore(services, judged)
        try expectSameTables(judged)
        try connect(to: services.services[0], judged)
        let before = try handles(judged)

        try restore(services, judged)
        #expect(try handles(judged) == before, "there was nothing to do")
        try restore(services.changed(oneOf: 100), judged)
        try expectSameTables(judged)

        let after = try handles(judged)
        let touched = before.filter { after[$0.key] != $0.value }.count
        #expect(touched > 0 && touched <= before.count / 100, "\(touched) of \(before.count)")
        let counted = try judged.ours("iptables -t nat -vS KUBE-SERVICES 1").output
        #expect(counted.contains("-c 3 180 "), "\(counted)")
    }

    private func restore(_ dump: KubeProxyDump, _ judged: Judged) throws {
        let line = "iptables-restore -w 5 -W 100000 --noflush --counters"
        judged.expectSame(
            try judged.ours(line, input: dump.text), try judged.real(line, input: dump.text), line)
    }

    /// Three connections from the machine itself to a service, which nobody answers.
    private func connect(to service: KubeProxyDump.Service, _ judged: Judged) throws {
        try judged.expectSame(
            """
            iptables -t nat -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
            ip route add local 172.16.0.0/12 dev lo
            ip route add local 10.96.0.0/12 dev lo
            for i in 1 2 3; do ! nc -z \(service.address) 80; done
            iptables -t nat -vS KUBE-SERVICES 1
            """)
    }

    private func expectSameTables(_ judged: Judged) throws {
        let kernels = try judged.kernels()
        #expect(kernels.ours.count == kernels.real.count)
        let differing = kernels.ours.filter { kernels.real[$0.key] != $0.value }
        #expect(differing.isEmpty, "\(differing.prefix(3))")
        let save = "iptables-save | grep -v '^#'"
        #expect(try judged.ours(save) == judged.real(save))
    }

    /// The kernel's handles of xt2's NAT rules, by chain and rule.
    private func handles(_ judged: Judged) throws -> [String: Substring] {
        let listing = try judged.daemon.namespace.run {
            try Command.check("nft", "-s", "-a", "list", "table", "ip", "nat")
        }
        var handles: [String: Substring] = [:]
        var chain: Substring = ""
        for line in listing.split(separator: "\n") {
            let parts = line.split(separator: " # handle ")
            guard parts.count == 2 else { continue }
            if parts[0].hasPrefix("\tchain ") { chain = parts[0] }
            handles["\(chain) \(parts[0])"] = parts[1]
        }
        return handles
    }
}
