import NetlinkProto
import Testing

/// What is longer than one attribute, whose length has 16 bits.
@Suite struct LongBodyTests {
    private func set(_ count: Int, userData: [UInt8] = []) -> AnonymousSet {
        AnonymousSet(
            body: SetBody(flags: [.anonymous, .constant], keyType: 7, keyLength: 4),
            elements: (0..<count).map { number in
                SetElement(
                    key: withUnsafeBytes(of: UInt32(number).bigEndian, Array.init),
                    userData: userData)
            })
    }

    private func attributes(_ bytes: [UInt8]) throws -> [UInt16] {
        var types: [UInt16] = []
        var reader = AttributeReader(bytes.span.bytes)
        while let attribute = try reader.next() { types.append(attribute.type) }
        return types
    }

    @Test(arguments: [0, 1, 600, 2_000, 5_000, 24_000])
    func setsOfAnySizeComeBack(count: Int) throws {
        let body = RuleBody(
            expressions: [.notrack], sets: [set(3), set(count), set(0), set(count / 2)],
            userData: [0, 1, 65])
        let bytes = try body.encoded()
        #expect(try RuleBody(encoded: bytes) == body)
        #expect(try RuleBody(encoded: bytes).encoded() == bytes)
    }

    @Test func whatFitsOneAttributeIsInOne() throws {
        // 16 bytes an element: its own header, KEY, VALUE, four bytes.
        for count in [1, 500, 3_800] {
            let bytes = try RuleBody(sets: [set(count)]).encoded()
            #expect(try attributes(bytes) == [ExtensionAttribute.sets])
        }
        let bytes = try RuleBody(sets: [set(4_200)]).encoded()
        #expect(try attributes(bytes).count > 1)
    }

    @Test func listsOfElementsFitAMessage() throws {
        for (count, userData) in [(0, []), (3, []), (5_000, []), (5_000, [UInt8](0..<200))] {
            let elements = set(count, userData: userData).elements
            let portions = SetElement.portions(of: elements)
            #expect(portions.flatMap { $0 } == elements)
            for portion in portions {
                var writer = MessageWriter()
                SetElementMessage(
                    family: .inet, table: "t", set: "s", elements: Array(portion)
                ).write(MessageHeader(type: .newSetElement), to: &writer)
                #expect(try !writer.finish().isEmpty)
            }
        }
    }

    @Test func changesCarryBodiesOfAnySize() throws {
        for count in [0, 1, 65_531, 65_532, 131_062, 300_001] {
            let body = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let change = ChangeMessage(
                kind: 3, id: 9, family: 1, table: "t", name: "c", before: body, after: body + [1])
            var writer = MessageWriter()
            change.write(MessageHeader(type: .newChange), to: &writer)
            let bytes = try writer.finish()
            var reader = MessageReader(bytes.span.bytes)
            guard let view = try reader.next() else { throw WireError(.truncated, "no message") }
            let read = try ChangeMessage(view)
            #expect(read == change)
        }
    }
}
