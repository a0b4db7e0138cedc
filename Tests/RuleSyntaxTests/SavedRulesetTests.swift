import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Files in all the ways in which they can be written.
@Suite struct SavedRulesetTests {
    private static let head = """
        add table filter
        add chain filter input
        add chain ip raw pre

        """.replacing("add chain ip raw pre", with: "add table ip raw\nadd chain ip raw pre")

    private static let texts: [[String]] = [
        ["-p", "tcp", "--dport", "22", "-j", "ACCEPT"], ["!", "-s", "10.0.0.0/8", "-j", "DROP"],
        ["-m", "comment", "--comment", "a b \"c\" \\ 'd' # e", "-j", "ACCEPT"], ["-i", "lo"], [],
        ["-m", "multiport", "-p", "udp", "--dports", "1,2,3"],
    ]

    /// A way to write words; the words stay the same.
    private func written(_ words: [String], _ random: inout SeededGenerator) -> String {
        var line = Bool.random(using: &random) ? "" : " \t"
        for (index, word) in words.enumerated() {
            if index > 0 {
                line += [" ", "  ", "\t", " \\\n  "].randomElement(using: &random) ?? " "
            }
            let isPlain = word.allSatisfy { $0.isLetter || $0.isNumber || "-./,".contains($0) }
            line +=
                isPlain && Bool.random(using: &random)
                ? word : RuleSyntax.CommandLine.quote(word)
        }
        return line + (["", "", " ", "\r", " # why", " \\"].randomElement(using: &random) ?? "")
    }

    @Test func linesMeanWhatTheirWordsSay() throws {
        var random = SeededGenerator()
        for round in 0..<300 {
            var text = SavedRulesetTests.head
            var expected: [(chain: String, words: [String], line: Int)] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                if Int.random(in: 0..<6, using: &random) == 0 { text += "# note \\\n" }
                let words = SavedRulesetTests.texts.randomElement(using: &random) ?? []
                let isRaw = Bool.random(using: &random)
                let place =
                    isRaw
                    ? ["ip", "raw", "pre"]
                    : [["filter", "input"], ["inet", "filter", "input"]].randomElement(
                        using: &random) ?? []
                let line = text.utf8.count { $0 == 10 } + 1
                let isPlain = Int.random(in: 0..<3, using: &random) > 0
                text +=
                    isPlain
                    ? RuleSyntax.CommandLine.join(["append"] + place + words) + "\n"
                    : written(["append"] + place + words, &random) + "\n\n"
                expected.append((isRaw ? "pre" : "input", words, line))
            }
            let note: Comment = "seed \(random.seed), round \(round):\n\(text)"
            let saved = try SavedRuleset(Array(text.utf8))
            #expect(saved.ruleCount == expected.count, note)
            for table in saved.tables {
                for chain in table.chains {
                    let wanted = expected.filter { $0.chain == chain.name }
                    #expect(chain.rules.map(\.line) == wanted.map(\.line), note)
                    for (rule, want) in zip(chain.rules, wanted) {
                        let context = RuleContext(family: table.listing.family)
                        let body = try RuleText.parse(want.words, context: context).body
                        #expect(try saved.body(of: rule, in: chain, of: table) == body, note)
                        guard let written = saved.writtenText(of: rule) else { continue }
                        let line = String(decoding: written, as: UTF8.self)
                        #expect(try RuleSyntax.CommandLine.split(line) == want.words, note)
                    }
                }
            }
        }
    }

    @Test func plainLinesAreNotSplit() throws {
        let text =
            SavedRulesetTests.head + "append filter input -i lo\nappend filter input -p tcp\n"
        let saved = try SavedRuleset(Array(text.utf8))
        let rules = saved.tables[0].chains[0].rules
        #expect(
            rules.map { saved.writtenText(of: $0).map { String(decoding: $0, as: UTF8.self) } }
                == ["-i lo", "-p tcp"])
    }

    @Test(arguments: [
        ("append filter output -i lo", 6, "there is no chain “output” in table filter"),
        ("append raw pre -i lo", 6, "there is no table “raw” of family inet"),
        ("append filter input \"-i lo", 6, "the quote \" is not closed"),
        ("append filter input -i \\\n \\\n \"lo", 6, "the quote \" is not closed"),
        ("append input -i lo", 6, "append takes [FAMILY] TABLE CHAIN RULE"),
        ("append filters filter input -i lo", 6, "“filters” is not a family"),
        ("remove", 6, "a saved ruleset has no command “remove”"),
    ])
    func faultsHaveTheirLine(line: String, number: Int, message: String) {
        let text = SavedRulesetTests.head + "# one\n" + line + "\n"
        do {
            _ = try SavedRuleset(Array(text.utf8))
            Issue.record("taken: \(line)")
        } catch {
            #expect(error.cause.message == message)
            #expect(error.line == number)
        }
    }

    @Test func textThatIsNotUTF8IsRefusedWhenItIsRead() throws {
        var bytes = Array(
            (SavedRulesetTests.head + "append filter input -i lo\nappend filter input -i ").utf8)
        bytes += [0xFF, 10]
        let saved = try SavedRuleset(bytes)
        let (table, rules) = (saved.tables[0], saved.tables[0].chains[0].rules)
        let error = #expect(throws: SourceError.self) {
            try saved.body(of: rules[1], in: table.chains[0], of: table)
        }
        #expect(error?.line == 6)
    }
}
