import NetlinkProto
import RuleSyntax
import XTables

/// Reads one command line of iptables, option after option, as iptables does.
///
/// - Source: iptables(8); iptables 1.8.9, `iptables/xshared.c`, `do_parse`.
struct CommandReader {
    /// What may not be given twice, and what may stand behind `!`.
    private static let negatable: [Character: RuleHead.Inversions] = [
        "s": .source, "d": .destination, "p": .transport, "i": .input, "o": .output,
        "f": .fragment,
    ]
    private static let arpLetters = Set("abluyr")
    private static let commands = Set("ACDIRLSFZNXPE")
    private static let nameLimit = 29  // XT_EXTENSION_MAXNAMELEN
    /// Routing, fragment, authentication, destination options: the kernel looks behind these headers of IPv6.
    private static let extensionHeaders: Set<UInt8> = [43, 44, 51, 60]

    private let family: Family
    private let isUserChain: (String) -> Bool
    private let defaultTable: String
    private var rule: IPTablesRule
    private var command = IPTablesCommand()
    private var given: Set<Character> = []
    private var isNegated = false
    private var position = 0
    private var jump: (name: String, position: Int)?
    private var isGoto = false
    private var hasTarget = false
    private var sources: (text: String, position: Int)?
    private var destinations: (text: String, position: Int)?
    private var warnings: [String] = []
    private var interfacePositions: [Character: Int] = [:]

    init(family: Family, table: String, isUserChain: @escaping (String) -> Bool) {
        self.family = family
        self.isUserChain = isUserChain
        defaultTable = table
        rule = IPTablesRule(family: family)
    }

    mutating func read(
        _ options: RuleOptions
    ) throws(RuleSyntaxError) -> IPTablesCommand {
        do {
            try readOptions(options)
            if command.letter != "h", command.letter != "V" { try readEnd(options) }
        } catch {
            throw described(error)
        }
        command.warnings = warnings + options.complaints
        return command
    }

    /// The error of an extension, with the word at fault.
    private func described(_ error: any Error) -> RuleSyntaxError {
        if let error = error as? RuleSyntaxError { return error }
        var described = RuleSyntaxError("\(error)", at: position)
        described.status = (error as? XTablesError)?.status ?? 2
        if described.message.hasPrefix("Couldn't load ") {
            described.hint =
                "no such extension is installed; Debian has those of iptables in the package iptables"
        }
        return described
    }

    // MARK: Options

    private mutating func readOptions(_ options: RuleOptions) throws {
        while true {
            let (item, place) = options.next()
            position = place
            switch item {
            case .end(let leftOver):
                guard leftOver == nil else {
                    throw fault("unknown arguments found on commandline")
                }
                guard !isNegated else { throw fault("nothing appropriate following !") }
                return
            case .negation:
                guard !isNegated else { throw fault("multiple consecutive ! not allowed") }
                isNegated = true
                continue
            case .word(let word): throw fault("Bad argument `\(word)'")
            case .option(let letter, let value):
                if try readOption(letter, value, options) { return }
            case .foreign(let code):
                if try options.give(code, negated: isNegated) { continue }
            }
            isNegated = false
        }
    }

    /// True if nothing behind it matters.
    private mutating func readOption(
        _ letter: Character, _ value: String?, _ options: RuleOptions
    ) throws -> Bool {
        if CommandReader.commands.contains(letter) {
            try readCommand(letter, value, options)
            return false
        }
        let value = family == .arp ? try readNegation(letter, value, options) : value
        switch letter {
        case "a", "b", "l", "u", "y", "r":
            try readARPOption(letter, value ?? "", options)
        case "e" where family == .arp: break
        case "p" where family == .arp: break
        case "m" where family == .arp: throw fault("unknown option \"-m\"")
        case "p", "s", "d", "i", "o", "f", "g", "j", "m", "c":
            try readRuleOption(letter, value ?? "", options)
        case "v":
            if command.verbosity == 0 { try take("v") }
            command.verbosity += 1
        case "n":
            try take("n")
            command.isNumeric = true
        case "x":
            try take("x")
            command.isExact = true
        case "0":
            try take("0")
            command.hasLineNumbers = true
        case "t":
            guard !isNegated else { throw fault("unexpected ! flag before --table") }
            command.table = value
        case "w": try readWait(value, options)
        case "W": try readWaitInterval(value, options)
        case "M": break
        case "4", "6": command.version = letter == "4" ? 4 : 6
        case "h", "V":
            command.letter = letter
            command.helpNames += (value ?? options.takeWord()).map { [$0] } ?? []
            return true
        default: throw fault("unknown option “-\(letter)”")
        }
        return false
    }

