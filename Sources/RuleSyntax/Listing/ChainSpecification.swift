import NetlinkProto

/// The options of a base chain, to be checked against each other.
struct ChainSpecification {
    var type: String
    var hook: String
    var priority: String
    var policy: String?
    var devices: [String]
    var family: Family

    func body() throws(RuleSyntaxError) -> ChainBody {
        guard let number = HookName.number(hook, family: family) else {
            throw RuleSyntaxError(
                "a table of family \(family.name) has no hook “\(hook)”",
                hint: "there are: " + HookName.names(family: family).joined(separator: ", "))
        }
        try checkType()
        guard let priority = PriorityName.value(priority, family: family) else {
            throw RuleSyntaxError(
                "“\(priority)” is not a priority",
                hint: "a number, or " + PriorityName.names(family: family).joined(separator: ", "))
        }
        try checkDevices()
        return ChainBody(
            hook: Hook(number: number, priority: priority, devices: devices),
            policy: try policyValue(), type: type)
    }

    /// - Source: linux `net/netfilter/nft_chain_filter.c`, `nft_chain_nat.c`, `nft_chain_route.c`: families and hooks.
    private func checkType() throws(RuleSyntaxError) {
        let isInternet = [Family.ip, .ip6, .inet].contains(family)
        let isMangling = type == "nat" && [Family.arp, .bridge].contains(family)
        let hooks: [String]
        switch type {
        case "filter": hooks = HookName.names(family: family)
        case "nat" where isInternet: hooks = ["prerouting", "input", "output", "postrouting"]
        case "route" where isInternet: hooks = ["output"]
        case "nat", "route":
            throw RuleSyntaxError(
                "a table of family \(family.name) has no \(type) chains",
                hint: isMangling
                    ? "frames and ARP packets are rewritten in chains of type filter"
                    : "chains of type filter do here")
        default:
            throw RuleSyntaxError(
                "“\(type)” is not a type of chains", hint: "there are: filter, nat, route")
        }
        guard hooks.contains(hook) else {
            throw RuleSyntaxError(
                "a \(type) chain cannot hook into \(hook)",
                hint: "it can into: " + hooks.joined(separator: ", "))
        }
    }

    private func checkDevices() throws(RuleSyntaxError) {
        let needsDevice = hook == "ingress" || hook == "egress"
        guard devices.isEmpty != needsDevice else {
            throw RuleSyntaxError(
                needsDevice
                    ? "the hook \(hook) needs --device NAME"
                    : "the hook \(hook) takes no device",
                hint: needsDevice ? "such as --device eth0, once for each device" : nil)
        }
        if let twice = devices.first(where: { name in devices.count { $0 == name } > 1 }) {
            throw RuleSyntaxError("the device \(twice) is named twice")
        }
        for device in devices
        where !(1...RuleLimits.interfaceBytes).contains(device.utf8.count) {
            throw RuleSyntaxError(
                "an interface name has 1 to \(RuleLimits.interfaceBytes) bytes, not “\(device)”")
        }
    }

    private func policyValue() throws(RuleSyntaxError) -> ChainPolicy {
        switch policy {
        case nil, "accept"?: return .accept
        case "drop"?: return .drop
        case let other?:
            throw RuleSyntaxError("“\(other)” is not a policy", hint: "there are: accept, drop")
        }
    }
}
