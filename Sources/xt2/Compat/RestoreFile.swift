import NetlinkProto
import RuleSyntax

/// What iptables-restore reads: the statements of the text that iptables-save writes.
struct RestoreFile {
    /// What a line says.
    enum Content: Equatable {
        /// `*TABLE`
        case table(String)
        /// `:CHAIN POLICY [PACKETS:BYTES]`; the policy of a chain that has none is `-`, counters are nil unless they are taken over.
        case chain(name: String, policy: String, counters: CounterExpression?)
        /// A command, with the rules that it describes.
        case command(CompatCommand)
        /// `COMMIT`
        case commit
        /// A comment, as it stands there.
        case comment(String)
    }

    /// A line that says something.
    struct Statement: Equatable {
        var line: Int
        var content: Content

        /// Whether it says what a rule has counted.
        var setsCounters: Bool {
            if case .command(let command) = content { command.setsCounters } else { false }
        }

        /// Whether it shows what rules have counted.
        var showsCounters: Bool {
            guard case .command(let command) = content else { return false }
            return [.list, .listRules].contains(command.operation)
                && (command.verbosity > 0 || command.showsCounters)
        }
    }

    private let name: CompatName
    private var reader: CommandLineReader
    /// Whether the counters in the text are taken over.
    private let hasCounters: Bool
    /// The only table that is to be read.
    private let onlyTable: String?
    private var table: BuiltinTable?
    /// Whether the lines are those of a table that is not to be read.
    private var isSkipping = false
    private(set) var statements: [Statement] = []
    /// What a line asked for that ends it all: the release or the help.
    private(set) var answer: CompatRequest?

    /// A reader.
    init(
        _ reader: CommandLineReader, _ name: CompatName, hasCounters: Bool, onlyTable: String?
    ) {
        self.name = name
        self.reader = reader
        self.hasCounters = hasCounters
        self.onlyTable = onlyTable
    }

    /// Reads a text.
    ///
    /// - Throws: the first line that cannot be understood.
    mutating func read(_ bytes: [UInt8]) throws(CompatError) {
        var number = 0
        var rest = bytes[...]
        while !rest.isEmpty, answer == nil {
            number += 1
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest.dropFirst(line.count + 1)
            do {
                try read(line, number)
            } catch {
                throw error.at(line: number)
            }
        }
        if answer == nil, !name.family.isLink, table != nil || isSkipping {
            throw CompatError(
                .plain, "\(name.program): COMMIT expected at line \(number + 1)",
                line: number + 1)
        }
    }

