import NetlinkProto
import TestSupport
import Testing

@Suite struct ContentDigestTests {
    /// The reference code's vectors for 128 bits: the key 00 01 … 0f, the message 00 01 … of 0, 1, 2, … bytes.
    @Test(arguments: [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"),
    ])
    func referenceVectors(count: Int, expected: String) {
        let key = ContentDigest(high: 0x0706_0504_0302_0100, low: 0x0f0e_0d0c_0b0a_0908)
        let digest = ContentDigest(of: (0..<count).map { UInt8($0) }, key: key)
        let bytes = [digest.high, digest.low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
        }
        #expect(Hex.text(bytes) == expected)
    }

    @Test func everyByteAndTheKeyMatter() {
        var random = SeededGenerator()
        for count in 0..<40 {
            let bytes = random.bytes(count)
            var seen: Set = [
                ContentDigest(of: bytes), ContentDigest(of: bytes + [0]),
                ContentDigest(of: bytes, key: ContentDigest(high: 0, low: 1)),
            ]
            for index in bytes.indices {
                var other = bytes
                other[index] ^= 1 << UInt8(index % 8)
                seen.insert(ContentDigest(of: other))
            }
            #expect(seen.count == count + 3)
            #expect(ContentDigest(of: bytes) == ContentDigest(of: bytes))
        }
    }

    @Test func outlinesComeBackAsTheyWere() throws {
        let rules = (1...3).map { number in
            RuleOutline(
                id: UInt64(number), body: ContentDigest(of: "body \(number)"),
                text: number == 2 ? nil : ContentDigest(of: "text \(number)"))
        }
        #expect(try OutlineMessage(rules).outlines() == rules)
        #expect(throws: WireError.self) {
            try OutlineMessage(rules: [UInt8](repeating: 0, count: 41)).outlines()
        }
    }

    @Test func aRuleCarriesTheDigestOfItsText() throws {
        let text = ContentDigest(of: "-j ACCEPT")
        let rule = RuleMessage(family: .inet, table: "t", chain: "c", text: text)
        var writer = MessageWriter()
        rule.write(MessageHeader(type: .newRule), to: &writer)
        let bytes = try writer.finish()
        var reader = MessageReader(bytes.span.bytes)
        guard let view = try reader.next() else {
            Issue.record("no message was written")
            return
        }
        #expect(try RuleMessage(view) == rule)
    }
}
