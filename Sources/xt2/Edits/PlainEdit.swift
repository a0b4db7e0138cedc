import NetlinkProto

/// A command that is one edit, written in its plain form: what is typed most, and what scripts run a thousand times.
///
/// Why: as for ``PlainLine``.
struct PlainEdit {
    let edit: Edit
    private(set) var options = EditRun.Options()

    /// Reads the words behind `xt2`.
    ///
    /// - Returns: nil for anything else, right or wrong; the parser of commands knows what to say about it.
    /// - Throws: a usage error that points at the word at fault.
    init?(_ words: [String]) throws(CommandError) {
        let noun = PlainLine.noun(words)
        var line = Array(words.prefix(noun == nil ? 1 : 2))
        var rest = words.dropFirst(line.count)
        while let option = rest.first, option.hasPrefix("-") {
            rest.removeFirst()
            if option == "--json", !options.json {
                options.json = true
                continue
            }
            guard let value = PlainOptions.value(of: option, &rest) else { return nil }
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
        }
        line += rest
        guard PlainLine.noun(line) == noun,
            let edit = try PlainLine.edit(
                line, rule: { (rule) throws(CommandError) in try rule.edit() })
        else { return nil }
        self.edit = edit
    }

    /// Sends the edit, and tells what came of it.
    func run() throws(CommandError) {
        try EditRun(edits: [edit], options: options).run()
    }
}
