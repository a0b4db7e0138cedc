import ArgumentParser
import NetlinkProto
import RuleSyntax

/// The options that every edit has.
struct EditOptions: ParsableArguments {
    @OptionGroup var reason: ReasonOption

    @Option(
        name: .customLong("tx"),
        help: ArgumentHelp(
            "Put the edit into this candidate (see 'xt2 begin') instead of committing it.",
            valueName: "id"))
    var candidate: UInt64?

    @OptionGroup var confirm: ConfirmOption

    @OptionGroup var guarded: GuardOptions

    @OptionGroup var connection: ConnectionOptions

    /// The same, for whoever sends the edits.
    var run: EditRun.Options {
        EditRun.Options(
            message: reason.message, candidate: candidate, confirm: confirm.span,
            protect: guarded.protect, force: guarded.force,
            socket: connection.socket, json: connection.json)
    }
}

/// `--message`.
struct ReasonOption: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Why; kept with the version and in the audit log.", valueName: "why"))
    var message: String?
}

/// The text that explains a version.
enum Reason {
    /// The text, if it is not too long to be kept.
    static func checked(_ text: String?) throws(CommandError) -> String? {
        let limit = WireLimits.reasonBytes
        guard let text, text.utf8.count > limit else { return text }
        throw CommandError(
            .usage, "the message has \(text.utf8.count) bytes; at most \(limit) are kept.")
    }
}

/// A command that is one edit; a line of `xt2 batch` may say it too.
protocol EditCommand: ParsableCommand {
    /// What is said beside the edit.
    var options: EditOptions { get }
    /// What is to be done.
    func edit() throws -> Edit
}

extension EditCommand {
    /// Sends the edit as a batch of its own, and tells what came of it.
    mutating func run() throws {
        try EditRun(edits: [try edit()], options: options.run).run()
    }

    /// The words that the parser left alone, unless they ask for help.
    ///
    /// Why: rule text is taken as it comes, so the parser does not see a `--help` that stands where rule text may stand.
    func placeAndRule(_ words: [String]) throws -> [String] {
        let words = words.first == "--" ? Array(words.dropFirst()) : words
        let isHelp = words.last.map { $0 == "--help" || $0 == "-h" } ?? false
        if isHelp && PlaceWords.ruleStart(words) == words.count - 1 {
            throw CleanExit.helpRequest(self)
        }
        try refuseUnknownOption(words)
        return words
    }

    private func refuseUnknownOption(_ words: [String]) throws(CommandError) {
        guard let word = words.first, word.hasPrefix("-") else { return }
        let meant = Suggestion.nearest(to: word, among: OwnOptions.names)
        let hint = meant.map { "did you mean \($0)?" } ?? "rule text stands behind the chain"
        throw CommandError(.usage, "unknown option '\(word)'.", hints: [hint])
            .pointing(at: 0, of: words)
    }
}

/// The options of edits that xt2 itself understands.
enum OwnOptions {
    /// Their long names.
    static let names = [
        "--after", "--at", "--before", "--confirm", "--force", "--help", "--id", "--json",
        "--message",
        "--protect",
        "--socket", "--tx",
    ]
}
