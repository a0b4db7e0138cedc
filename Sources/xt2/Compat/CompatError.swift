import Glibc

/// Why one of iptables' commands did not do what it was asked, in iptables' words: scripts read them.
struct CompatError: Error, Equatable {
    /// What kind of failure it is; how the message begins and the exit status follow from it.
    enum Kind: Equatable {
        /// The tables are not as the command needs them: status 1, `iptables: …`.
        case failed
        /// The command cannot be understood: status 2, and a hint at the help.
        case usage
        /// A word that belongs to nothing: as ``usage``, with nothing in front of the message.
        case argument
        /// There is no such table: status 3.
        case version
        /// The daemon or the kernel refused: status 4.
        case resource
        /// Looking at something that is not there: status 1, beginning as ``usage``.
        case incompatible
        /// Nothing but the hint at the help: status 2.
        case help
        /// The message is all there is to say: status 1.
        case plain
    }

    /// What kind of failure it is.
    var kind: Kind
    /// What went wrong, in iptables' words.
    var message: String
    /// What xt2d says about it, for people.
    var detail = ""
    /// The line of the file that is at fault.
    var line: Int?
    /// The word at fault.
    var word: String?
    /// The failure to reach the daemon or to understand it that this is.
    var cause: CommandError?

    /// A failure.
    init(_ kind: Kind, _ message: String, detail: String = "", line: Int? = nil) {
        self.kind = kind
        self.message = message
        self.detail = detail
        self.line = line
    }

    /// A failure to reach the daemon or to understand it.
    init(_ error: CommandError) {
        self.init(
            .resource, error.message,
            detail: error.hints.map { "hint: " + $0 }.joined(separator: "\n"))
        cause = error
    }

    /// The same failure, said to be in this line of the file.
    func at(line: Int?) -> CompatError {
        var error = self
        error.line = error.line ?? line
        return error
    }

    /// The exit status, as iptables(8) has it.
    var status: Int32 {
        switch kind {
        case .failed, .incompatible, .plain: 1
        case .usage, .argument, .help: 2
        case .version: 3
        case .resource: 4
        }
    }

    /// The text for standard error, with a final line break.
    func report(_ program: String) -> String {
        let head = "\(program) \(CompatName.release): "
        let place = line.map { "Error occurred at line: \($0)\n" } ?? ""
        let help = "Try `\(program) -h' or '\(program) --help' for more information.\n"
        let detail = detail.isEmpty ? "" : detail + "\n"
        switch kind {
        case .failed:
            // ebtables ends no sentence on the command line.
            let end = program == "ebtables" && line == nil ? "" : "."
            let text = message.isEmpty ? "" : ": \(message)\(end)"
            return program + (line.map { ": line \($0) failed" } ?? "") + text + "\n" + detail
        case .usage: return head + message + "\n" + detail + place + help
        case .argument: return message + "\n" + detail + place + help
        case .version:
            return head + message + "\nPerhaps \(program) or your kernel needs to be upgraded.\n"
        case .resource:
            return head + (line.map { "\nline \($0): " } ?? " ") + message + "\n" + detail
        case .incompatible: return head + message + "\n"
        case .help: return help
        case .plain: return message + "\n"
        }
    }

    // MARK: What iptables says

    static let noChain = CompatError(.failed, "No chain/target/match by that name")
    static let noRule = CompatError(
        .failed, "Bad rule (does a matching rule exist in that chain?)")
    static let chainExists = CompatError(.failed, "Chain already exists")
    static let nameExists = CompatError(.failed, "File exists")
    static let notBuiltin = CompatError(.failed, "Bad built-in chain name")

    static func noTable(_ name: String) -> CompatError {
        CompatError(.version, "table '\(name)' does not exist")
    }

    static func unknownOption(_ option: String) -> CompatError {
        CompatError(.usage, "unknown option \"\(option)\"")
    }

    static func noTarget(_ name: String) -> CompatError {
        CompatError(.usage, "Chain '\(name)' does not exist")
    }
}
