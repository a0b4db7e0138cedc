import ArgumentParser
import NetlinkProto

/// `xt2 release`: lets a table go.
struct Release: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Let a table go: it stays in the kernel, and is no longer part of the ruleset.",
        usage: "xt2 release [OPTIONS] [FAMILY] TABLE",
        discussion: """
            No rule and no counter is touched. An owned table stays closed to other programs until xt2d is restarted.

              xt2 release ip nat
              xt2 release -m 'firewalld looks after it itself' inet firewalld
            """)

    @OptionGroup var reason: ReasonOption

    @OptionGroup var connection: ConnectionOptions

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]

    mutating func run() throws {
        let name = try PlaceWords.table(words)
        let request = TableRequest(
            family: name.family.rawValue, table: name.table,
            reason: try Reason.checked(reason.message))
        var client = try connection.connect()
        let reply = try client.newVersion(.releaseTable, request)
        try reply.show("table \(name) released", json: connection.json)
        try reply.showNote(json: connection.json)
    }
}
