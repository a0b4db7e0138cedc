/// What an option of a match or target is called and what follows it.
struct OptionSpecification: Sendable {
    /// The canonical name, then the others.
    var names: [String]
    /// What its values are, for the help; one word a value.
    var values: [String]
    /// Whether `!` may stand in front of it.
    var isNegatable: Bool
    /// Whether its value may begin with a dash.
    var isText: Bool

    init(
        _ names: String..., values: [String] = [], isNegatable: Bool = false, isText: Bool = false
    ) {
        self.names = names
        self.values = values
        self.isNegatable = isNegatable
        self.isText = isText
    }

    /// The canonical name.
    var name: String { names[0] }

    /// One line of help, such as `[!] --dport PORT[:PORT]`.
    var help: String {
        let head = isNegatable ? "[!] " : ""
        return ([head + names.joined(separator: ", ")] + values).joined(separator: " ")
    }
}

/// A word and its place among the words that were given.
struct Word: Hashable, Sendable {
    var text: String
    var index: Int
}

/// An option that was given.
struct ParsedOption: Sendable {
    /// The canonical name.
    var name: String
    /// Whether `!` stood in front of it.
    var isNegated: Bool
    /// As many as its specification says.
    var values: [Word]
    /// Which word it is.
    var index: Int

    /// The only, or first, value.
    var value: Word { values.first ?? Word(text: "", index: index) }
}

/// A match or target and the options that it was given.
struct ParsedExtension: Sendable {
    /// The options in the order in which they were given.
    var options: [ParsedOption] = []
    /// Which word named it.
    var index: Int

    /// The option with this canonical name.
    subscript(name: String) -> ParsedOption? { options.first { $0.name == name } }
}