    private mutating func readRuleOption(
        _ letter: Character, _ value: String, _ options: RuleOptions
    ) throws {
        switch letter {
        case "p": try readProtocol(value, options)
        case "s":
            try take("s")
            sources = (value, position)
        case "d":
            try take("d")
            destinations = (value, position)
        case "i", "o": try readInterface(letter, value, options)
        case "f":
            guard family == .ip else {
                throw fault("`-f' is not supported in IPv6, use -m frag instead")
            }
            try take("f")
            rule.head.flags |= IPHeader.fragmentFlag
        case "g":
            try take("j")
            try checkTargetName(value)
            jump = (value, position)
            isGoto = true
        case "j":
            try take("j")
            try readJump(value, options)
        case "m":
            guard !isNegated else { throw fault("unexpected ! flag before --match") }
            command.helpNames.append(value)
            try options.addMatch(value)
        default: try readCounter(value, options)
        }
    }

    /// Takes note of an option that may come once, and of `!` in front of it.
    private mutating func take(_ letter: Character) throws {
        guard given.insert(letter).inserted else {
            let option = OptionCheck.arpNames[letter] ?? "-\(letter)"
            throw fault("multiple \(option) flags not allowed")
        }
        guard isNegated else { return }
        if family == .arp, CommandReader.arpLetters.contains(letter) { return }
        guard let inversion = CommandReader.negatable[letter] else {
            throw fault("cannot have ! before -\(letter)")
        }
        rule.head.inversions.insert(inversion)
    }

    private mutating func readProtocol(
        _ value: String, _ options: RuleOptions
    ) throws {
        try take("p")
        let name = value.lowercased()
        command.helpNames.append(name)
        let number = try options.setProtocol(name)
        if number == 0, rule.head.inversions.contains(.transport) {
            throw fault("rule would never match protocol")
        }
        guard let number = UInt8(exactly: number) else {
            throw fault("unknown protocol \"\(value)\" specified")
        }
        rule.head.transport = number
        if family == .ip6 { rule.head.flags |= IPHeader.protocolFlag6 }
        if family == .ip6, !rule.head.inversions.contains(.transport),
            CommandReader.extensionHeaders.contains(number)
        {
            warnings.append(
                "Warning: never matched protocol: \(value). use extension match instead.")
        }
        options.setHead(rule.head)
    }

    private mutating func readInterface(
        _ letter: Character, _ value: String, _ options: RuleOptions
    ) throws {
        guard !value.isEmpty else { throw fault("Empty interface is likely to be undesired") }
        try take(letter)
        interfacePositions[letter] = position
        let interface = try options.interface(value)
        if letter == "i" { rule.head.input = interface } else { rule.head.output = interface }
    }

    private mutating func readJump(_ name: String, _ options: RuleOptions) throws {
        try checkTargetName(name)
        jump = (name, position)
        guard !isUserChain(name) else { return }
        hasTarget = try options.setTarget(name)
        if hasTarget { command.helpNames.append(name) }
    }

    private func checkTargetName(_ name: String) throws {
        guard !name.isEmpty else { throw fault("Invalid target name (too short)") }
        guard name.utf8.count < CommandReader.nameLimit else {
            throw fault(
                "Invalid target name `\(name)' (\(CommandReader.nameLimit - 1) chars max)")
        }
        guard !name.utf8.contains(where: { $0 == 0x20 || (9...13).contains($0) }) else {
            throw fault("Invalid target name `\(name)'")
        }
    }

    private mutating func readCounter(_ value: String, _ options: RuleOptions) throws {
        try take("c")
        let parts = value.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        let bytesText: String? = parts.count == 2 ? String(parts[1]) : options.takeWord()
        guard let bytesText else { throw fault("-c requires packet and byte counter") }
        guard let packets = CommandReader.leadingNumber(parts[0]) else {
            throw fault("-c packet counter not numeric")
        }
        guard let bytes = CommandReader.leadingNumber(bytesText[...]) else {
            throw fault("-c byte counter not numeric")
        }
        let counter = CounterExpression(bytes: bytes, packets: packets)
        command.counter = counter
        rule.counter = counter
    }

    /// The number at the start of a text, as scanf reads it.
    private static func leadingNumber(_ text: Substring) -> UInt64? {
        let digits = text.drop { $0 == " " || $0 == "\t" }.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty else { return nil }
        return UInt64(digits) ?? .max
    }

