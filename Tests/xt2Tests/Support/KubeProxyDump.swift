/// What kube-proxy hands to iptables-restore, for a cluster that is made up.
///
/// - Source: the shape is that of kube-proxy's iptables mode: a chain for each service and one for each endpoint, rules with
///   comments, `--probability` between endpoints, rejects for services that have none.
struct KubeProxyDump {
    /// A service of the cluster, with what it forwards to.
    struct Service {
        var number: Int
        var endpoints: [String]

        var name: String { "ns-\(number % 50)/service-\(number):http" }
        var address: String { "10.96.\(number / 256).\(number % 256)" }
        var chain: String { "KUBE-SVC-\(KubeProxyDump.digest(name))" }

        func chain(of endpoint: String) -> String {
            "KUBE-SEP-\(KubeProxyDump.digest(name + endpoint))"
        }
    }

    private(set) var services: [Service]
    /// Chains of endpoints that are gone.
    private var goneChains: [String] = []

    /// A cluster with so many services; one in ten has no endpoint, one in ten has three, the others have one.
    init(services count: Int) {
        services = (0..<count).map { number in
            let endpoints = (0..<(number % 10 == 9 ? 0 : number % 10 == 0 ? 3 : 1)).map { place in
                let host = number * 3 + place
                return "172.16.\(host / 256).\(host % 256)"
            }
            return Service(number: number, endpoints: endpoints)
        }
    }

    /// The same cluster after one service of so many has got another endpoint instead of its first.
    func changed(oneOf share: Int) -> KubeProxyDump {
        var changed = self
        for index in services.indices.filter({ $0 % share == 7 }) {
            let service = services[index]
            changed.goneChains.append(service.chain(of: service.endpoints[0]))
            changed.services[index].endpoints[0] = "172.30.\(index / 256).\(index % 256)"
        }
        return changed
    }

    /// The text, with the rules that are always there.
    var text: String {
        (filterLines + natLines).joined(separator: "\n") + "\n"
    }

    // MARK: Tables

    private var filterLines: [String] {
        ["*filter"]
            + KubeProxyDump.chains("NODEPORTS", "SERVICES", "FORWARD", "PROXY-FIREWALL")
            + services.filter(\.endpoints.isEmpty).map { service in
                "-A KUBE-SERVICES -m comment --comment \"\(service.name) has no endpoints\" \(match(service)) -j REJECT"
            } + [
                "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
                "-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x00004000/0x00004000 -j ACCEPT",
                "-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "COMMIT",
            ]
    }

    private var natLines: [String] {
        let served = services.filter { !$0.endpoints.isEmpty }
        var lines = ["*nat"]
        lines += KubeProxyDump.chains("NODEPORTS", "SERVICES", "POSTROUTING", "MARK-MASQ")
        for service in served {
            lines.append(":\(service.chain) - [0:0]")
            lines += service.endpoints.map { ":\(service.chain(of: $0)) - [0:0]" }
        }
        lines += goneChains.map { ":\($0) - [0:0]" }
        lines += [
            "-A KUBE-POSTROUTING -m mark ! --mark 0x00004000/0x00004000 -j RETURN",
            "-A KUBE-POSTROUTING -j MARK --xor-mark 0x00004000",
            "-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully",
            "-A KUBE-MARK-MASQ -j MARK --or-mark 0x00004000",
        ]
        for service in served { lines += rules(service) }
        lines += goneChains.map { "-X \($0)" }
        return lines + [
            "-A KUBE-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS",
            "COMMIT",
        ]
    }

    private static func chains(_ names: String...) -> [String] {
        names.map { ":KUBE-\($0) - [0:0]" }
    }

    private func match(_ service: Service) -> String {
        "-m tcp -p tcp -d \(service.address) --dport 80"
    }

    private func rules(_ service: Service) -> [String] {
        let comment = "-m comment --comment \"\(service.name) cluster IP\""
        var rules = [
            "-A KUBE-SERVICES \(comment) \(match(service)) -j \(service.chain)",
            "-A \(service.chain) \(comment) \(match(service)) ! -s 172.16.0.0/12 -j KUBE-MARK-MASQ",
        ]
        if service.number % 7 == 3 {
            rules.append(
                "-A KUBE-NODEPORTS -m comment --comment \(service.name) -m tcp -p tcp --dport \(30_000 + service.number % 2_768) -j \(service.chain)"
            )
        }
        for (index, endpoint) in service.endpoints.enumerated() {
            let chain = service.chain(of: endpoint)
            rules += [
                "-A \(service.chain) -m comment --comment \"\(service.name) -> \(endpoint):8080\" \(share(index, service))-j \(chain)",
                "-A \(chain) -m comment --comment \(service.name) -s \(endpoint) -j KUBE-MARK-MASQ",
                "-A \(chain) -m comment --comment \(service.name) -m tcp -p tcp -j DNAT --to-destination \(endpoint):8080",
            ]
        }
        return rules
    }

    /// Which part of the connections an endpoint gets of those that are left for it.
    private func share(_ index: Int, _ service: Service) -> String {
        let probabilities = ["", "0.5000000000", "0.3333333333"]
        let left = service.endpoints.count - index
        guard left > 1 else { return "" }
        return "-m statistic --mode random --probability \(probabilities[left - 1]) "
    }

    /// Sixteen letters that follow from a text (FNV-1a).
    private static func digest(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let letters = (0..<12).map { alphabet[Int(hash >> UInt64($0 * 5) & 31)] }
        return String(letters + "AAAA")
    }
}
