import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Lines, names of hooks and priorities.
@Suite struct TextTests {
    @Test(arguments: [
        ("a b  c", ["a", "b", "c"]), ("", []), ("  \t ", []), ("'a b' c", ["a b", "c"]),
        (#""a \"b\" \\ c""#, [#"a "b" \ c"#]), (#"a\ b"#, ["a b"]), (#"'a\b'"#, [#"a\b"#]),
        ("a # b", ["a"]), ("a#b", ["a#b"]), ("'#' x", ["#", "x"]), ("# all", []),
        (#"a"b"'c'"#, ["abc"]), ("\"\" ''", ["", ""]), ("\\#", ["#"]), (#""it's""#, ["it's"]),
    ])
    func aLineIsSplitAsAShellWould(_ line: String, _ words: [String]) throws {
        #expect(try CommandLine.split(line) == words)
        #expect(try CommandLine.split(CommandLine.join(words)) == words)
    }

    @Test func anOpenQuoteIsRefused() throws {
        let error = try #require(throws: RuleSyntaxError.self) {
            try CommandLine.split("one 'two three")
        }
        #expect(error.wordIndex == 1)
        #expect(error.message.contains("not closed"))
    }

    @Test func quotesStandOnlyWhereTheyAreNeeded() {
        #expect(
            CommandLine.join(["-s", "10.0.0.0/8", "!", "-i", "eth+", "x=y"])
                == "-s 10.0.0.0/8 ! -i eth+ x=y")
        #expect(CommandLine.quote("two words") == "\"two words\"")
        #expect(CommandLine.quote("") == "\"\"")
        #expect(CommandLine.quote("$HOME `id` \\") == #""\$HOME \`id\` \\""#)
    }

    @Test func linesHaveNumbersAndGoOn() throws {
        let lines = try CommandLine.lines(
            of: "one\n\n# none\ntwo \\\n  three\nfour # five\n# x \\\nsix")
        #expect(lines.map(\.number) == [1, 4, 6, 8])
        #expect(lines.map(\.words) == [["one"], ["two", "three"], ["four"], ["six"]])
        let error = try #require(throws: SourceError.self) {
            try CommandLine.lines(of: "fine\n\n'open")
        }
        #expect(error.line == 3)
    }

    /// The words of a line, scalar by scalar, as the manual tells it; nil if a quote is not closed.
    private func words(_ line: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var scalars = Array(line.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case " ", "\t", "\r", "\n":
                if let word { words.append(word) }
                word = nil
            case "#" where word == nil: scalars = []
            case "'", "\"":
                word = word ?? ""
                var isClosed = false
                while !isClosed, let inner = scalars.popFirst() {
                    if inner == scalar {
                        isClosed = true
                    } else if inner == "\\", scalar == "\"", let next = scalars.popFirst() {
                        word?.unicodeScalars.append(next)
                    } else {
                        word?.unicodeScalars.append(inner)
                    }
                }
                if !isClosed { return nil }
            case "\\": word = (word ?? "") + String(scalars.popFirst() ?? "\\")
            default: word = (word ?? "") + String(scalar)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }

    @Test func randomLines() {
        var generator = SeededGenerator()
        let pieces = [
            "a", "é", "e\u{301}", " ", "\t", "\r", "'", "\"", "\\", "#", "-j", "\u{1F525}",
        ]
        for _ in 0..<5_000 {
            let line = (0..<Int.random(in: 0...12, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            #expect(
                (try? CommandLine.split(line))?.map { Array($0.utf8) }
                    == words(line)?.map { Array($0.utf8) }, "\(line.debugDescription)")
        }
    }

    @Test func hooksAreNamedByFamily() {
        #expect(HookName.number("input", family: .inet) == 1)
        #expect(HookName.number("postrouting", family: .ip) == 4)
        #expect(HookName.number("ingress", family: .inet) == 5)
        #expect(HookName.number("ingress", family: .ip) == nil)
        #expect(HookName.number("ingress", family: .netdev) == 0)
        #expect(HookName.number("egress", family: .netdev) == 1)
        #expect(HookName.number("output", family: .arp) == 1)
        #expect(HookName.number("nowhere", family: .ip) == nil)
        for family in Family.all {
            for name in HookName.names(family: family) {
                let number = HookName.number(name, family: family)
                #expect(number.flatMap { HookName.name($0, family: family) } == name)
            }
            #expect(HookName.name(77, family: family) == nil)
        }
    }

    @Test(arguments: [
        ("filter", Family.ip, Int32(0)), ("raw", .inet, -300), ("mangle", .ip6, -150),
        ("dstnat", .ip, -100), ("security", .ip, 50), ("srcnat", .ip, 100),
        ("filter", .bridge, -200), ("dstnat", .bridge, -300), ("out", .bridge, 100),
        ("srcnat", .bridge, 300), ("filter", .arp, 0), ("filter", .netdev, 0),
        ("filter + 10", .ip, 10), ("filter-5", .ip, -5), ("mangle + 10", .ip, -140),
        ("-77", .ip, -77), ("2147483647", .ip, .max), ("-2147483648", .ip, .min),
    ])
    func prioritiesHaveNames(_ text: String, _ family: Family, _ value: Int32) {
        #expect(PriorityName.value(text, family: family) == value)
        #expect(
            PriorityName.value(PriorityName.name(value, family: family), family: family) == value)
    }

    @Test func whatIsNoPriorityIsRefused() {
        for text in [
            "", "fliter", "filter+", "filter+x", "out", "99999999999", "srcnat+2147483647",
        ] {
            #expect(PriorityName.value(text, family: .ip) == nil, "\(text)")
        }
        #expect(PriorityName.name(5, family: .ip) == "filter + 5")
        #expect(PriorityName.name(-160, family: .ip) == "mangle - 10")
        #expect(PriorityName.name(11, family: .ip) == "11")
    }
}