    private mutating func read(_ line: ArraySlice<UInt8>, _ number: Int) throws(CompatError) {
        guard let first = line.first else { return }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw CompatError(.usage, "the line is not UTF-8 text")
        }
        if first == UInt8(ascii: "#") { return add(.comment(text), number) }
        guard !isSkipping else {
            isSkipping = text != "COMMIT"
            return
        }
        guard let table else { return try readTable(text, number) }
        if name.family.isLink, first == UInt8(ascii: "*") { return try readTable(text, number) }
        if text == "COMMIT" {
            self.table = nil
            return add(.commit, number)
        }
        if first == UInt8(ascii: ":") { return try readChain(text, number) }
        try readCommand(text, table, number)
    }

    private mutating func add(_ content: Content, _ number: Int) {
        statements.append(Statement(line: number, content: content))
    }

    private func words(_ text: Substring) -> [Substring] {
        text.split { $0 == " " || $0 == "\t" }
    }

    private mutating func readTable(_ text: String, _ number: Int) throws(CompatError) {
        guard text.hasPrefix("*") else { throw CompatError(.failed, "") }
        let word = String(words(text.dropFirst()).first ?? "")
        if let onlyTable, onlyTable != word { return isSkipping = true }
        guard let builtin = BuiltinTable(word, name.family) else {
            let what = word.isEmpty ? "table name invalid" : "table name '\(word)' invalid"
            throw CompatError(.usage, "\(name.program): line \(number) \(what)")
        }
        table = builtin
        add(.table(word), number)
    }

    private mutating func readChain(_ text: String, _ number: Int) throws(CompatError) {
        let words = words(text.dropFirst())
        guard let chain = words.first.map(String.init) else {
            throw CompatError(.usage, "\(name.program): line \(number) chain name invalid")
        }
        try CommandLineReader.checkLength(chain)
        guard words.count > 1 else {
            throw CompatError(.usage, "\(name.program): line \(number) policy invalid")
        }
        var counters: CounterExpression?
        if table?.chain(chain) == nil {
            try reader.checkNewChain(chain)
        } else if hasCounters, !name.family.isLink {
            counters = words.count > 2 ? RestoreFile.counters(words[2]) : nil
            guard counters != nil else {
                throw CompatError(.usage, "invalid policy counters for chain '\(chain)'")
            }
        }
        add(.chain(name: chain, policy: String(words[1]), counters: counters), number)
    }

    /// The numbers of `[PACKETS:BYTES]`; nil if it is something else.
    private static func counters(_ word: Substring) -> CounterExpression? {
        guard word.hasPrefix("[") else { return nil }
        let parts = word.dropFirst().split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let packets = UInt64(parts[0]),
            let bytes = UInt64(parts[1].prefix { $0.isASCII && $0.isNumber })
        else { return nil }
        return CounterExpression(bytes: bytes, packets: packets)
    }

    // MARK: Commands

    private mutating func readCommand(
        _ text: String, _ table: BuiltinTable, _ number: Int
    ) throws(CompatError) {
        var rest = text[...]
        var counters: CounterExpression?
        if rest.hasPrefix("[") { counters = try takeCounters(&rest, number) }
        let words = RestoreFile.split(rest)
        let request = try reader.read(words, fileTable: table.name)
        guard case .command(var command) = request else {
            if request != .nothing { answer = request }
            return
        }
        if hasCounters, let counters {
            command.bodies = command.bodies.map { $0.counting(counters) }
            command.setsCounters = true
        }
        try refuse(command)
        add(.command(command), number)
    }

    /// What makes no sense in a file that is carried out as a whole.
    private func refuse(_ command: CompatCommand) throws(CompatError) {
        guard command.operation == .resetTable else { return }
        throw CompatError(
            .usage,
            "The -\(command.operation.rawValue) option cannot be used in \(name.program).\n")
    }

    /// Takes `[PACKETS:BYTES]` off the beginning of a line.
    private func takeCounters(
        _ text: inout Substring, _ number: Int
    ) throws(CompatError) -> CounterExpression {
        guard let end = text.firstIndex(of: "]") else {
            throw CompatError(.usage, "Bad line \(number): need ]")
        }
        let parts = text[..<end].dropFirst().split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        text = text[text.index(after: end)...]
        guard parts.count == 2 else {
            throw CompatError(.usage, "Bad line \(number): need :")
        }
        guard let packets = UInt64(parts[0]) else {
            throw CompatError(.usage, "-c packet counter not numeric")
        }
        guard let bytes = UInt64(parts[1]) else {
            throw CompatError(.usage, "-c byte counter not numeric")
        }
        return CounterExpression(bytes: bytes, packets: packets)
    }

    /// Splits a line into words as iptables-restore does it: double quotes and, within them, a backslash in front of any character.
    static func split(_ line: Substring) -> [String] {
        var words: [String] = []
        var word: [UInt8]?
        var isQuoted = false
        var isEscaped = false
        func finish() {
            if let word { words.append(String(decoding: word, as: UTF8.self)) }
            word = nil
        }
        for byte in line.utf8 {
            if isEscaped {
                word?.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                if isQuoted { finish() } else { word = word ?? [] }
                isQuoted.toggle()
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if !isQuoted, byte == 0x20 || byte == 0x09 {
                finish()
            } else {
                if word == nil { word = [] }
                word?.append(byte)
            }
        }
        // A quote that is not closed takes in the end of the line.
        if isQuoted { word?.append(UInt8(ascii: "\n")) }
        finish()
        return words
    }
}
