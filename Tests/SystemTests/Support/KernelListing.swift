/// What `nft -a --debug=netlink list ruleset` says: an eye on the kernel that shares no code with xt2.
struct KernelListing {
    /// One rule.
    struct Rule: Hashable {
        let handle: UInt64
        /// The rule id that xt2 keeps in the userdata; nil for other people's rules.
        var id: UInt64?
        var comment: String?
        /// The chain it jumps or goes to.
        var target: String?
        /// The rule as nft writes it, counters and handle included.
        var text = ""
    }

    /// One chain.
    struct Chain: Hashable {
        /// `type filter hook input priority filter; policy drop;`, empty for a regular chain.
        var hook = ""
        var rules: [Rule] = []
    }

    /// The chains of all tables, by `family table chain`.
    private(set) var chains: [String: Chain] = [:]
    /// The tables, by `family table`, the daemon's own left out.
    private(set) var tables: Set<String> = []
    /// The version that the daemon's marker names; nil without a marker.
    private(set) var markedVersion: UInt64?

    private var table = ""
    private var chain = ""
    private var byPlace: [String: Rule] = [:]
    private var place = ""
    private var order: [String: [UInt64]] = [:]
    private var next = 0

    init(_ text: String) {
        // A table counts handles for itself, so the first part is kept by place and handle.
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("table ") || !table.isEmpty {
                list(line.drop { $0 == "\t" || $0 == " " })
            } else {
                debug(line)
            }
        }
    }

    // MARK: The listing

    private mutating func list(_ line: Substring) {
        let words = line.split(separator: " ")
        guard let first = words.first else { return }
        if first == "table" {
            table = "\(words[1]) \(words[2])"
            if table != "inet xt2" { tables.insert(table) }
            chain = ""
        } else if first == "chain" {
            chain = "\(table) \(words[1])"
            chains[chain] = Chain()
            chains[chain]?.rules = (order[chain] ?? []).compactMap { byPlace["\(chain) \($0)"] }
            next = 0
        } else if first == "type" && line.contains(" hook ") {
            chains[chain]?.hook = String(line)
        } else if first == "comment", line.contains("xt2 version "), words.count > 3 {
            markedVersion = UInt64(words[3])
        } else if let mark = line.firstRange(of: "# handle "),
            let handle = UInt64(line[mark.upperBound...])
        {
            // Both parts have a chain's rules in the same order.
            guard chains[chain]?.rules.indices.contains(next) == true,
                chains[chain]?.rules[next].handle == handle
            else { return }
            chains[chain]?.rules[next].text = String(line)
            next += 1
        }
    }

    // MARK: The expressions

    private mutating func debug(_ line: Substring) {
        if !line.hasPrefix(" ") && !line.hasPrefix("\t") {
            let words = line.split(separator: " ")
            // `family table chain handle [position]`; elements of sets look different.
            guard words.count >= 4, !words[2].hasPrefix("@"), let handle = UInt64(words[3]) else {
                place = ""
                return
            }
            let name = words[..<3].joined(separator: " ")
            place = "\(name) \(handle)"
            byPlace[place] = Rule(handle: handle)
            order[name, default: []].append(handle)
        } else if line.hasPrefix("  userdata = { ") {
            userData(KernelListing.bytes(line.dropFirst(15).dropLast(2)))
        } else if line.hasPrefix("  [ immediate reg 0 "), let arrow = line.firstRange(of: "-> ") {
            byPlace[place]?.target = String(line[arrow.upperBound...].prefix { $0 != " " })
        }
    }

    /// Reads type, length, value, again and again.
    private mutating func userData(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while rest.count >= 2 {
            let (type, length) = (rest.removeFirst(), Int(rest.removeFirst()))
            let value = rest.prefix(length)
            rest = rest.dropFirst(length)
            switch type {
            case 0: byPlace[place]?.comment = String(decoding: value.dropLast(), as: UTF8.self)
            case 0x78 where value.count == 8:
                byPlace[place]?.id = value.reduce(0) { $0 << 8 | UInt64($1) }
            default: break
            }
        }
    }

    /// Bytes as libnftnl prints them: what can be printed as it is, the rest as `\xHH`.
    private static func bytes(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), rest.count >= 3,
                let value = UInt8(
                    String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(value)
            rest = rest.dropFirst(3)
        }
        return bytes
    }

    // MARK: Comparing

    /// The lines of a chain's rules, handles and counters included.
    func lines(_ chain: String) -> [String] { chains[chain]?.rules.map(\.text) ?? [] }

    /// The ids of a chain's rules, in order, those in parts of it where the jumps to them stand.
    func ids(_ chain: String) -> [UInt64] { KernelParts(self, chain).ids }

    /// All that xt2 answers for, in a form that ``PlainRuleset`` has too.
    var outline: [String: [String]] {
        var outline: [String: [String]] = [:]
        for (name, chain) in chains where !name.contains(" _xt2.") {
            outline[name] =
                [KernelListing.policy(chain.hook)]
                + KernelParts(self, name).rules.map {
                    "\($0.id ?? 0) \($0.comment ?? "-") \($0.target ?? "-")"
                }
        }
        return outline
    }

    private static func policy(_ hook: String) -> String {
        if hook.isEmpty { return "regular" }
        return hook.contains("policy drop") ? "drop" : "accept"
    }
}
