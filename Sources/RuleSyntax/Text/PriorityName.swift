public import NetlinkProto

/// nft's names of priorities.
///
/// - Source: nft(8), "Standard priority names"; linux `netfilter_ipv4.h` `NF_IP_PRI_*`, `netfilter_bridge.h` `NF_BR_PRI_*`.
public enum PriorityName {
    private static let inet: [(String, Int32)] = [
        ("raw", -300), ("mangle", -150), ("dstnat", -100), ("filter", 0), ("security", 50),
        ("srcnat", 100),
    ]
    private static let bridge: [(String, Int32)] = [
        ("dstnat", -300), ("filter", -200), ("out", 100), ("srcnat", 300),
    ]

    private static func names(_ family: Family) -> [(String, Int32)] {
        switch family {
        case .ip, .ip6, .inet: inet
        case .bridge: bridge
        default: [("filter", 0)]
        }
    }

    /// The names of a family, lowest first.
    public static func names(family: Family) -> [String] {
        names(family).map(\.0)
    }

    /// Reads a number, a name, or a name and a distance such as `filter + 10` or `filter-5`; nil if it is none of them.
    public static func value(_ text: String, family: Family) -> Int32? {
        let compact = text.filter { $0 != " " }
        if let number = Int32(compact) { return number }
        let split = compact.firstIndex { $0 == "+" || $0 == "-" } ?? compact.endIndex
        guard let base = names(family).first(where: { $0.0 == compact[..<split] }) else {
            return nil
        }
        guard split < compact.endIndex else { return base.1 }
        guard let distance = Int32(compact[split...]) else { return nil }
        let (sum, overflow) = base.1.addingReportingOverflow(distance)
        return overflow ? nil : sum
    }

    /// The name, a name and a distance of at most 10, or the number.
    public static func name(_ value: Int32, family: Family) -> String {
        for (name, base) in names(family) {
            let (distance, overflow) = value.subtractingReportingOverflow(base)
            guard !overflow, distance.magnitude <= 10 else { continue }
            if distance == 0 { return name }
            return distance > 0 ? "\(name) + \(distance)" : "\(name) - \(-distance)"
        }
        return "\(value)"
    }

    /// The same as one word that does not begin with a dash, so that it can follow an option.
    static func word(_ value: Int32, family: Family) -> String {
        let name = name(value, family: family)
        guard name.hasPrefix("-") else { return name.filter { $0 != " " } }
        let base = names(family).first { $0.0 == "filter" }?.1 ?? 0
        let (distance, overflow) = value.subtractingReportingOverflow(base)
        return overflow ? name : "filter" + (distance < 0 ? "" : "+") + "\(distance)"
    }
}
