/// nft.
final class NFT: Contender {
    let name = "nft"
    let namespace: Namespace
    let folder: String

    init() throws {
        namespace = try Namespace()
        folder = try makeFolder()
    }

    func stop() { _ = try? Program.run(["rm", "-rf", folder]) }

    func writeRuleset(_ rules: [RuleLine], to path: String) throws {
        let head = [
            "table ip bench", "delete table ip bench", "table ip bench {", "chain input {",
            "type filter hook input priority filter",
        ]
        try writeFile(path, head + rules.lazy.map(\.nft) + ["}", "}"])
    }

    func load(_ path: String) throws -> Double { try run(["nft", "-f", path]).microseconds }

    func insertion(_ rule: RuleLine, at position: Int) throws -> [String] {
        switch position {
        case -1: return ["nft", "add", "rule", "ip", "bench", "input", rule.nft]
        case 0: return ["nft", "insert", "rule", "ip", "bench", "input", rule.nft]
        default:
            let handle = try keyOfPosition(position)
            return ["nft", "insert", "rule", "ip", "bench", "input", "position", handle, rule.nft]
        }
    }

    private var middle: (position: Int, handle: String)?

    /// The handle of the rule that stood at a position when it was first asked for: one listing a cell, not one a run.
    private func keyOfPosition(_ position: Int) throws -> String {
        if let middle, middle.position == position { return middle.handle }
        let handle = try keys()[position].key
        middle = (position, handle)
        return handle
    }

    func deletion(_ key: String) -> [String] {
        ["nft", "delete", "rule", "ip", "bench", "input", "handle", key]
    }

    func keys() throws -> [(address: String, key: String)] {
        try run(["nft", "-a", "list", "chain", "ip", "bench", "input"]).output.split(
            separator: "\n"
        ).compactMap { line in
            guard let address = address(in: line, behind: "saddr") else { return nil }
            return line.split(separator: " ").last.map { (address, String($0)) }
        }
    }
}
