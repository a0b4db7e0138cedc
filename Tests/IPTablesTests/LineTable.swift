import Foundation

/// Grammars of lines over all extensions that the kernel of the tests has, by table and chain.
enum LineTable {
    struct Group {
        let table: String
        let chain: String
        /// In the words of ``LineGrammar``, for each family.
        var templates: [String: [String]] = [:]
    }

    /// What `Fixtures/iptables/lines.txt` holds.
    static func groups() throws -> [Group] {
        let file = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/iptables/lines.txt")
        return groups(of: try String(contentsOf: file, encoding: .utf8))
    }

    private static func groups(of text: String) -> [Group] {
        var groups: [Group] = []
        var programs: [String] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard line.hasPrefix("* ") else {
                for program in programs {
                    groups[groups.count - 1].templates[program, default: []].append(String(line))
                }
                continue
            }
            let words = line.split(separator: " ").map(String.init)
            programs = Array(words[3...])
            if groups.last?.table != words[1] || groups.last?.chain != words[2] {
                groups.append(Group(table: words[1], chain: words[2]))
            }
        }
        return groups
    }
}
