/// iptables-nft or iptables-legacy.
final class IPTables: Contender {
    let name: String
    let namespace: Namespace
    let folder: String

    /// `name` is the program's, `iptables-nft` or `iptables-legacy`.
    init(_ name: String) throws {
        self.name = name
        namespace = try Namespace()
        folder = try makeFolder()
    }

    func stop() { _ = try? Program.run(["rm", "-rf", folder]) }

    func writeRuleset(_ rules: [RuleLine], to path: String) throws {
        let lines = rules.lazy.map { "-A INPUT " + $0.iptables.joined(separator: " ") }
        try writeFile(
            path,
            ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
                + lines + ["COMMIT"])
    }

    func load(_ path: String) throws -> Double {
        try run([name + "-restore"], input: path).microseconds
    }

    func insertion(_ rule: RuleLine, at position: Int) -> [String] {
        position < 0
            ? [name, "-A", "INPUT"] + rule.iptables
            : [name, "-I", "INPUT", "\(position + 1)"] + rule.iptables
    }

    /// By its text, as scripts do: iptables knows no handles.
    func deletion(_ key: String) -> [String] {
        [name, "-D", "INPUT", "-s", key, "-p", "tcp", "--dport", port(of: key), "-j", "ACCEPT"]
    }

    private func port(of address: String) -> String {
        let bytes = address.split(separator: ".").compactMap { Int($0) }
        guard bytes.count == 4 else { return "" }
        return "\(RuleLine(number: bytes[1] << 16 | bytes[2] << 8 | bytes[3]).port)"
    }

    func keys() throws -> [(address: String, key: String)] {
        try run([name, "-S", "INPUT"]).output.split(separator: "\n").compactMap { line in
            address(in: line, behind: "-s").map { ($0, $0) }
        }
    }
}
