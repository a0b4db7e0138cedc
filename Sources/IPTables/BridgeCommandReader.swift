import NetlinkProto
import RuleSyntax
import XTables

/// Reads one command line of ebtables, option after option, as ebtables does.
///
/// - Source: ebtables-nft(8); iptables 1.8.9, `iptables/xtables-eb.c`, `do_commandeb`.
struct BridgeCommandReader {
    private static let commands = Set("ADIPNEXLFZKCq")
    private static let nameLimit = 29  // XT_EXTENSION_MAXNAMELEN
    private static let standardTargets = ["ACCEPT", "DROP", "CONTINUE", "RETURN"]
    /// Chains in which a frame has no port that it will leave by, and those in which it has none that it came by.
    private static let inputChains: Set = ["PREROUTING", "INPUT", "BROUTING"]
    private static let outputChains: Set = ["OUTPUT", "POSTROUTING"]

    private let isUserChain: (String) -> Bool
    private let words: [String]
    /// Why nothing may follow, where nothing may.
    private var ending: String?
    private var rule = IPTablesRule(family: .bridge)
    private var command = IPTablesCommand()
    private var given: Set<Character> = []
    private var isNegated = false
    private var position = 0
    private var jump: (name: String, position: Int)?

    /// A reader of these words, which `options` takes apart.
    init(_ words: [String], isUserChain: @escaping (String) -> Bool) {
        self.words = words
        self.isUserChain = isUserChain
    }

    mutating func read(_ options: RuleOptions) throws(RuleSyntaxError) -> IPTablesCommand {
        do {
            try options.loadBridge()
            try readOptions(options)
            if command.letter != "h", command.letter != "V" { try readEnd(options) }
        } catch let error as RuleSyntaxError {
            throw error
        } catch {
            var described = fault("\(error)")
            described.status = (error as? XTablesError)?.status ?? 2
            throw described
        }
        command.warnings = options.complaints
        return command
    }

    private func fault(_ message: String, at place: Int? = nil) -> RuleSyntaxError {
        var error = RuleSyntaxError(message, at: place ?? position)
        error.status = 2
        return error
    }

    // MARK: Options

    private mutating func readOptions(_ options: RuleOptions) throws {
        while true {
            let (item, place) = options.next()
            position = place
            if let ending {
                if case .end(nil) = item { return }
                throw fault(ending)
            }
            switch item {
            case .end(let leftOver):
                if let leftOver { throw fault("Bad argument : '\(leftOver)'") }
                return
            case .negation:
                guard !isNegated else { throw fault("Double use of '!' not allowed") }
                isNegated = true
                continue
            case .word(let word): throw fault("Bad argument : '\(word)'")
            case .option(let letter, let value): try readOption(letter, value, options)
            case .foreign(let code):
                guard code > 255 else { throw unknown }
                try options.giveBridge(code, negated: isNegated)
                try checkHasRule("Extensions only for -A, -I, -D and -C")
            }
            isNegated = false
        }
    }

    private mutating func readOption(
        _ letter: Character, _ value: String?, _ options: RuleOptions
    ) throws {
        if BridgeCommandReader.commands.contains(letter) {
            return try readCommand(letter, value, options)
        }
        if let name = BridgeCommandReader.listOptions[letter], command.letter != "L" {
            throw fault("Use --\(name) with -L")
        }
        switch letter {
        case "t":
            guard command.letter == nil || command.letter == "L" else {
                throw fault("Please put the -t option first")
            }
            command.table = value
        case "h", "V":
            guard command.letter == nil else { throw multipleCommands }
            command.letter = letter
            while let word = options.takeWord() { command.helpNames.append(word) }
        case "k": command.showsCounters = true
        case "0":
            guard !command.isExact else { throw fault("--Lx is not compatible with --Ln") }
            command.hasLineNumbers = true
        case "x":
            guard !command.hasLineNumbers else { throw fault("--Lx is not compatible with --Ln") }
            command.isExact = true
        case "v": command.verbosity += 1
        case "2", "w", "M", "b": break
        default: try readRuleOption(letter, value ?? "", options)
        }
    }

    private static let listOptions: [Character: String] = [
        "k": "Lc", "0": "Ln", "x": "Lx", "2": "Lmac2",
    ]

    /// An option that there is not; ebtables names the word behind it.
    private var unknown: RuleSyntaxError {
        let next = position + 1 < words.count ? words[position + 1] : "(null)"
        var error = fault("Unknown argument: '\(next)'")
        if words.indices.contains(position) {
            error.hint = "there is no option \(words[position])"
        }
        return error
    }

    private var multipleCommands: RuleSyntaxError {
        fault("Multiple commands are not allowed")
    }

    private func checkHasRule(_ message: String) throws {
        guard let letter = command.letter, "AIDK".contains(letter) else { throw fault(message) }
    }

