import NetlinkProto

/// Reads the words of an iptables command line.
///
/// - Source: iptables(8); what is refused, and with which words, was learnt from the program.
struct IPTablesArguments {
    private let name: CompatName
    /// The table, where a file says it and the line may not.
    private let fixedTable: String?
    private var words: ArraySlice<String>
    private var isInverted = false
    private var command: IPTablesCommand?
    /// What was given before and behind the command's own option.
    private var common = IPTablesCommand(.list)
    private var waits = false
    private var hasInterval = false
    private var request: IPTablesRequest?
    /// Complaints about deprecated options, for standard error.
    private(set) var warnings: [String] = []

    /// A reader of `words`; of a line of a file if `table` is the one it is in.
    init(_ words: [String], _ name: CompatName, table: String? = nil) {
        self.words = words[...]
        self.name = name
        fixedTable = table
    }

    /// Reads all words.
    mutating func read() throws(CompatError) -> IPTablesRequest {
        while let word = words.popFirst() {
            try read(word)
            if let request { return request }
        }
        return .command(try finished())
    }

    // MARK: Words

    private mutating func read(_ word: String) throws(CompatError) {
        if word == "!" {
            if isInverted { throw CompatError(.usage, "multiple consecutive ! not allowed") }
            isInverted = true
        } else if word == "--" {
            if !words.isEmpty {
                throw CompatError(.usage, "unknown arguments found on commandline")
            }
        } else if word.hasPrefix("--") {
            try readLong(word)
        } else if word.hasPrefix("-"), word != "-" {
            try readShort(word)
        } else {
            throw CompatError(.argument, "Bad argument `\(word)'")
        }
    }

    private mutating func readLong(_ word: String) throws(CompatError) {
        let parts = word.dropFirst(2).split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let option = IPTablesOption.long(String(parts[0])) else {
            return readForeign(word, name: "--" + parts[0], hasValue: parts.count == 2)
        }
        var value = parts.count == 2 ? String(parts[1]) : nil
        if option.argument == .required, value == nil {
            guard let next = words.popFirst() else {
                throw CompatError(.usage, "option \"\(word)\" requires an argument")
            }
            value = next
        }
        try apply(option.letter, value)
    }

