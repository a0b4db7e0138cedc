import NetlinkProto
import Testing

@testable import xt2

@Suite struct PlaceWordsTests {
    @Test(arguments: [
        ("filter", "inet filter"),
        ("ip filter", "ip filter"),
        ("ip6 filter", "ip6 filter"),
        ("ip", "inet ip"),
        ("ip ip", "ip ip"),
    ])
    func tables(words: String, name: String) throws {
        #expect(try PlaceWords.table(split(words)).description == name)
    }

    @Test(arguments: [
        ("filter input", "inet filter input"),
        ("bridge filter input", "bridge filter input"),
        ("ip input", "inet ip input"),
        ("arp ip input", "arp ip input"),
    ])
    func chains(words: String, name: String) throws {
        #expect(try PlaceWords.chain(split(words)).description == name)
    }

    @Test(arguments: [
        ("filter", "inet filter", nil),
        ("ip filter", "ip filter", nil),
        ("filter input", "inet filter", "input"),
        ("ip filter input", "ip filter", "input"),
    ])
    func tablesOrChains(words: String, table: String, chain: String?) throws {
        let found = try PlaceWords.tableOrChain(split(words))
        #expect(found.0.description == table)
        #expect(found.chain == chain)
    }

    /// The number is the word that the caret is under.
    @Test(arguments: [
        ("", 0), ("filter", 1), ("inett filter input", 0), ("inet filter input tcp", 3),
        ("a b c d e", 3),
    ])
    func faults(words: String, index: Int) {
        let error = #expect(throws: CommandError.self) { try PlaceWords.chain(split(words)) }
        #expect(error?.kind == .usage)
        #expect(error?.fault == CommandError.Fault(words: split(words), index: index))
    }

    @Test(arguments: [
        ("inet filter input -p tcp -j ACCEPT", "inet filter input", "-p tcp -j ACCEPT"),
        ("filter input ! -s 10.0.0.1", "inet filter input", "! -s 10.0.0.1"),
        ("filter input --help", "inet filter input", "--help"),
        ("filter input", "inet filter input", ""),
    ])
    func rules(words: String, chain: String, rule: String) throws {
        let found = try RuleWords(split(words))
        #expect(found.chain.description == chain)
        #expect(found.rule == split(rule))
    }

    @Test func missingChainPointsAtTheRule() {
        let words = split("filter -p tcp")
        let error = #expect(throws: CommandError.self) { try RuleWords(words) }
        #expect(error?.fault == CommandError.Fault(words: words, index: 1))
    }

    private func split(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }
}
