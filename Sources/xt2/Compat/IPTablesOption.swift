/// An option that iptables itself has, as opposed to its matches and targets.
struct IPTablesOption: Equatable {
    /// Whether a word follows it.
    enum Argument: Equatable {
        case none
        case optional
        case required
    }

    /// Its letter; `0` for those that have only a long name.
    var letter: Character
    /// Whether a word follows it.
    var argument: Argument

    /// The options that describe a rule, and go to the rule's parser.
    static let ruleLetters: Set<Character> = ["s", "d", "p", "i", "o", "j", "g", "m", "f"]

    /// All long names. `--line-numbers` has no letter; iptables calls it `0`.
    private static let long: [String: IPTablesOption] = {
        var options: [String: IPTablesOption] = [:]
        func add(_ argument: Argument, _ names: [(String, Character)]) {
            for (name, letter) in names {
                options[name] = IPTablesOption(letter: letter, argument: argument)
            }
        }
        add(
            .required,
            [
                ("append", "A"), ("check", "C"), ("delete", "D"), ("insert", "I"), ("replace", "R"),
                ("new-chain", "N"), ("rename-chain", "E"), ("policy", "P"), ("source", "s"),
                ("src", "s"), ("destination", "d"), ("dst", "d"), ("protocol", "p"),
                ("proto", "p"), ("in-interface", "i"), ("out-interface", "o"), ("jump", "j"),
                ("goto", "g"), ("match", "m"), ("table", "t"), ("modprobe", "M"),
                ("set-counters", "c"),
            ])
        add(
            .optional,
            [
                ("list", "L"), ("list-rules", "S"), ("flush", "F"), ("zero", "Z"),
                ("delete-chain", "X"), ("wait", "w"), ("wait-interval", "W"), ("help", "h"),
            ])
        add(
            .none,
            [
                ("fragments", "f"), ("numeric", "n"), ("verbose", "v"), ("exact", "x"),
                ("line-numbers", "0"), ("version", "V"), ("ipv4", "4"), ("ipv6", "6"),
            ])
        return options
    }()

    private static let letters: [Character: IPTablesOption] = Dictionary(
        long.values.map { ($0.letter, $0) }, uniquingKeysWith: { first, _ in first })

    /// The option with this letter.
    static func short(_ letter: Character) -> IPTablesOption? {
        letter == "0" ? nil : letters[letter]
    }

    /// Options of matches that begin like one of these.
    private static let foreign: Set<String> = ["set"]

    /// The option with this long name, or the only one that begins so.
    static func long(_ name: String) -> IPTablesOption? {
        if let option = long[name] { return option }
        if name.isEmpty || foreign.contains(name) { return nil }
        let meant = long.filter { $0.key.hasPrefix(name) }.map(\.value)
        guard let first = meant.first, meant.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    /// Options of matches and targets whose value is free text, which may begin with a dash.
    static let freeText: Set<String> = [
        "--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix", "--string", "--hex-string",
        "--name", "--selctx", "--bytecode", "--cgroup-path", "--path", "--object-pinned", "--msg",
        "--helper", "--label", "--hashlimit-name", "--timeout", "--led-trigger-id",
    ]
}
