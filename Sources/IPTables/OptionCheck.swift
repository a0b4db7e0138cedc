import RuleSyntax

/// Which options go with which commands.
///
/// - Source: iptables(8); iptables 1.8.9, `iptables/xshared.c`, `commands_v_options`.
enum OptionCheck {
    private static let ruleOptions = Set("sdpjviofabluyr")

    /// Options of arptables that have no short form.
    static let arpNames: [Character: String] = [
        "a": "--source-mac", "b": "--destination-mac", "u": "--opcode", "y": "--h-type",
        "r": "--proto-type",
    ]

    /// The options that a command allows.
    private static func allowed(_ letter: Character, hasNumber: Bool) -> Set<Character> {
        switch letter {
        case "A", "I", "R": ruleOptions.union("c")
        case "D": hasNumber ? ["v"] : ruleOptions
        case "C": ruleOptions
        case "L": ["n", "v", "x", "0"]
        case "P": ["v", "c"]
        default: ["v"]
        }
    }

    /// Refuses options that none of the commands allows.
    ///
    /// - Throws: ``RuleSyntaxError``.
    static func check(
        _ command: IPTablesCommand, given: Set<Character>, position: Int
    ) throws(RuleSyntaxError) {
        guard let letter = command.letter else { return }
        var all = allowed(letter, hasNumber: command.ruleNumber != nil)
        if command.zeroes { all.insert("v") }
        // In the order in which iptables looks at them.
        let order = "nsdpjvxio0cfablyur"
        guard let wrong = order.first(where: { given.contains($0) && !all.contains($0) })
        else { return }
        let option = arpNames[wrong] ?? "-\(wrong)"
        var error = RuleSyntaxError("Illegal option `\(option)' with this command", at: position)
        error.status = 2
        throw error
    }
}