    private mutating func readRuleOption(
        _ letter: Character, _ given: String, _ options: RuleOptions
    ) throws {
        guard command.letter != nil else { throw fault("No command specified") }
        try checkHasRule("Command and option do not match")
        guard self.given.insert(letter).inserted else {
            throw fault("Multiple use of same option not allowed")
        }
        let value = try readNegation(given, options)
        switch letter {
        case "i", "o", "y", "z": try readInterface(letter, value, options)
        case "j": try readJump(value, options)
        case "s": rule.bridge.source = try address(value, "source", options)
        case "d": rule.bridge.destination = try address(value, "destination", options)
        case "p": try readProtocol(value, options)
        case "c": try readCounters(value, options)
        default: throw fault("Unknown argument: '-\(letter)'")
        }
    }

    /// `! VALUE` behind the option instead of in front of it.
    private mutating func readNegation(
        _ value: String, _ options: RuleOptions
    ) throws -> String {
        guard value == "!" else { return value }
        guard !isNegated else { throw fault("Double use of '!' not allowed") }
        isNegated = true
        guard let word = options.takeWord() else { throw fault("Unknown argument: '!'") }
        return word
    }

    private mutating func readInterface(
        _ letter: Character, _ value: String, _ options: RuleOptions
    ) throws {
        let chain = command.chain ?? ""
        let name = ["i": "-i", "y": "--logical-in", "o": "-o", "z": "--logical-out"][letter] ?? ""
        if letter == "i" || letter == "y" {
            guard !BridgeCommandReader.outputChains.contains(chain) else {
                throw fault(
                    "Use \(name) only in INPUT, FORWARD, PREROUTING and BROUTING chains")
            }
        } else if BridgeCommandReader.inputChains.contains(chain) {
            throw fault("Use \(name) only in OUTPUT, FORWARD and POSTROUTING chains")
        }
        let interface = try options.interface(value)
        switch letter {
        case "i":
            rule.head.input = interface
            if isNegated { rule.head.inversions.insert(.input) }
        case "o":
            rule.head.output = interface
            if isNegated { rule.head.inversions.insert(.output) }
        case "y":
            (rule.bridge.logicalInput, rule.bridge.logicalInputIsInverted) = (interface, isNegated)
        default:
            (rule.bridge.logicalOutput, rule.bridge.logicalOutputIsInverted) = (
                interface, isNegated
            )
        }
    }

    private mutating func readJump(_ name: String, _ options: RuleOptions) throws {
        guard !name.isEmpty else { throw fault("Invalid target name (too short)") }
        guard name.utf8.count < BridgeCommandReader.nameLimit else {
            throw fault(
                "Invalid target name `\(name)' (\(BridgeCommandReader.nameLimit - 1) chars max)")
        }
        jump = (name, position)
        guard !BridgeCommandReader.standardTargets.contains(name), !isUserChain(name) else {
            return
        }
        guard try options.setTarget(name), let info = options.target else { return }
        rule.action = .target(info)
    }

    private func address(
        _ value: String, _ what: String, _ options: RuleOptions
    ) throws -> ARPHead.Address {
        guard let address = options.hardwareAddress(value) else {
            throw fault("Problem with specified \(what) mac '\(value)'")
        }
        return ARPHead.Address(address: address, isInverted: isNegated)
    }

    private mutating func readProtocol(_ value: String, _ options: RuleOptions) throws {
        rule.bridge.contentIsInverted = isNegated
        if value.lowercased() == "length" {
            rule.bridge.content = .length
            return
        }
        let digits =
            value.hasPrefix("0x") || value.hasPrefix("0X") ? value.dropFirst(2) : value[...]
        if let number = Int(digits, radix: 16) {
            guard let type = UInt16(exactly: number) else {
                throw fault("Problem with the specified protocol")
            }
            rule.bridge.content = .type(type)
        } else {
            guard let type = options.etherType(value) else {
                throw fault(
                    "Problem with the specified Ethernet protocol '\(value)', perhaps /etc/ethertypes is missing"
                )
            }
            rule.bridge.content = .type(type)
        }
        if case .type(let type) = rule.bridge.content, type < BridgeHead.firstType {
            throw fault("Sorry, protocols have values above or equal to 0x0600")
        }
    }

    private mutating func readCounters(_ value: String, _ options: RuleOptions) throws {
        guard !isNegated else { throw fault("Unexpected '!' after -c") }
        guard !value.hasPrefix("-"), let second = options.takeWord() else {
            throw fault("Option -c needs 2 arguments")
        }
        for word in [value, second] where UInt64(word) == nil {
            throw fault("Packet counter '\(word)' invalid")
        }
        let counter = CounterExpression(
            bytes: UInt64(second) ?? 0, packets: UInt64(value) ?? 0)
        command.counter = counter
        rule.counter = counter
    }

    // MARK: Commands

