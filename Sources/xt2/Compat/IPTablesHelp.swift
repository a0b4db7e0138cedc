import IPTables
import NetlinkProto

/// What `iptables -h` prints.
enum IPTablesHelp {
    /// Commands and options, and what the matches and targets of these names say about theirs.
    ///
    /// - Throws: for ebtables, a name that none has.
    static func text(
        _ name: CompatName, _ names: [String], _ rules: IPTablesRules
    ) throws(CompatError) -> String {
        if name.family == .bridge {
            if let unknown = names.first(where: { rules.help([$0]).isEmpty }) {
                throw CompatError(.usage, "Extension '\(unknown)' not found")
            }
        }
        return text(name) + rules.help(names)
    }

    /// Commands and options; those of matches and targets are in iptables-extensions(8).
    private static func text(_ name: CompatName) -> String {
        switch name.family {
        case .arp: LinkHelp.arptables
        case .bridge: name.versionLine + LinkHelp.ebtables
        default: packets(name)
        }
    }

    private static func packets(_ name: CompatName) -> String {
        """
        \(name.program) \(CompatName.release)

        This is xt2: each command is a version that 'xt2 log' shows and 'xt2 rollback' undoes.

        Usage: \(name.program) [-t TABLE] COMMAND [CHAIN] [RULE] [OPTIONS]

        Commands:
          -A, --append CHAIN RULE              add a rule at the end
          -I, --insert CHAIN [N] RULE          add a rule as number N, or at the head
          -R, --replace CHAIN N RULE           exchange rule N
          -D, --delete CHAIN N | RULE          delete a rule, by number or by what it says
          -C, --check CHAIN RULE               status 0 if there is such a rule, else 1
          -L, --list [CHAIN [N]]               show rules in columns
          -S, --list-rules [CHAIN [N]]         show rules as commands
          -F, --flush [CHAIN]                  delete all rules
          -Z, --zero [CHAIN [N]]               set counters to zero
          -N, --new-chain CHAIN                make a chain
          -X, --delete-chain [CHAIN]           delete an unused chain, or all of them
          -P, --policy CHAIN ACCEPT|DROP       what happens at the end of a built-in chain
          -E, --rename-chain OLD NEW           call a chain otherwise
          -V, --version                        print the release that this behaves like
          -h, --help                           print this

        Rule, each with ! in front for the opposite but -j, -g and -m:
          -p, --protocol NAME                  -s, --source ADDRESS[/MASK][,...]
          -d, --destination ADDRESS[/MASK][,...]
          -i, --in-interface NAME[+]           -o, --out-interface NAME[+]
          -f, --fragment                       -m, --match NAME and its options
          -j, --jump TARGET and its options    -g, --goto CHAIN

        Options:
          -t, --table NAME                     filter (if not given), nat, mangle, raw, security
          -n, --numeric                        addresses and ports as numbers
          -v, --verbose                        counters and interfaces too
          -x, --exact                          counters in full
              --line-numbers                   number the rules
          -c, --set-counters PACKETS BYTES     what a new rule has counted
          -4, --ipv4, -6, --ipv6               which family the line is for
          -w, --wait [SECONDS]                 accepted: xt2d takes one change after the other
          -M, --modprobe COMMAND               accepted: the kernel loads its modules by itself


        """
    }
}
