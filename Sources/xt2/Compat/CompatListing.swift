import IPTables
import NetlinkProto
import RuleSyntax

/// What `-L` and `-S` print of a table.
struct CompatListing {
    let builtin: BuiltinTable
    let rules: IPTablesRules
    let command: CompatCommand

    /// The chains that the command is about.
    ///
    /// - Parameter listing: the table as it is; nil if it is not there.
    /// - Throws: if there is no chain of the name that the command has.
    func text(_ listing: TableListing?) throws(CompatError) -> String {
        let chains = builtin.shown(listing)
        guard let name = command.chain else {
            return builtin.notice(listing) + text(chains, listing)
        }
        guard let chain = chains.first(where: { $0.name == name }) else {
            throw CompatError(
                .incompatible,
                "chain `\(name)' in table `\(builtin.name)' is incompatible, use 'nft' tool.")
        }
        return text([chain], listing)
    }

    private func text(_ chains: [ChainListing], _ listing: TableListing?) -> String {
        let references = listing?.references ?? [:]
        switch (command.operation, builtin.family) {
        case (.list, .arp):
            return ARPListing(rules: rules, command: command).table(chains, references: references)
        case (.list, .bridge): return BridgeListing(rules: rules, command: command).table(chains)
        default: break
        }
        let text = IPTablesListing(
            rules: rules, command: command, isARP: builtin.family == .arp)
        return command.operation == .list
            ? text.table(chains, references: references) : text.ruleLines(chains)
    }
}
