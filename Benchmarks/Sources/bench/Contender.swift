import Glibc

/// A program that edits rulesets, in a namespace of its own.
protocol Contender: AnyObject {
    var name: String { get }
    var namespace: Namespace { get }
    /// Files to work with.
    var folder: String { get }

    /// Writes the file from which `rules` are loaded.
    func writeRuleset(_ rules: [RuleLine], to path: String) throws
    /// Loads the file into an empty namespace; the whole program.
    func load(_ path: String) throws -> Double
    /// The command that puts a rule in front of `position`, counted from 0; -1: behind all.
    func insertion(_ rule: RuleLine, at position: Int) throws -> [String]
    /// The command that deletes a rule by what identifies it.
    func deletion(_ key: String) -> [String]
    /// What identifies the rules of these addresses, in their order, by address.
    func keys() throws -> [(address: String, key: String)]
    /// Ends what it started.
    func stop()
}

extension Contender {
    func stop() {}

    /// Runs a command in the contender's namespace.
    @discardableResult
    func run(_ words: [String], input: String = "/dev/null") throws -> (
        output: String, microseconds: Double
    ) {
        try namespace.enter()
        return try Program.run(words, input: input)
    }
}

/// A folder for one contender's files.
func makeFolder() throws -> String {
    var template = Array("/tmp/xt2-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure.system("mkdtemp") }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Writes a text file in one go.
func writeFile(_ path: String, _ lines: some Sequence<String>) throws {
    guard let file = fopen(path, "we") else { throw Failure.system(path) }
    defer { fclose(file) }
    for line in lines {
        fputs(line, file)
        fputs("\n", file)
    }
}

/// The address behind `-s` or `saddr` in a line of a listing.
func address(in line: Substring, behind word: String) -> String? {
    let words = line.split(separator: " ")
    guard let at = words.firstIndex(where: { $0 == word }), at + 1 < words.count else { return nil }
    return String(words[at + 1].prefix { $0 != "/" })
}
