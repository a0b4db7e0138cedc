/// What `arptables -h` and `ebtables -h` print.
enum LinkHelp {
    static let arptables = """
        arptables \(CompatName.release)

        This is xt2: each command is a version that 'xt2 log' shows and 'xt2 rollback' undoes.

        Usage: arptables COMMAND [CHAIN] [RULE] [OPTIONS]

        Commands:
          -A, -I [N], -R N, -D [N], -C         add, insert, exchange, delete, check a rule
          -L, -S, -F, -Z [CHAIN]               show as columns or commands, delete, set counters to zero
          -N, -X, -E, -P CHAIN                 make, delete, rename a chain; its policy

        Rule, each with ! in front for the opposite but -j:
          -s, --source-ip ADDRESS[/MASK][,...]     -d, --destination-ip ADDRESS[/MASK][,...]
              --source-mac ADDRESS[/MASK]              --destination-mac ADDRESS[/MASK]
          -i, --in-interface NAME[+]           -o, --out-interface NAME[+]
              --opcode CODE[/MASK]                 Request, Reply, ... or a number
              --h-type TYPE[/MASK]                 hexadecimal, or Ethernet
              --proto-type TYPE[/MASK]             or IPv4
          -l, --h-length 6                     length of hardware addresses
          -j, --jump TARGET                    ACCEPT, DROP, RETURN, mangle, CLASSIFY, MARK, a chain
          -c, --set-counters PACKETS BYTES

        Options: -n numbers, -v counters and interfaces too, -x exact, --line-numbers


        """

    static let ebtables = """

        This is xt2: each command is a version that 'xt2 log' shows and 'xt2 rollback' undoes.

        Usage: ebtables [-t filter|nat] COMMAND [CHAIN] [RULE] [OPTIONS]

        Commands:
          -A, -I [N], -D [N[:M]], --check      add, insert, delete, check a rule
          -L [--Ln] [--Lc], -F, -Z [CHAIN]     show with numbers and counters, delete, set counters to zero
          -N CHAIN [-P POLICY], -X, -E, -P     make, delete, rename a chain; its policy
          --init-table                         without rules and chains

        Rule, each with ! in front of the value for the opposite but -j:
          -p, --proto NAME|0xNUMBER|LENGTH     what the frame carries
          -s, --src ADDRESS[/MASK]             -d, --dst ADDRESS[/MASK]
          -i, --in-if NAME[+]                  -o, --out-if NAME[+]
              --logical-in, --logical-out      the bridge
          -j, --jump TARGET                    ACCEPT, DROP, CONTINUE, RETURN, mark, snat, dnat, redirect, arpreply, a chain
          -c, --set-counters PACKETS BYTES

        The options of 802_3, among, arp, ip, ip6, limit, mark, pkttype, stp, vlan, log and nflog need no -m; ebtables(8) has them.


        """
}