    private mutating func readShort(_ word: String) throws(CompatError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = IPTablesOption.short(letter) else {
                throw CompatError.unknownOption("-\(letter)")
            }
            var value: String?
            if option.argument != .none, !letters.isEmpty {
                value = String(letters)
                letters = ""
            }
            if option.argument == .required, value == nil {
                guard let next = words.popFirst() else {
                    throw CompatError(.usage, "option \"-\(letter)\" requires an argument")
                }
                value = next
            }
            try apply(letter, value)
        }
    }

    /// An option of a match or target: how many words belong to it only that knows, so all that look like values do.
    private mutating func readForeign(_ word: String, name: String, hasValue: Bool) {
        takeInversion()
        common.rule.append(word)
        if !hasValue, IPTablesOption.freeText.contains(name), let value = words.popFirst() {
            common.rule.append(value)
        }
        while let value = words.first, isValue(value) {
            common.rule.append(words.removeFirst())
        }
    }

    private func isValue(_ word: String) -> Bool {
        if word == "!" {
            // In front of an option it belongs to that.
            return words.dropFirst().first.map { !$0.hasPrefix("-") } ?? false
        }
        return !word.hasPrefix("-") || word == "-"
    }

    private mutating func takeInversion() {
        if isInverted { common.rule.append("!") }
        isInverted = false
    }

    // MARK: Options

    private mutating func apply(_ letter: Character, _ value: String?) throws(CompatError) {
        if IPTablesOption.ruleLetters.contains(letter) {
            common.given.insert(letter == "g" ? "j" : letter)
            takeInversion()
            common.rule.append("-\(letter)")
            if let value { common.rule.append(value) }
            return
        }
        if isInverted, letter != "4", letter != "6" {
            throw CompatError(.usage, "unexpected '!' flag")
        }
        if let operation = IPTablesCommand.Operation(rawValue: letter) {
            return try begin(operation, value)
        }
        try applyCommon(letter, value)
    }

    private mutating func applyCommon(
        _ letter: Character, _ value: String?
    ) throws(CompatError) {
        switch letter {
        case "t": try takeTable(value ?? "")
        case "n": common.isNumeric = true
        case "v": common.verbosity += 1
        case "x": common.isExact = true
        case "0": common.hasLineNumbers = true
        case "c": common.counters = try counters(value ?? "")
        case "w":
            waits = true
            try checkNumber(value, "wait seconds not numeric")
        case "W":
            hasInterval = true
            warnings.append("Ignoring deprecated --wait-interval option.")
            try checkNumber(value, "wait interval not numeric")
        case "V": request = .version
        case "h": request = .help
        case "4" where name.family == .ip6, "6" where name.family == .ip:
            guard fixedTable == nil else { return request = .nothing }
            throw CompatError(.help, "")
        default: break  // -4, -6, and -M, for the kernel loads its modules by itself
        }
        if "nvx0c".contains(letter) { common.given.insert(letter) }
    }

    private mutating func takeTable(_ table: String) throws(CompatError) {
        guard fixedTable == nil else {
            throw CompatError(
                .usage, "The -t option cannot be used in \(name.program).\n")
        }
        common.table = table
    }

    /// The next word, if it is no option.
    private mutating func takeValue() -> String? {
        guard let next = words.first, !next.hasPrefix("-"), !next.hasPrefix("!") else { return nil }
        return words.popFirst()
    }

    private mutating func checkNumber(
        _ value: String?, _ complaint: String
    ) throws(CompatError) {
        guard let text = value ?? takeValue() else { return }
        guard UInt32(text) != nil else { throw CompatError(.usage, complaint) }
    }

    private mutating func counters(
        _ value: String
    ) throws(CompatError) -> IPTablesCommand.Counters {
        let parts = value.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        guard let second = parts.count == 2 ? String(parts[1]) : takeValue() else {
            throw CompatError(.usage, "-c requires packet and byte counter")
        }
        guard let packets = UInt64(parts[0]) else {
            throw CompatError(.usage, "-c packet counter not numeric")
        }
        guard let bytes = UInt64(second) else {
            throw CompatError(.usage, "-c byte counter not numeric")
        }
        return IPTablesCommand.Counters(packets: packets, bytes: bytes)
    }

    // MARK: The command

    private mutating func begin(
        _ operation: IPTablesCommand.Operation, _ value: String?
    ) throws(CompatError) {
        if var command {
            // Only -Z stands beside another: -L -Z shows and clears.
            let pair = [command.operation, operation]
            guard pair.contains(.zero), pair.contains(.list) || pair.contains(.listRules) else {
                let (new, old) = (operation.rawValue, command.operation.rawValue)
                throw CompatError(.usage, "Cannot use -\(new) with -\(old)")
            }
            if operation != .zero { command.operation = operation }
            command.zeroes = true
            command.chain = value ?? takeValue() ?? command.chain
            command.number = try takeNumber() ?? command.number
            self.command = command
            return
        }
        var command = IPTablesCommand(operation)
        command.chain = value
        try readPlace(&command)
        self.command = command
    }

    private mutating func readPlace(_ command: inout IPTablesCommand) throws(CompatError) {
        switch command.operation {
        case .append, .check: break
        case .delete, .insert: command.number = try takeNumber()
        case .replace:
            command.number = try takeNumber()
            if command.number == nil {
                throw CompatError(.usage, "-R requires a rule number")
            }
        case .list, .listRules, .zero:
            command.chain = command.chain ?? takeValue()
            if command.chain != nil { command.number = try takeNumber() }
        case .flush, .deleteChain: command.chain = command.chain ?? takeValue()
        case .newChain: try ChainNameCheck.check(command.chain ?? "")
        case .policy:
            guard let policy = takeValue() else {
                throw CompatError(.usage, "-P requires a chain and a policy")
            }
            command.word = policy
        case .renameChain:
            guard let name = takeValue() else {
                throw CompatError(.usage, "-E requires old-chain-name and new-chain-name")
            }
            command.word = name
        }
    }

    private mutating func takeNumber() throws(CompatError) -> UInt32? {
        guard let text = takeValue() else { return nil }
        guard let number = UInt32(text), number > 0, number <= UInt32(Int32.max) else {
            throw CompatError(.usage, "Invalid rule number `\(text)'")
        }
        return number
    }

    // MARK: The whole

    private func finished() throws(CompatError) -> IPTablesCommand {
        guard var command else {
            if let option = common.rule.first(where: { $0.hasPrefix("--") }) {
                throw CompatError.unknownOption(option)
            }
            throw CompatError(.usage, "no command specified")
        }
        if hasInterval && !waits {
            throw CompatError(.usage, "--wait-interval only makes sense with --wait\n")
        }
        if isInverted { throw CompatError(.usage, "nothing appropriate following !") }
        try checkOptions(command)
        command.table = fixedTable ?? common.table
        command.rule = common.rule
        command.counters = common.counters
        command.isNumeric = common.isNumeric
        command.verbosity = common.verbosity
        command.isExact = common.isExact
        command.hasLineNumbers = common.hasLineNumbers
        command.given = common.given
        try ChainNameCheck.checkLength(command.chain ?? "")
        try checkInterfaces(command)
        return command
    }

    /// Which options mean nothing to a command.
    private func checkOptions(_ command: IPTablesCommand) throws(CompatError) {
        let illegal: String
        switch command.operation {
        case .insert, .replace, .append: illegal = "nx0"
        case .delete: illegal = command.number == nil ? "nx0c" : "nsdpjxio0cf"
        case .check: illegal = "nx0c"
        case .list: illegal = "sdpjiocf"
        case .listRules: illegal = "nsdpjxio0cf"
        case .policy: illegal = "nsdpjxio0f"
        case .flush, .zero, .newChain, .deleteChain, .renameChain: illegal = "nsdpjxio0cf"
        }
        if let letter = illegal.first(where: common.given.contains) {
            throw CompatError(.usage, "Illegal option `-\(letter)' with this command")
        }
        if !command.operation.takesRule, let word = common.rule.first(where: { $0 != "!" }) {
            if word.hasPrefix("--") { throw CompatError.unknownOption(word) }
        }
    }

    /// Packets of these chains have not come in yet, or have not been sent out.
    private func checkInterfaces(_ command: IPTablesCommand) throws(CompatError) {
        guard let chain = command.chain else { return }
        let refused: Character? =
            switch chain {
            case "PREROUTING", "INPUT": "o"
            case "POSTROUTING", "OUTPUT": "i"
            default: nil
            }
        guard let refused, common.given.contains(refused) else { return }
        throw CompatError(.usage, "Can't use -\(refused) with \(chain)\n")
    }
}

