import NetlinkProto
import TestSupport
import Testing

/// Where nf_tables knows two ways to say one thing, there is one value.
@Suite struct CanonicalFormTests {
    /// Reads one expression with these attributes.
    private func expression(
        _ name: String, _ attributes: (inout MessageWriter) -> Void
    ) throws -> Expression {
        var writer = MessageWriter()
        writer.attribute(1, string: name)
        writer.nest(2, attributes)
        let bytes = try writer.finish()
        return try Expression(AttributeReader(bytes.span.bytes))
    }

    @Test func theFourWholeRegistersHaveOneNumber() {
        #expect(Register(8) == .r1)
        #expect(Register(rawValue: 12) == .r2)
        #expect(Register.word(8) == .r3)
        #expect(Register(20) == .r4)
        #expect(Register(9).rawValue == 9)
        #expect(Register(23).rawValue == 23)
        #expect(Register(24).rawValue == 24, "no such register; the kernel refuses it")
        #expect(Register.word(.max).rawValue == 7)
    }

    @Test func whatTheKernelFillsInIsFilledIn() throws {
        let limit = try expression("limit") {
            $0.attribute(1, uint64: 5)
            $0.attribute(2, uint64: 1)
        }
        #expect(limit == .limit(LimitExpression(rate: 5, unitSeconds: 1, burst: 5)))
        #expect(try expression("log") { _ in } == .log(LogExpression(level: 4)))
        let queue = try expression("queue") { $0.attribute(1, uint16: 3) }
        #expect(queue == .queue(QueueExpression(number: 3, total: 1)))
        let mask = try expression("bitwise") {
            $0.attribute(1, uint32: 1)
            $0.attribute(2, uint32: 1)
            $0.attribute(3, uint32: 4)
        }
        let boolean = BitwiseExpression(
            source: .r1, destination: .r1, operation: .boolean, length: 4)
        #expect(mask == .bitwise(boolean))
    }

    @Test func aRangeOfOneIsNoRange() throws {
        let nat = try expression("nat") {
            $0.attribute(1, uint32: 0)
            $0.attribute(2, uint32: 2)
            $0.attribute(3, uint32: 1)
            $0.attribute(4, uint32: 1)
            $0.attribute(7, uint32: 1)
        }
        #expect(nat == .nat(NATExpression(type: .source, family: 2, addressMin: .r1)))
    }

    @Test func portsImplyTheirFlag() {
        let redirect = RedirectExpression(portMin: .r1)
        #expect(redirect.flags == 2)
        #expect(MasqueradeExpression(portMin: .r1).flags == 2)
        #expect(NATExpression(type: .source, family: 2, portMin: .r1).flags == 2)
    }

    @Test func anUnknownAttributeKeepsTheExpressionWhole() throws {
        let newer = try expression("counter") {
            $0.attribute(1, uint64: 5)
            $0.attribute(99, uint32: 7)
        }
        guard case .unknown(let body) = newer else {
            Issue.record("\(newer)")
            return
        }
        #expect(body.name == "counter")
        #expect(try AttributeTests.read(body.data ?? []).map(\.type) == [1, 99])
    }

