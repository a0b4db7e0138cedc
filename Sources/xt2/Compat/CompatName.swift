import NetlinkProto

/// A name of iptables' programs that this program answers to.
struct CompatName: Equatable {
    /// What the program of that name does.
    enum Task: Equatable {
        /// One command, such as `-A INPUT …`.
        case command
        /// Writes the tables as text.
        case save
        /// Reads such text.
        case restore
    }

    /// What it does.
    var task: Task
    /// Whose tables it works on.
    var family: Family
    /// The name, as messages begin with it.
    var program: String

    /// The release of iptables whose behaviour this is; scripts ask for it.
    static let release = "v1.8.9 (nf_tables)"

    /// What `name` stands for: `iptables`, `ip6tables`, `arptables`, `ebtables`, each with `-save` or `-restore`, and with `-nft` in between; nil for
    /// any other name.
    init?(_ name: String) {
        var words = name.split(separator: "-", omittingEmptySubsequences: false)[...]
        switch words.popFirst() {
        case "iptables": family = .ip
        case "ip6tables": family = .ip6
        case "arptables": family = .arp
        case "ebtables": family = .bridge
        default: return nil
        }
        if words.first == "nft" { words.removeFirst() }
        switch words {
        case []: task = .command
        case ["save"]: task = .save
        case ["restore"]: task = .restore
        default: return nil
        }
        program = task == .command ? CompatName.program(family) : name
    }

    private static func program(_ family: Family) -> String {
        switch family {
        case .ip6: "ip6tables"
        case .arp: "arptables"
        case .bridge: "ebtables"
        default: "iptables"
        }
    }

    /// What `-V` prints.
    var versionLine: String {
        // ebtables leaves the letter out.
        let release = family == .bridge ? CompatName.release.dropFirst() : CompatName.release[...]
        return "\(program) \(release)\n"
    }

    /// What the last part of a path stands for.
    init?(path: String) {
        self.init(String(path.split(separator: "/").last ?? ""))
    }
}

extension Family {
    /// Whether its tables are those of arptables or ebtables, whose saved text has no COMMIT.
    var isLink: Bool { self == .arp || self == .bridge }
}
