import TestSupport
import Testing

@Suite struct SupportTests {
    @Test func programsRunInTheirNamespace() throws {
        let namespace = try Namespace()
        let listing = try namespace.run {
            try Command.check("nft", "add", "table", "inet", "only_here")
            return try Command.check("nft", "list", "tables")
        }
        #expect(listing == "table inet only_here\n")
        let other = try Namespace()
        #expect(try other.run { try Command.check("nft", "list", "tables") }.isEmpty)
    }

    @Test func programsGetInputAndGiveOutputErrorsAndStatus() throws {
        let long = String(repeating: "x", count: 200_000)
        #expect(try Command.run("cat", input: long).output == long)
        let result = try Command.run(
            "sh", "-c", "echo good; echo $WORD >&2; exit 3",
            environment: ["WORD": "bad"])
        #expect(result.output == "good\n")
        #expect(result.errors == "bad\n")
        #expect(result.status == 3)
        #expect(try Command.run("sh", "-c", "kill -9 $$").status == 137)
        #expect(throws: CommandFailure.self) { try Command.run("/nonexistent") }
    }

    @Test func hexTextReadsBack() {
        #expect(Hex.bytes("00 fF\n7a") == [0x00, 0xFF, 0x7A])
        #expect(Hex.bytes("0") == nil)
        #expect(Hex.bytes("0g") == nil)
        #expect(Hex.text([0x00, 0xFF, 0x7A]) == "00ff7a")
    }

    @Test func aSeedRepeatsItsNumbers() {
        // The first outputs of SplitMix64 for seed 1234567, as its authors publish them.
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
    }
}
