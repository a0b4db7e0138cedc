/// Reads the options of a program that has few, as getopt_long(3) does: letters may stand together, long names may be cut short.
struct SimpleOptions {
    /// What follows an option.
    enum Value {
        case none
        case required
        /// A number, if the next word is no option.
        case optional
    }

    /// An option.
    struct Option {
        var letter: Character
        var name: String
        var value: Value

        init(_ letter: Character, _ name: String, _ value: Value = .none) {
            self.letter = letter
            self.name = name
            self.value = value
        }
    }

    /// A word that is none of the options; the message is getopt's.
    struct Fault: Error {
        var message: String
    }

    /// Words that are no options.
    private(set) var rest: [String] = []
    private var words: ArraySlice<String>
    private var letters: Substring = ""
    private let program: String
    private let options: [Option]

    /// A reader of these words.
    init(_ words: [String], program: String, _ options: [Option]) {
        self.words = words[...]
        self.program = program
        self.options = options
    }

    /// The next option; nil at the end.
    mutating func next() throws(Fault) -> (letter: Character, value: String?)? {
        if let letter = letters.popFirst() { return try short(letter) }
        while let word = words.popFirst() {
            if word == "--" {
                rest += words
                words = []
            } else if word.hasPrefix("--") {
                return try long(word)
            } else if word.hasPrefix("-"), word != "-" {
                letters = word.dropFirst()
                if let letter = letters.popFirst() { return try short(letter) }
            } else {
                rest.append(word)
            }
        }
        return nil
    }

    private mutating func short(_ letter: Character) throws(Fault) -> (Character, String?) {
        guard let option = options.first(where: { $0.letter == letter }) else {
            throw Fault(message: "\(program): invalid option -- '\(letter)'")
        }
        guard option.value != .none else { return (letter, nil) }
        defer { letters = "" }
        if !letters.isEmpty { return (letter, String(letters)) }
        if option.value == .optional { return (letter, optionalValue()) }
        guard let value = words.popFirst() else {
            throw Fault(message: "\(program): option requires an argument -- '\(letter)'")
        }
        return (letter, value)
    }

    private mutating func optionalValue() -> String? {
        guard let word = words.first, !word.hasPrefix("-"), !word.hasPrefix("!") else { return nil }
        return words.popFirst()
    }

    private mutating func long(_ word: String) throws(Fault) -> (Character, String?) {
        let parts = word.dropFirst(2).split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let exact = options.filter { $0.name == parts[0] }
        let meant = exact.isEmpty ? options.filter { $0.name.hasPrefix(parts[0]) } : exact
        guard meant.count == 1 else {
            throw Fault(message: "\(program): unrecognized option '\(word)'")
        }
        let option = meant[0]
        guard option.value != .none else { return (option.letter, nil) }
        if parts.count == 2 { return (option.letter, String(parts[1])) }
        if option.value == .optional { return (option.letter, optionalValue()) }
        guard let value = words.popFirst() else {
            throw Fault(message: "\(program): option '--\(option.name)' requires an argument")
        }
        return (option.letter, value)
    }
}