    @Test func textThatIsNotUTF8KeepsTheExpressionWhole() throws {
        let latin = try expression("log") { $0.attribute(2, bytes: [0xE4, 0]) }
        #expect(
            latin == .unknown(UnknownExpression(name: "log", data: [6, 0, 2, 0, 0xE4, 0, 0, 0])))
    }

    @Test func aFaultInAnExpressionIsFoundInTheMessage() throws {
        var writer = MessageWriter()
        writer.message(MessageHeader(type: .newRule)) { writer in
            writer.netfilterHeader(family: .ip)
            writer.attribute(1, string: "t")
            writer.nest(4) { writer in
                writer.nest(1) { writer in
                    writer.attribute(1, string: "meta")
                    writer.nest(2) { $0.attribute(2, uint16: 1) }
                }
            }
        }
        let bytes = try writer.finish()
        do throws(WireError) {
            _ = try TypedMessage(bytes)
            Issue.record("a key of two bytes was read")
        } catch {
            // Headers 20, TABLE 8, EXPRESSIONS 4, ELEM 4, NAME 12, DATA 4.
            #expect(error.offset == 52)
            #expect(error.path == ["EXPRESSIONS", "1", "meta"])
        }
    }

    @Test func unknownAttributesAreKeptInOneOrder() throws {
        func table(_ types: [UInt16]) throws -> TableBody {
            var writer = MessageWriter()
            for type in types { writer.attribute(type, uint8: UInt8(type)) }
            return try TableBody(encoded: try writer.finish())
        }
        let body = try table([200, 100, 150])
        #expect(body == (try table([100, 150, 200])))
        #expect(try AttributeTests.read(body.unknown).map(\.type) == [100, 150, 200])
        #expect(throws: Never.self) { try table([UInt16](repeating: 99, count: 64)) }
        #expect(throws: WireError.self) { try table([UInt16](repeating: 99, count: 65)) }
    }

    @Test func flagBitsOfUnknownAttributesAreKept() throws {
        let bytes: [UInt8] = [8, 0, 99, 0xC0, 1, 2, 3, 4]
        let body = try TableBody(encoded: bytes)
        #expect(body.unknown == bytes)
        #expect(try body.encoded().suffix(8) == bytes)
    }

    @Test func stateIsNotPartOfARule() throws {
        let update = DynamicSetExpression(
            key: .r1, operation: .add, set: "s",
            expressions: [.counter(CounterExpression(bytes: 1, packets: 1))])
        let last = UnknownExpression(name: "last", data: [8, 0, 1, 0, 0, 0, 0, 1])
        let rule = RuleBody(expressions: [
            .counter(CounterExpression(bytes: 9, packets: 1)),
            .quota(QuotaExpression(bytes: 10, consumed: 10, flags: 3)),
            .dynamicSet(update), .unknown(last),
        ])
        var reset = update
        reset.expressions = [.counter(CounterExpression())]
        #expect(
            rule.withoutState.expressions == [
                .counter(CounterExpression()),
                .quota(QuotaExpression(bytes: 10, flags: 1)),
                .dynamicSet(reset), .unknown(UnknownExpression(name: "last", data: [])),
            ])
    }

    @Test func elementsHaveOneOrder() {
        let set = SetBody(flags: [.anonymous, .interval], keyType: 7, keyLength: 1)
        let ordered = [
            SetElement(key: [0], flags: SetElement.intervalEnd), SetElement(key: [1]),
            SetElement(key: [2], flags: SetElement.intervalEnd), SetElement(key: [2]),
            SetElement(key: [2], keyEnd: [3]),
        ]
        var generator = SeededGenerator()
        for _ in 0..<20 {
            let shuffled = ordered.shuffled(using: &generator)
            let rule = RuleBody(sets: [AnonymousSet(body: set, elements: shuffled)])
            #expect(rule.canonical.sets[0].elements == ordered)
        }
    }

    @Test func setsOfARuleAreKnownByNumber() {
        func rule(_ name: String, _ id: UInt32?) -> RuleBody {
            RuleBody(expressions: [.lookup(LookupExpression(source: .r1, set: name, setID: id))])
        }
        #expect(rule("__map%d", 1).canonical == rule(AnonymousSet.name, 1))
        #expect(rule("blocked", nil).canonical == rule("blocked", nil))
    }

    @Test func aBaseChainAcceptsUnlessToldOtherwise() {
        let hook = Hook(number: 1, priority: 0)
        #expect(ChainBody(hook: hook).withDefaults.policy == .accept)
        #expect(ChainBody(hook: hook, policy: .drop).withDefaults.policy == .drop)
        #expect(ChainBody().withDefaults.policy == nil)
    }

    @Test func whatAHookHasBeyondNamesIsKept() throws {
        // NFTA_HOOK_DEVS with a name (1) and a prefix (2), as kernels from 6.16 on know it.
        var writer = MessageWriter()
        writer.nest(4) { hook in
            hook.attribute(1, uint32: 0)
            hook.attribute(2, uint32: 0)
            hook.nest(4) { list in
                list.attribute(1, string: "lo")
                list.attribute(2, string: "eth")
            }
        }
        let bytes = try writer.finish()
        let body = try ChainBody(encoded: bytes)
        #expect(body.hook?.devices == [])
        #expect(body.hook?.unknown.isEmpty == false)
        #expect(try body.encoded() == bytes)
    }
}
