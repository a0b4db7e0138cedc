import Glibc
import IPTables
import NetlinkProto
import RuleSyntax

/// `iptables-restore`: makes the tables what a text says, by the smallest set of changes, as one version.
struct IPTablesRestore {
    let name: CompatName
    let rules: IPTablesRules

    /// What its command line asks for.
    struct Options: Equatable {
        var file = "-"
        var table: String?
        var hasCounters = false
        var isVerbose = false
        var isTest = false
        var flushes = true
        var asksVersion = false
        var asksHelp = false
    }

    /// How often it is tried when others change the ruleset in between.
    private static let tries = 20

    /// Reads the text and carries it out.
    func run(_ words: [String]) throws(CompatError) {
        var options = try read(words)
        if options.asksVersion {
            return try CompatOutput.show(name.versionLine)
        }
        if options.asksHelp { return try CompatOutput.show(help) }
        var file = RestoreFile(
            CommandLineReader(name, rules), name, hasCounters: options.hasCounters,
            onlyTable: options.table)
        try file.read(try bytes(options.file))
        if options.isVerbose { try showComments(file.statements) }
        // Reading the counters of what is there takes time, and few files want it.
        options.hasCounters =
            options.hasCounters && file.statements.contains(where: \.setsCounters)
        try restore(file.statements, options, reason: Caller.reason(name.program, words))
    }

    private func bytes(_ file: String) throws(CompatError) -> [UInt8] {
        do {
            return try InputFile.read(file)
        } catch {
            throw CompatError(.plain, "Can't open \(file): \(systemErrorText(error.code))")
        }
    }

    private func showComments(_ statements: [RestoreFile.Statement]) throws(CompatError) {
        for statement in statements {
            if case .comment(let text) = statement.content { try CompatOutput.show(text + "\n") }
        }
    }

    // MARK: Options

    func read(_ words: [String]) throws(CompatError) -> Options {
        var options = Options()
        var reader = SimpleOptions(words, program: name.program, IPTablesRestore.options)
        do {
            while let option = try reader.next() {
                switch option.letter {
                case "c": options.hasCounters = true
                case "v": options.isVerbose = true
                case "V": options.asksVersion = true
                case "t": options.isTest = true
                case "h": options.asksHelp = true
                case "n": options.flushes = false
                case "T": options.table = option.value
                default: break  // -w, -W, -M, -4, -6: nothing to wait for, to load or to choose
                }
            }
        } catch {
            throw CompatError(
                .plain, "\(error.message)\nTry `\(name.program) -h' for more information.")
        }
        if reader.rest.count > 1 {
            throw CompatError(.plain, "Unknown arguments found on commandline")
        }
        options.file = reader.rest.first ?? "-"
        return options
    }

    private static let options: [SimpleOptions.Option] = [
        .init("c", "counters"), .init("v", "verbose"), .init("V", "version"), .init("t", "test"),
        .init("h", "help"), .init("n", "noflush"), .init("T", "table", .required),
        .init("M", "modprobe", .required), .init("w", "wait", .optional),
        .init("W", "wait-interval", .optional), .init("4", "ipv4"), .init("6", "ipv6"),
    ]

    private var help: String {
        """
        Usage: \(name.program) [OPTIONS] [FILE]

        Makes the tables in FILE (or standard input) what it says, all of them or none. What stays the same is not
        touched and keeps its counters; 'xt2 log' shows the version, 'xt2 rollback' undoes it.

          -n, --noflush           add to what is there
          -c, --counters          take the counters of new rules from the file
          -t, --test              read the file and change nothing
          -T, --table NAME        only this table
          -v, --verbose           print the comments of the file
          -V, --version           print the release that this behaves like
          -w, --wait [SECONDS]    accepted: xt2d takes one change after the other
          -M, --modprobe COMMAND  accepted: the kernel loads its modules by itself
          -4, --ipv4, -6, --ipv6  accepted


        """
    }

    // MARK: Carrying out

    private func restore(
        _ statements: [RestoreFile.Statement], _ options: Options, reason: String
    ) throws(CompatError) {
        var client = try CompatClient()
        for attempt in 1... {
            let head = try client.head()
            let plan = try RestorePlan(
                statements, name.family, flushes: options.flushes,
                hasCounters: options.hasCounters, &client)
            if options.isTest { return }
            let result = try client.commit(
                plan.edits.map(\.edit), BatchOptions(reason: reason, expectedHead: head))
            if case .refused(let refusal) = result {
                if refusal.errno == ERESTART, attempt < IPTablesRestore.tries { continue }
                throw error(refusal, plan.edits)
            }
            for rule in plan.zeroed { _ = try client.zero(rule) }
            return
        }
    }

    private func error(
        _ refusal: EditRefusal, _ edits: [LineEdit]
    ) -> CompatError {
        guard let index = refusal.index, edits.indices.contains(index) else {
            return CompatRule.resource("COMMIT", refusal, "")
        }
        let edit = edits[index]
        let (verb, object) = describe(edit.edit)
        return CompatRule.resource(verb, refusal, object).at(line: edit.line)
    }

    private func describe(_ edit: Edit) -> (String, String) {
        switch edit.message {
        case .table(let table): ("TABLE_\(edit.type == .newTable ? "ADD" : "DEL")", table.name)
        case .chain(let chain):
            (
                "CHAIN_\(edit.type == .newChain ? "ADD" : "DEL")", "chain \(chain.name ?? "")"
            )
        case .rule(let rule):
            (
                edit.type == .deleteRule
                    ? "RULE_DELETE" : edit.flags.contains(.append) ? "RULE_APPEND" : "RULE_INSERT",
                "rule in chain \(rule.chain ?? "")"
            )
        // A dump of iptables has no such things.
        case .set, .elements, .object, .flowtable: ("SET_ADD", "set")
        }
    }
}
