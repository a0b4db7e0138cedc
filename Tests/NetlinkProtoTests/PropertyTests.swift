import NetlinkProto
import TestSupport
import Testing

/// Laws that hold for every value, tried with random ones.
@Suite struct PropertyTests {
    /// A random run of attributes, nested up to `depth`, and what a reader should find: a flat list
    /// in reading order.
    private static func tree(
        _ depth: Int, _ generator: inout SeededGenerator, _ writer: inout MessageWriter
    ) -> [String] {
        var found: [String] = []
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let type = UInt16.random(in: 0...0x3FFF, using: &generator)
            if depth > 0 && generator.oneIn(3) {
                var inner = MessageWriter()
                let names = tree(depth - 1, &generator, &inner)
                guard let bytes = try? inner.finish() else { continue }
                writer.nest(type) { $0.raw(bytes) }
                found += ["\(type){"] + names + ["}"]
            } else {
                let payload = generator.bytes(Int.random(in: 0...9, using: &generator))
                writer.attribute(type, bytes: payload)
                found.append("\(type)=\(Hex.text(payload))")
            }
        }
        return found
    }

    private static func names(_ reader: consuming AttributeReader) throws(WireError) -> [String] {
        var found: [String] = []
        while let attribute = try reader.next() {
            if attribute.isNested {
                found += ["\(attribute.type){"] + (try names(try attribute.nested())) + ["}"]
            } else {
                found.append("\(attribute.type)=\(Hex.text(attribute.bytes()))")
            }
        }
        return found
    }

    @Test func attributesReadBackAsWritten() throws {
        var generator = SeededGenerator()
        for _ in 0..<2_000 {
            var writer = MessageWriter()
            let expected = PropertyTests.tree(6, &generator, &writer)
            let bytes = try writer.finish()
            #expect(bytes.count % 4 == 0)
            #expect(try PropertyTests.names(AttributeReader(bytes.span.bytes)) == expected)
        }
    }

    private func expectRoundTrip<Body: AttributeBody>(_ body: Body) throws {
        let bytes = try body.encoded()
        let again = try Body(encoded: bytes)
        #expect(again == body)
        #expect(try again.encoded() == bytes)
    }

    @Test func bodiesReadBackAsWritten() throws {
        var random = RandomBodies(generator: SeededGenerator())
        for _ in 0..<300 {
            try expectRoundTrip(random.table())
            try expectRoundTrip(random.chain())
            try expectRoundTrip(random.rule())
            try expectRoundTrip(random.set())
        }
    }

    @Test func everyExpressionReadsBackAsWritten() throws {
        var random = RandomBodies(generator: SeededGenerator())
        for _ in 0..<500 {
            for expression in random.allExpressions() {
                try expectRoundTrip(RuleBody(expressions: [expression]))
            }
        }
    }

    @Test func messagesReadBackAsWritten() throws {
        var random = RandomBodies(generator: SeededGenerator())
        for _ in 0..<200 {
            let rule = RuleMessage(
                family: Family(rawValue: random.byte()), table: random.name(),
                chain: random.maybe(random.name()), handle: random.maybe(Handle(random.long())),
                position: random.maybe(Handle(random.long())), index: random.maybe(random.word()),
                kernelHandle: random.maybe(Handle(random.long())), body: random.rule())
            try expectRoundTrip(.rule(rule), .newRule)
            let chain = ChainMessage(
                family: .inet, table: random.name(), name: random.maybe(random.name()),
                handle: random.maybe(Handle(random.long())),
                newName: random.maybe(random.name()), body: random.chain(),
                counters: random.maybe(
                    CounterExpression(bytes: random.long(), packets: random.long())))
            try expectRoundTrip(.chain(chain), .newChain)
            let set = SetMessage(
                family: .ip, table: random.name(), name: random.name(),
                handle: random.maybe(Handle(random.long())), id: random.maybe(random.word()),
                body: random.set())
            try expectRoundTrip(.set(set), .newSet)
            let elements = SetElementMessage(
                family: .ip6, table: random.name(), set: random.name(),
                setID: random.maybe(random.word()),
                elements: (0..<random.pick(5)).map { _ in random.element() })
            try expectRoundTrip(.elements(elements), .newSetElement)
            let object = ObjectMessage(
                family: .ip, table: random.name(), name: random.name(), type: random.word(),
                data: random.maybe(random.some()), handle: random.maybe(Handle(random.long())),
                userData: random.some())
            try expectRoundTrip(.object(object), .newObject)
        }
    }

    private func expectRoundTrip(_ message: TypedMessage, _ type: MessageType) throws {
        let bytes = try #require(try message.encoded(MessageHeader(type: type)))
        #expect(try TypedMessage(bytes) == message)
    }

    /// Senders and the kernel order attributes differently: the order must not matter.
    @Test func theOrderOfAttributesDoesNotMatter() throws {
        var generator = SeededGenerator()
        for message in try Fixture.all().flatMap(\.sent) {
            let header = try header(of: message)
            guard header.type.subsystem == MessageType.nfTablesSubsystem else { continue }
            guard let value = try? TypedMessage(message) else { continue }
            var raw = RawMessage(message)
            raw.attributes.list.shuffle(using: &generator)
            if header.type == .newRule {
                raw.attributes.change(4) { expressions in
                    expressions.change(1) { expression in
                        expression.list.shuffle(using: &generator)
                        expression.change(2) { $0.list.shuffle(using: &generator) }
                    }
                }
            }
            let shuffled = try TypedMessage(raw.bytes)
            guard value.expressions.allSatisfy({ $0.isTyped }) else { continue }
            #expect(shuffled == value)
        }
    }

    @Test func userdataReadsBackAsWritten() throws {
        var generator = SeededGenerator()
        for _ in 0..<1_000 {
            let entries = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                let count = Int.random(in: 0...40, using: &generator)
                return UserData.Entry(
                    type: UInt8.random(in: 0...255, using: &generator),
                    value: generator.bytes(count))
            }
            let value = UserData(entries: entries)
            #expect(try UserData(try value.encoded()) == value)
        }
    }
}

extension Expression {
    fileprivate var isTyped: Bool {
        if case .unknown = self { false } else { true }
    }
}
