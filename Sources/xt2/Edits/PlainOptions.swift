/// Options in front of other words, each once and with a value that cannot be another option.
struct PlainOptions {
    // No dictionary: they are few, and for the first one Swift's runtime searches the whole program, which takes longer than all of this.
    private var names: [String] = []
    /// What stands behind each.
    private(set) var values: [String] = []

    /// Takes them off the front of `words`; nil if one is not `known`, is there twice or has no value.
    init?(_ words: inout ArraySlice<String>, _ known: [String]) {
        while let name = words.first, name.hasPrefix("-") {
            words.removeFirst()
            guard known.contains(name), !names.contains(name),
                let value = PlainOptions.value(of: name, &words)
            else { return nil }
            names.append(name)
            values.append(value)
        }
    }

    /// Takes the value of an option off the front of `words`; nil if none stands there.
    static func value(of name: String, _ words: inout ArraySlice<String>) -> String? {
        // A priority may be below zero.
        words.popFirst().flatMap { isPlain($0) || name == "--priority" ? $0 : nil }
    }

    /// The value of an option; nil if it is not there.
    subscript(name: String) -> String? {
        names.firstIndex(of: name).map { values[$0] }
    }

    /// The value of an option, if it is a number.
    func number(_ name: String) -> UInt64? { self[name].flatMap { UInt64($0) } }

    /// Whether a word can be nothing but a name or a value, also for the parser of commands.
    static func isPlain(_ word: String) -> Bool { !word.isEmpty && !word.hasPrefix("-") }
}
