import IPTables
import NetlinkProto
import RuleSyntax

/// Reads command lines of iptables, and lines of iptables-restore.
struct CommandLineReader {
    private let name: CompatName
    private let rules: IPTablesRules
    /// Names behind `-j` that are those of chains, not of targets.
    private var chains: Set<String> = []
    private var targets: Set<String> = []
    /// What extensions have to say beside errors; for standard error.
    private(set) var warnings: [String] = []

    /// A reader for a program of this name.
    init(_ name: CompatName, _ rules: IPTablesRules) {
        self.name = name
        self.rules = rules
    }

    /// Reads the words of a line.
    ///
    /// - Parameter table: the table that a file is about; a command line names its own.
    mutating func read(
        _ words: [String], fileTable table: String? = nil
    ) throws(CompatError) -> CompatRequest {
        let other =
            name.family == .ip ? ["-6", "--ipv6"] : name.family == .ip6 ? ["-4", "--ipv4"] : []
        // The rest of such a line need not make sense here.
        if table != nil, let first = words.first, other.contains(first) { return .nothing }
        let command = try parse(words, table)
        warnings += command.warnings
        switch command.letter {
        case "h": return .help(command.helpNames)
        case "V": return .version
        default: break
        }
        if let version = command.version, version != (name.family == .ip ? 4 : 6) {
            guard table == nil else { return .nothing }
            throw CompatError(.help, "")
        }
        if table != nil, command.table != nil {
            throw CompatError(.usage, "The -t option cannot be used in \(name.program).\n")
        }
        if table != nil, command.wait != nil || command.hasWaitInterval {
            let option = command.wait == nil ? "W" : "w"
            throw CompatError(.usage, "You cannot use `-\(option)' from \(name.program)")
        }
        guard let request = CompatCommand(command, table: table ?? "filter") else {
            throw CompatError(.usage, "no command specified")
        }
        if request.operation == .newChain { try checkNewChain(request.chain ?? "") }
        return .command(request)
    }

    /// Reads a line; a name behind `-j` that no target has is that of a chain, and xt2d knows whether it is there.
    private mutating func parse(
        _ words: [String], _ table: String?
    ) throws(CompatError) -> IPTablesCommand {
        // One rule has one `-j`, so a second try is the last.
        for _ in 0..<2 {
            do {
                return try rules.command(words, table: table ?? "filter") { chains.contains($0) }
            } catch {
                guard let chain = CommandLineReader.missingChain(error),
                    chains.insert(chain).inserted
                else {
                    var failure = CompatError(error)
                    failure.word = error.wordIndex.flatMap {
                        words.indices.contains($0) ? words[$0] : nil
                    }
                    throw failure
                }
            }
        }
        throw CompatError(.usage, "no command specified")
    }

    private static func missingChain(_ error: RuleSyntaxError) -> String? {
        let (head, tail) = ("Chain '", "' does not exist")
        guard error.message.hasPrefix(head), error.message.hasSuffix(tail) else { return nil }
        return String(error.message.dropFirst(head.count).dropLast(tail.count))
    }

    /// Refuses a name that is none for a new chain.
    mutating func checkNewChain(_ name: String) throws(CompatError) {
        for mark in ["-", "!"] where name.hasPrefix(mark) {
            throw CompatError(.usage, "chain name not allowed to start with `\(mark)'")
        }
        try CommandLineReader.checkLength(name)
        if name.utf8.contains(where: { $0 == 0x20 || (9...13).contains($0) }) {
            throw CompatError(.usage, "Invalid chain name `\(name)'")
        }
        if name.isEmpty || isTarget(name) {
            throw CompatError(.usage, "chain name may not clash with target name")
        }
    }

    /// One less than `XT_EXTENSION_MAXNAMELEN`.
    private static let chainNameBytes = 28

    /// Refuses a name that the kernel's xtables could not keep.
    static func checkLength(_ name: String) throws(CompatError) {
        guard name.utf8.count > chainNameBytes else { return }
        throw CompatError(
            .usage, "chain name `\(name)' too long (must be under \(chainNameBytes + 1) chars)")
    }

    private mutating func isTarget(_ name: String) -> Bool {
        if chains.contains(name) { return false }
        if targets.contains(name) { return true }
        do {
            _ = try rules.command(["-A", "INPUT", "-j", name]) { _ in false }
        } catch {
            // A target that wants options complains of something else.
            if CommandLineReader.missingChain(error) != nil {
                chains.insert(name)
                return false
            }
        }
        targets.insert(name)
        return true
    }
}

extension CompatError {
    /// A line that cannot be understood.
    init(_ error: RuleSyntaxError) {
        let kind: Kind
        switch error.status {
        case 1: kind = .incompatible
        case 3: kind = .version
        case 4: kind = .resource
        default: kind = error.message.hasPrefix("Bad argument `") ? .argument : .usage
        }
        let isNATDrop = error.message.hasPrefix("The \"nat\" table")
        let message = isNATDrop ? "\n\(error.message)\n\n" : error.message
        self.init(kind, message, detail: error.hint.map { "hint: " + $0 } ?? "")
    }
}