    private mutating func readWait(_ value: String?, _ options: RuleOptions) throws {
        guard let text = value ?? options.takeWord() else {
            command.wait = -1
            return
        }
        guard let seconds = Int(text) else { throw fault("wait seconds not numeric") }
        command.wait = seconds
    }

    private mutating func readWaitInterval(_ value: String?, _ options: RuleOptions) throws {
        command.hasWaitInterval = true
        guard let text = value ?? options.takeWord() else { return }
        guard Int(text) != nil else { throw fault("wait interval not numeric") }
        warnings.append("Ignoring deprecated --wait-interval option.")
    }

    // MARK: arptables

    /// `! VALUE` behind the option instead of in front of it.
    private mutating func readNegation(
        _ letter: Character, _ value: String?, _ options: RuleOptions
    ) throws -> String? {
        guard value == "!", "sdio".contains(letter) || CommandReader.arpLetters.contains(letter)
        else { return value }
        warnings.append(
            "Using intrapositioned negation (`--option ! this`) is deprecated in favor of extrapositioned (`! --option this`)."
        )
        guard !isNegated else { throw fault("Multiple `!' flags not allowed") }
        isNegated = true
        guard let word = options.takeWord() else { throw fault("no argument following `!'") }
        return word
    }

    private mutating func readARPOption(
        _ letter: Character, _ value: String, _ options: RuleOptions
    ) throws {
        try take(letter)
        switch letter {
        case "a": rule.arp.source = try arpAddress(value, "source", options)
        case "b": rule.arp.target = try arpAddress(value, "destination", options)
        case "l":
            rule.arp.hardwareLength =
                ARPHead.Field(value, base: 10, limit: 255) ?? ARPHead.Field(value: 6)
            guard rule.arp.hardwareLength.value == 6 else {
                throw fault("Only harware address length of 6 is supported currently.")
            }
        case "u":
            let name = ARPHead.operations.firstIndex { $0.lowercased() == value.lowercased() }
            rule.arp.operation = try arpField(value, 10, name.map { UInt16($0 + 1) }, "opcode")
        case "y":
            let name: UInt16? = value.lowercased() == "ethernet" ? 1 : nil
            rule.arp.hardwareType = try arpField(value, 16, name, "hardware type")
        default:
            let name: UInt16? = value.lowercased() == "ipv4" ? 0x800 : nil
            rule.arp.protocolType = try arpField(value, 0, name, "protocol type")
        }
    }

    private func arpField(
        _ value: String, _ base: Int32, _ known: UInt16?, _ what: String
    ) throws -> ARPHead.Field {
        guard
            var field = ARPHead.Field(value, base: base)
                ?? known.map({ ARPHead.Field(value: $0) })
        else { throw fault("Problem with specified \(what)") }
        field.isInverted = isNegated
        return field
    }

    private func arpAddress(
        _ value: String, _ what: String, _ options: RuleOptions
    ) throws -> ARPHead.Address {
        guard let address = options.hardwareAddress(value) else {
            throw fault("Problem with specified \(what) mac")
        }
        return ARPHead.Address(address: address, isInverted: isNegated)
    }

    // MARK: Commands

    private mutating func readCommand(
        _ letter: Character, _ value: String?, _ options: RuleOptions
    ) throws {
        guard !isNegated else { throw fault("unexpected '!' flag") }
        let lists: Set<Character> = ["L", "S"]
        if letter == "Z", let other = command.letter, lists.contains(other) {
            command.zeroes = true
        } else if lists.contains(letter), command.letter == "Z" {
            command.zeroes = true
            command.letter = letter
        } else if let other = command.letter {
            throw fault("Cannot use -\(letter) with -\(other)")
        } else {
            command.letter = letter
        }
        switch letter {
        case "L", "S", "F", "Z", "X":
            if let chain = value ?? options.takeWord() { command.chain = chain }
        default: command.chain = value
        }
        try readCommandWords(letter, options)
    }

    private mutating func readCommandWords(
        _ letter: Character, _ options: RuleOptions
    ) throws {
        switch letter {
        case "D", "L", "S", "Z":
            command.ruleNumber = try options.takeWord().map(ruleNumber)
        case "I": command.ruleNumber = try options.takeWord().map(ruleNumber) ?? 1
        case "R":
            guard let word = options.takeWord() else {
                throw fault("-R requires a rule number")
            }
            command.ruleNumber = try ruleNumber(word)
        case "E":
            guard let word = options.takeWord() else {
                throw fault("-E requires old-chain-name and new-chain-name")
            }
            command.newName = word
        case "P":
            guard let word = options.takeWord() else {
                throw fault("-P requires a chain and a policy")
            }
            command.policy = word
        default: break
        }
    }

