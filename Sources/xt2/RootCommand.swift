import ArgumentParser

/// `xt2`: the command that all others stand under.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xt2",
        abstract: "Edit the packet filter: every change is a version that can be undone.",
        discussion: """
            The names of a table and a chain are written as nft(8) does, [FAMILY] TABLE CHAIN; the family is inet when it is \
            left out. Rule text is written as iptables does. What xt2 itself understands stands before FAMILY; everything \
            behind CHAIN is rule text.

              xt2 add table filter
              xt2 add chain --type filter --hook input --priority filter filter input
              xt2 append filter input -m conntrack --ctstate ESTABLISHED -j ACCEPT
              xt2 insert -m 'let me in' filter input -p tcp --dport 22 -j ACCEPT
              xt2 list --counters
              xt2 log
              xt2 rollback 3 -m 'as it was yesterday'

            xt2 talks to the daemon xt2d through the socket that --socket or XT2_SOCKET names. Exit status: 0 done, \
            1 refused, 64 wrong usage, 69 no daemon, 70 internal fault, 75 try again, 77 not allowed. 'xt2 --version' \
            prints the release.
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "Edit",
                subcommands: [
                    Add.self, Append.self, Insert.self, Replace.self, Delete.self, Flush.self,
                    Policy.self, Rename.self, BatchCommand.self, Apply.self,
                    Import.self,
                ]),
            CommandGroup(
                name: "Look",
                subcommands: [
                    List.self, Save.self, Zero.self, Status.self, MonitorCommand.self,
                    RuleHelp.self,
                ]),
            CommandGroup(
                name: "Version",
                subcommands: [
                    Log.self, Show.self, Diff.self, Blame.self, Rollback.self, Confirm.self,
                    TagCommand.self, Prune.self, Audit.self,
                ]),
            CommandGroup(
                name: "Other programs", subcommands: [Adopt.self, Release.self, Check.self]),
            CommandGroup(
                name: "Candidate",
                subcommands: [Begin.self, Commit.self, Abort.self, Candidates.self]),
        ])
}
