import Glibc
import IPTables
import NetlinkProto
import RuleSyntax

/// The rules that a command line describes, and what is done with them.
enum CompatRule {
    /// The edit that a command makes of one rule.
    static func edit(
        _ body: RuleBody, _ command: CompatCommand, _ builtin: BuiltinTable
    ) -> Edit {
        var message = RuleMessage(
            family: builtin.family, table: builtin.name, chain: command.chain, body: body)
        // The head is where a rule goes without an index.
        let number = command.operation == .insert && command.number == 1 ? nil : command.number
        message.index = number.map { $0 - 1 }
        switch command.operation {
        case .insert:
            return Edit(type: .newRule, flags: .create, message: .rule(message), done: "")
        case .replace:
            return Edit(type: .newRule, flags: .replace, message: .rule(message), done: "")
        case .delete: return Edit(type: .deleteRule, message: .rule(message), done: "")
        default:
            return Edit(
                type: .newRule, flags: [.create, .append], message: .rule(message), done: "")
        }
    }

    /// The policy that a word names.
    static func policy(_ word: String) throws(CompatError) -> ChainPolicy {
        switch word {
        case "ACCEPT": return .accept
        case "DROP": return .drop
        default:
            throw CompatError(.failed, "Bad policy name. Run `dmesg' for more information")
        }
    }

    /// Rules, one a line, as `-v` shows what is being done.
    static func description(of bodies: [RuleBody], _ rules: IPTablesRules) -> String {
        bodies.map { body in
            var columns = rules.columns(body, numeric: true, exact: true)
            // Protocols have names here even among numbers.
            columns.transport = rules.columns(body, numeric: false, exact: true).transport
            return description(columns) + "\n"
        }.joined()
    }

    private static func description(_ columns: IPTablesColumns) -> String {
        // arptables and ebtables show the rule as it stands in a list.
        if columns.transport.isEmpty { return columns.extra }
        let place = "opt \(columns.options) in \(columns.input) out \(columns.output)"
        let destination = columns.destination.drop { $0 == " " }
        return
            "\(columns.target) \(columns.transport) \(place) \(columns.source)  -> \(destination)  \(columns.extra)"
    }

    // MARK: Refusals

    /// What a refusal of a rule is in iptables' words.
    static func error(
        _ refusal: EditRefusal, _ command: CompatCommand, _ builtin: BuiltinTable
    ) -> CompatError {
        let isBuiltin = builtin.chain(command.chain ?? "") != nil
        switch refusal.errno {
        case ENOENT where command.operation == .delete && command.number == nil: return .noRule
        case ENOENT where refusal.namesAttribute && isBuiltin: return tooBig(command.operation)
        case ENOENT where refusal.namesAttribute: return .noChain
        case ERANGE where refusal.namesAttribute: return tooBig(command.operation)
        default: break
        }
        return resource(verb(command.operation), refusal, "rule in chain \(command.chain ?? "")")
    }

    static func tooBig(_ operation: CompatCommand.Operation) -> CompatError {
        let what =
            switch operation {
            case .insert: "insertion"
            case .replace: "replacement"
            default: "deletion"
            }
        return CompatError(.failed, "Index of \(what) too big")
    }

    private static func verb(_ operation: CompatCommand.Operation) -> String {
        switch operation {
        case .insert: "RULE_INSERT"
        case .replace: "RULE_REPLACE"
        case .delete: "RULE_DELETE"
        default: "RULE_APPEND"
        }
    }

    /// A refusal that iptables has no other words for.
    static func resource(_ verb: String, _ refusal: EditRefusal, _ object: String) -> CompatError {
        if refusal.errno == ECONNABORTED {
            return CompatError(
                .resource, refusal.message,
                detail: "hint: \(CompatClient.forceVariable)=1 makes the change all the same")
        }
        let name = object.isEmpty ? "" : ": " + object
        return CompatError(
            .resource, "\(verb) failed (\(systemErrorText(refusal.errno)))\(name)",
            detail: refusal.message)
    }
}