    private func ruleNumber(_ word: String) throws -> Int {
        guard let number = Int32(word), number >= 1 else {
            throw fault("Invalid rule number `\(word)'")
        }
        return Int(number)
    }

    // MARK: The end

    /// Whether the command has a rule.
    private var hasRule: Bool {
        switch command.letter {
        case "A", "I", "R", "C": true
        case "D": command.ruleNumber == nil
        default: false
        }
    }

    private mutating func readEnd(_ options: RuleOptions) throws {
        let table = command.table ?? defaultTable
        if table == "nat", command.policy == "DROP" || jump?.name == "DROP" {
            position = jump?.position ?? position
            throw fault(
                "The \"nat\" table is not intended for filtering, the use of DROP is therefore inhibited."
            )
        }
        try options.check()
        guard command.letter != nil else { throw fault("no command specified") }
        if command.hasWaitInterval, command.wait == nil {
            throw fault("--wait-interval only makes sense with --wait\n")
        }
        try OptionCheck.check(command, given: given, position: position)
        try checkChain()
        guard hasRule else { return }
        try checkJump()
        rule.matches = options.matches
        rule.action = action(options)
        try expandAddresses(options)
    }

    private func checkChain() throws {
        guard let chain = command.chain else { return }
        guard chain.utf8.count < CommandReader.nameLimit else {
            throw fault(
                "chain name `\(chain)' too long (must be under \(CommandReader.nameLimit) chars)")
        }
        guard hasRule || command.letter == "D" else { return }
        let end = family == .arp ? "\n" : ""
        if chain == "PREROUTING" || chain == "INPUT", let place = interfacePositions["o"] {
            throw fault("Can't use -o with \(chain)" + end, at: place)
        }
        if chain == "POSTROUTING" || chain == "OUTPUT", let place = interfacePositions["i"] {
            throw fault("Can't use -i with \(chain)" + end, at: place)
        }
    }

    private func checkJump() throws {
        guard let jump, isGoto || !hasTarget, !isUserChain(jump.name) else { return }
        throw fault("Chain '\(jump.name)' does not exist", at: jump.position)
    }

    private mutating func action(_ options: RuleOptions) -> IPTablesRule.Action {
        guard let jump else { return .none }
        guard !isGoto, hasTarget, let target = options.target else {
            if isGoto {
                rule.head.flags |= family == .ip6 ? IPHeader.gotoFlag6 : IPHeader.gotoFlag
            }
            return .chain(jump.name, isGoto: isGoto)
        }
        switch jump.name {
        case "ACCEPT": return .verdict(.accept)
        case "DROP": return .verdict(.drop)
        case "RETURN": return .verdict(.return)
        case "NFLOG": return .log(target, prefix: options.targetScratch ?? "")
        default: return target.name == "TRACE" ? .trace(target) : .target(target)
        }
    }

    private mutating func expandAddresses(_ options: RuleOptions) throws {
        let sourceList = try addresses(sources, options)
        let destinationList = try addresses(destinations, options)
        if sourceList.count > 1 || destinationList.count > 1,
            !rule.head.inversions.isDisjoint(with: [.source, .destination])
        {
            throw fault("! not allowed with multiple source or destination IP addresses")
        }
        if command.letter == "R", sourceList.count != 1 || destinationList.count != 1 {
            throw fault("Replacement rule does not specify a unique address")
        }
        for source in sourceList {
            for destination in destinationList {
                rule.head.source = source
                rule.head.destination = destination
                command.rules.append(try ExpressionWriter.body(rule))
            }
        }
    }

    private mutating func addresses(
        _ given: (text: String, position: Int)?, _ options: RuleOptions
    ) throws -> [RuleHead.Address] {
        let size = family == .ip6 ? 16 : 4
        guard let given else { return [RuleHead.Address(anyOf: size)] }
        position = given.position
        return try options.addresses(given.text, size: size)
    }

    private func fault(_ message: String, at place: Int? = nil) -> RuleSyntaxError {
        var error = RuleSyntaxError(message, at: place ?? position)
        error.status = 2
        return error
    }
}
