/// `batch`, `apply` or `rollback`, written in its plain form.
///
/// Why: as for ``PlainLine``.
struct PlainRun {
    private enum Command: String {
        case batch, apply, rollback
    }

    private let command: Command
    private let subject: String
    private var options = EditRun.Options()

    /// Reads the words behind `xt2`.
    ///
    /// - Returns: nil for anything else, right or wrong; the parser of commands knows what to say about it.
    init?(_ words: [String]) {
        guard let name = words.first, let command = Command(rawValue: name) else { return nil }
        var subject: String?
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            switch word {
            case "--json" where !options.json: options.json = true
            case "--force" where !options.force: options.force = true
            case "-m" where options.message == nil, "--message" where options.message == nil:
                guard let value = PlainOptions.value(of: word, &rest) else { return nil }
                options.message = value
            case "--socket" where options.socket == nil:
                guard let value = PlainOptions.value(of: word, &rest) else { return nil }
                options.socket = value
            case "--confirm" where options.confirm == nil:
                guard let span = PlainOptions.value(of: word, &rest).flatMap(Span.init(argument:))
                else {
                    return nil
                }
                options.confirm = span
            default:
                guard subject == nil, PlainOptions.isPlain(word) || word == "-" else { return nil }
                subject = word
            }
        }
        guard let subject, command != .rollback || subject != "-" else { return nil }
        self.command = command
        self.subject = subject
    }

    func run() throws(CommandError) {
        switch command {
        case .batch: try BatchRun(file: subject, options: options).run()
        case .apply: try ApplyRun(subject, ApplyRun.Options(edit: options)).run()
        case .rollback:
            try RollbackRun(version: VersionWord(argument: subject), options: options).run()
        }
    }
}
