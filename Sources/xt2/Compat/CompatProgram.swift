import Glibc
import IPTables
import NetlinkProto
import XTables

/// The program under one of iptables' names.
///
/// It shares nothing with xt2's own commands but the way to the daemon: its options follow other rules, and it must start fast,
/// for scripts call it hundreds of times.
struct CompatProgram {
    let name: CompatName

    /// The program that was called, if it is one of iptables': by the name of the file, or as `xt2 NAME …`.
    static func called(_ arguments: [String]) -> (program: CompatProgram, words: [String])? {
        if let name = arguments.first.flatMap({ CompatName(path: $0) }) {
            return (CompatProgram(name: name), Array(arguments.dropFirst()))
        }
        guard let name = arguments.dropFirst().first.flatMap({ CompatName($0) }) else { return nil }
        return (CompatProgram(name: name), Array(arguments.dropFirst(2)))
    }

    /// Does what the words say.
    ///
    /// - Returns: the exit status.
    func run(_ words: [String]) -> Int32 {
        do {
            switch name.task {
            case .command: try runCommand(words)
            case .save: try IPTablesSave(name: name, rules: try openRules()).run(words)
            case .restore: try IPTablesRestore(name: name, rules: try openRules()).run(words)
            }
            return 0
        } catch {
            CompatOutput.complain(error.report(name.program))
            return error.status
        }
    }

    private func openRules() throws(CompatError) -> IPTablesRules {
        do {
            let revisions = KernelRevisions(SocketPath(option: nil))
            // What is not known to be missing is taken for there: the command itself will say what is the matter.
            let extensions = try XTables { query in
                let errno = revisions.answer(query)
                return [ENOENT, EPROTONOSUPPORT].contains(errno) ? errno : 0
            }
            return IPTablesRules(extensions: extensions, family: name.family)
        } catch {
            throw CompatError(.resource, error.message)
        }
    }

    private func runCommand(_ words: [String]) throws(CompatError) {
        let rules = try openRules()
        var reader = CommandLineReader(name, rules)
        defer { for warning in reader.warnings { CompatOutput.complain(warning + "\n") } }
        switch try reader.read(words) {
        case .version: try CompatOutput.show(name.versionLine)
        case .help(let names):
            try CompatOutput.show(try IPTablesHelp.text(name, names, rules))
        case .nothing: break
        case .command(let command):
            guard let builtin = BuiltinTable(command.table, name.family) else {
                throw CompatError.noTable(command.table)
            }
            var run = CommandRun(
                command, name, builtin, rules: rules,
                reason: Caller.reason(name.program, words), client: try CompatClient())
            do {
                try run.run()
            } catch {
                // What was about to be done is told although the kernel does not do it.
                let isNoChain = command.operation == .append && error == .noChain
                if error.kind == .resource || isNoChain { try CompatOutput.show(run.output) }
                throw error
            }
            try CompatOutput.show(run.output)
        }
    }
}

/// Writes as iptables does: as it is, without making anything visible or coloured.
enum CompatOutput {
    /// Writes to standard output.
    static func show(_ text: String) throws(CompatError) {
        if text.isEmpty { return }
        var output = Output()
        do throws(CommandError) {
            try output.write(text)
            try output.flush()
        } catch {
            throw CompatError(error)
        }
    }

    /// Writes to standard error.
    static func complain(_ text: String) {
        var output = Output(descriptor: STDERR_FILENO)
        do throws(CommandError) {
            try output.write(text)
            try output.flush()
        } catch {
            // Nobody is left to be told; the exit status still says it.
        }
    }
}
