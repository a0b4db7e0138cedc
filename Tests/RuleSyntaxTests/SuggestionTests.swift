import Testing

@testable import RuleSyntax

/// What is taken for a slip of the hand.
@Suite struct SuggestionTests {
    @Test(arguments: [
        ("ACEPT", "ACCEPT"), ("accept", "ACCEPT"), ("wbe", "web"), ("zzzzzz", nil),
        ("ca", nil), (String(repeating: "a", count: 65), nil),
    ])
    func theNearest(_ word: String, _ meant: String?) {
        let names = ["ACCEPT", "web", "abc", String(repeating: "a", count: 65)]
        #expect(Suggestion.nearest(to: word, among: names) == meant)
        #expect(Suggestion.nearest(to: word, among: []) == nil)
    }

    @Test(arguments: [
        ("insert", "insert", 0), ("inesrt", "insert", 1), ("insrt", "insert", 1), ("", "abc", 3),
        ("abc", "", 3), ("kitten", "sitting", 3), ("ca", "abc", 3),
    ])
    func distances(first: String, second: String, distance: Int) {
        #expect(Suggestion.distance(Array(first.utf8), Array(second.utf8)) == distance)
    }
}
