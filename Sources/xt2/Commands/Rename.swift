import ArgumentParser
import NetlinkProto

/// `xt2 rename`: gives a chain another name.
struct Rename: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Give a chain another name; jumps to it follow.",
        usage: "xt2 rename [OPTIONS] [FAMILY] TABLE CHAIN NEWNAME",
        discussion: """
              xt2 rename inet filter from_lan lan
              xt2 rename --tx 3 -m 'as in the plan' ip filter input in
            """)

    @OptionGroup var options: EditOptions

    @Argument(
        help: "[FAMILY] TABLE CHAIN NEWNAME", completion: .list(Family.all.map(\.name)))
    var words: [String]

    func edit() throws -> Edit { try Rename.edit(words) }

    /// The edit that `[FAMILY] TABLE CHAIN NEWNAME` says.
    static func edit(_ words: [String]) throws(CommandError) -> Edit {
        guard words.count >= 3, let newName = words.last else {
            throw CommandError(
                .usage, "something is missing: [FAMILY] TABLE CHAIN NEWNAME belongs here.")
        }
        let name = try PlaceWords.chain(words.dropLast())
        try NewName.checkChain(newName)
        let message = ChainMessage(
            family: name.table.family, table: name.table.table, name: name.chain,
            newName: newName)
        return Edit(
            type: .newChain, message: .chain(message), done: "chain \(name) renamed to \(newName)")
    }
}
