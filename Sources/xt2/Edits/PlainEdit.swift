import NetlinkProto

/// A command that edits one rule, written in its plain form: what is typed most, and what scripts run a thousand times.
///
/// Why: the parser of commands knows every command and takes several milliseconds, more than all that follows together.
struct PlainEdit {
    private var edit: RuleEdit
    private var options = EditRun.Options()

    /// Reads the words behind `xt2`.
    ///
    /// - Returns: nil for anything else, right or wrong; the parser of commands knows what to say about it.
    /// - Throws: a usage error that points at the word at fault.
    init?(_ words: [String]) throws(CommandError) {
        guard let verb = words.first, RuleEdit.Verb(rawValue: verb) != nil else { return nil }
        var line = [verb]
        var rest = words.dropFirst()
        while let option = rest.first, option.hasPrefix("-") {
            if option == "--json", !options.json {
                options.json = true
                rest.removeFirst()
                continue
            }
            guard let value = rest.dropFirst().first else { return nil }
            switch option {
            case "-m" where options.message == nil, "--message" where options.message == nil:
                options.message = value
            case "--tx" where options.candidate == nil:
                guard let candidate = UInt64(value) else { return nil }
                options.candidate = candidate
            case "--confirm" where options.confirm == nil:
                guard let span = Span(argument: value) else { return nil }
                options.confirm = span
            case "--socket" where options.socket == nil:
                options.socket = value
            default:
                line += [option, value]
            }
            rest = rest.dropFirst(2)
        }
        guard let edit = try RuleEdit(line: line + rest) else { return nil }
        self.edit = edit
    }

    /// Sends the edit, and tells what came of it.
    func run() throws(CommandError) {
        try EditRun(edits: [edit.edit()], options: options).run()
    }
}