    private mutating func readCommand(
        _ letter: Character, _ value: String?, _ options: RuleOptions
    ) throws {
        if letter == "Z", command.letter == "L" {
            command.zeroes = true
            command.chain = command.chain ?? value ?? options.takeWord()
            return
        }
        if letter == "L", command.letter == "Z" {
            command.zeroes = true
        } else if letter == "P", command.letter == "N" {
            // The policy of the new chain.
            command.policy = try policy(value)
            return
        } else if command.letter != nil {
            throw letter == "Z"
                ? fault("Command -Z only allowed together with command -L") : multipleCommands
        }
        command.letter = letter
        if let value, value.hasPrefix("-") || value == "!" {
            throw fault("No chain name specified")
        }
        command.chain = value ?? command.chain
        if "LFZX".contains(letter), value == nil { command.chain = options.takeWord() }
        try readCommandWords(letter, options)
    }

    private func policy(_ word: String?) throws -> String {
        guard let word else { throw fault("No policy specified") }
        guard BridgeCommandReader.standardTargets.contains(word) else {
            throw fault("Unknown policy '\(word)'")
        }
        guard word != "CONTINUE" else { throw fault("Wrong policy '\(word)'") }
        return word
    }

    private mutating func readCommandWords(
        _ letter: Character, _ options: RuleOptions
    ) throws {
        switch letter {
        case "D":
            guard let word = options.takeWord() else { return }
            try readRange(word)
            ending = "No extra options allowed with -D start_nr[:end_nr]"
        case "I":
            guard let word = options.takeWord() else { return command.ruleNumber = 1 }
            guard let number = Int32(word), number != 0 else {
                throw fault("Problem with the specified rule number '\(word)'")
            }
            command.ruleNumber = Int(number)
        case "E":
            guard let word = options.takeWord() else {
                throw fault("No new chain name specified")
            }
            command.newName = word
            ending = "No extra options allowed with -E"
        case "P":
            let chain = command.chain ?? ""
            let policy = try policy(options.takeWord())
            let isBuiltin =
                BridgeCommandReader.inputChains.union(BridgeCommandReader.outputChains)
                .contains(chain) || chain == "FORWARD"
            guard policy != "RETURN" || !isBuiltin else {
                throw fault("Policy RETURN only allowed for user defined chains")
            }
            command.policy = policy
        case "C":
            guard options.takeWord() != nil, options.takeWord() != nil else {
                throw fault("The command -C needs at least 2 arguments")
            }
            // ebtables 1.8.9 fails with this, too.
            var error = fault("counters are set when a rule is added (-c), not later")
            error.status = 1
            throw error
        default: break
        }
    }

    /// `START[:END]`.
    private mutating func readRange(_ word: String) throws {
        let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let first = parts[0].isEmpty ? 1 : Int32(parts[0])
        let last = parts.count < 2 ? first : parts[1].isEmpty ? Int32.max : Int32(parts[1])
        guard let first, let last, first > 0, last >= first else {
            throw fault("Problem with the specified rule number(s) '\(word)'")
        }
        command.ruleNumber = Int(first)
        command.lastRuleNumber = last == first ? nil : Int(last)
    }

    // MARK: The end

    private mutating func readEnd(_ options: RuleOptions) throws {
        try options.check()
        guard let letter = command.letter else { return command.letter = "h" }
        if letter == "K" { command.letter = "C" }
        if let chain = command.chain, chain.utf8.count >= BridgeCommandReader.nameLimit {
            throw fault(
                "Chain name length can't exceed \(BridgeCommandReader.nameLimit - 1) characters")
        }
        guard "AIK".contains(letter) || (letter == "D" && command.ruleNumber == nil) else { return }
        try readAction(options)
        for used in options.used {
            if used.isWatcher { rule.watchers.insert(rule.matches.count) }
            rule.matches.append(used.info)
            try check(used.info)
        }
        command.rules = [try ExpressionWriter.body(rule)]
    }

    /// What an extension wants of the rule's head.
    private func check(_ info: ExtensionInfo) throws {
        guard info.name == "802_3" else { return }
        guard rule.bridge.content == .length else {
            throw fault("For 802.3 DSAP/SSAP filtering the protocol must be LENGTH")
        }
    }

    private mutating func readAction(_ options: RuleOptions) throws {
        guard let jump else { return }
        switch jump.name {
        case "ACCEPT": rule.action = .verdict(.accept)
        case "DROP": rule.action = .verdict(.drop)
        case "RETURN": rule.action = .verdict(.return)
        case "CONTINUE": break
        default:
            if case .target = rule.action, let info = options.target {
                return rule.action = .target(info)
            }
            guard isUserChain(jump.name) else {
                throw fault("Chain '\(jump.name)' does not exist", at: jump.position)
            }
            rule.action = .chain(jump.name, isGoto: false)
        }
    }
}