/// What a chain may be called.
enum ChainNameCheck {
    /// One less than `XT_EXTENSION_MAXNAMELEN`.
    private static let bytes = 28

    /// Refuses a name that is none for a new chain.
    static func check(_ name: String) throws(CompatError) {
        for mark in ["-", "!"] where name.hasPrefix(mark) {
            throw CompatError(.usage, "chain name not allowed to start with `\(mark)'")
        }
        try checkLength(name)
        if name.utf8.contains(where: { $0 == 0x20 || (9...13).contains($0) }) {
            throw CompatError(.usage, "Invalid chain name `\(name)'")
        }
        if TargetNames.contains(name) {
            throw CompatError(.usage, "chain name may not clash with target name")
        }
    }

    /// Refuses a name that the kernel's xtables could not keep.
    static func checkLength(_ name: String) throws(CompatError) {
        guard name.utf8.count > bytes else { return }
        throw CompatError(
            .usage, "chain name `\(name)' too long (must be under \(bytes + 1) chars)")
    }
}

/// The targets that there are, whose names no chain can have.
enum TargetNames {
    /// Whether `name` is one of them.
    static func contains(_ name: String) -> Bool {
        name.isEmpty || all.contains(name)
    }

    private static let all: Set<String> = [
        "ACCEPT", "DROP", "RETURN", "QUEUE", "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP",
        "CONNMARK", "CONNSECMARK", "CT", "DNAT", "DNPT", "DSCP", "ECN", "HL", "HMARK", "IDLETIMER",
        "LED", "LOG", "MARK", "MASQUERADE", "NETMAP", "NFLOG", "NFQUEUE", "NOTRACK", "RATEEST",
        "REDIRECT", "REJECT", "SECMARK", "SET", "SNAT", "SNPT", "SYNPROXY", "TCPMSS",
        "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE", "TTL", "ULOG",
    ]
}
