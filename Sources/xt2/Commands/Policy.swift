import ArgumentParser
import NetlinkProto

/// `xt2 policy`: sets what happens at the end of a base chain.
struct Policy: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Set what happens to packets at the end of a base chain.",
        usage: "xt2 policy [OPTIONS] [FAMILY] TABLE CHAIN accept|drop",
        discussion: """
              xt2 policy inet filter input drop
              xt2 policy -m 'let all in for now' inet filter input accept
            """)

    @OptionGroup var options: EditOptions

    @Argument(
        help: "[FAMILY] TABLE CHAIN accept|drop",
        completion: .list(Family.all.map(\.name) + ["accept", "drop"]))
    var words: [String]

    func edit() throws -> Edit { try Policy.edit(words) }

    /// The edit that `[FAMILY] TABLE CHAIN accept|drop` says.
    static func edit(_ words: [String]) throws(CommandError) -> Edit {
        let word = words.last ?? ""
        let policy: ChainPolicy
        switch word.lowercased() {
        case "accept": policy = .accept
        case "drop": policy = .drop
        default:
            throw CommandError(
                .usage, "'\(word)' is not a policy; write accept or drop at the end.")
        }
        let name = try PlaceWords.chain(words.dropLast())
        let message = ChainMessage(
            family: name.table.family, table: name.table.table, name: name.chain,
            body: ChainBody(policy: policy))
        return Edit(
            type: .newChain, message: .chain(message),
            done: "policy of chain \(name) set to \(word.lowercased())")
    }
}
