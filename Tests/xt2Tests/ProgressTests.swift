import Testing

@testable import xt2

/// What the line about a long batch says.
@Suite struct ProgressTests {
    @Test func readingIsAPartOfTheWhole() {
        let line = ProgressLine(total: 100_000, elapsed: 3_000_000, read: 50_000).text
        #expect(
            line
                == "[###.....................] 15 % of 100000 rules, 5000 rules/s, about 17 s left")
    }

    @Test func theRestIsEstimatedByTheReading() {
        let line = ProgressLine(total: 1_000, elapsed: 2_000_000, reading: 1_000_000).text
        #expect(
            line == "[##############..........] 60 % of 1000 rules, 300 rules/s, about 1 s left")
    }

    @Test func whatTakesLongerThanEstimatedIsAlmostDone() {
        let line = ProgressLine(total: 1_000, elapsed: 60_000_000, reading: 1_000_000).text
        #expect(line.hasPrefix("[#######################.] 99 %"))
        #expect(line.hasSuffix("almost done"))
    }

    @Test func nothingHasBeenDoneAtTheBeginning() {
        #expect(ProgressLine(total: 0, elapsed: 0, read: 0).text.contains("0 % of 0 rules"))
        #expect(ProgressLine(total: 5, elapsed: 0, reading: 0).text.contains("0 % of 5 rules"))
    }
}
