import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// What is taken over by its shape must be what reading it would have given.
@Suite struct RuleShapesTests {
    /// What an edit of one rule comes to.
    private struct Outcome: Equatable {
        var stored: [UInt8]?
        var counters: [CounterExpression] = []
        var isBodyEmpty = false
        var message: RuleMessage?
        var refusal: String?
        var offset: Int?

        init(_ edit: Result<Edit, Refusal>) {
            switch edit {
            case .failure(let error): (refusal, offset) = (error.message, error.offset)
            case .success(let edit):
                guard case .newRule(let rule) = edit.operation else { return }
                message = rule.message
                isBodyEmpty = rule.isBodyEmpty
                switch rule.body {
                case .stored(let body): (stored, counters) = (body.bytes, body.counters)
                case .unfit(_, let error): refusal = error.message
                }
            }
        }
    }

    private func outcome(_ bytes: [UInt8], _ shapes: inout RuleShapes) -> Outcome {
        do {
            return Outcome(.success(try Edit(bytes, &shapes)))
        } catch {
            return Outcome(.failure(error))
        }
    }

    private func message(_ body: RuleBody) -> [UInt8] {
        var writer = MessageWriter()
        RuleMessage(
            family: .inet, table: "t", chain: "c", text: ContentDigest(high: 1, low: 2), body: body
        )
        .write(
            MessageHeader(type: .newRule, flags: [.create], sequence: SequenceNumber(7)),
            to: &writer)
        return writer.bytes
    }

    /// Rules of few forms with many values; some have what a shape must not pass over.
    private func body(_ generator: inout SeededGenerator) -> RuleBody {
        let value = generator.bytes([1, 2, 4, 4, 4, 16].randomElement(using: &generator) ?? 4)
        let load: Expression =
            generator.oneIn(3)
            ? .meta(MetaExpression(key: .transportProtocol, destination: .r1))
            : .payload(
                PayloadExpression(
                    destination: .r1, base: .network,
                    offset: generator.oneIn(2) ? 12 : 16, length: UInt32(value.count)))
        var expressions = [load]
        if generator.oneIn(4) {
            expressions.append(
                .bitwise(
                    BitwiseExpression(
                        source: .r1, destination: .r1, operation: .boolean,
                        length: UInt32(value.count),
                        mask: [UInt8](repeating: 255, count: value.count / 2)
                            + [UInt8](repeating: 0, count: value.count - value.count / 2),
                        xor: [UInt8](repeating: 0, count: value.count))))
        }
        expressions.append(
            .compare(CompareExpression(source: .r1, operation: .equal, value: value)))
        if generator.oneIn(5) {
            expressions.append(
                .range(
                    RangeExpression(
                        source: .r1, operation: .outside, from: [10, 0, 0, 1], to: [10, 0, 0, 9])))
        }
        if generator.oneIn(5) {
            expressions.append(
                .compatMatch(
                    CompatMatchExpression(name: "hashlimit", revision: 3, info: [1, 2, 3, 4])))
        }
        let counter =
            generator.oneIn(5) ? CounterExpression(bytes: 40, packets: 1) : CounterExpression()
        expressions.append(.counter(counter))
        expressions.append(
            .immediate(
                ImmediateExpression(
                    destination: .verdict,
                    data: .verdict(generator.oneIn(4) ? .jump("side") : .accept))))
        var rule = RuleBody(expressions: expressions)
        if generator.oneIn(4) { rule.userData = [0, 3] + Array("ab".utf8) + [0] }
        if generator.oneIn(9) { rule.userData += [UserData.identityType, 1, 5] }
        return rule
    }

    @Test func aRuleOfAKnownShapeIsTheRuleThatReadingGives() throws {
        var generator = SeededGenerator()
        var shared = RuleShapes()
        for _ in 0..<4_000 {
            let bytes = message(body(&generator))
            var none = RuleShapes()
            #expect(outcome(bytes, &shared) == outcome(bytes, &none))
        }
    }

    /// Of damaged messages as well: no shape may let through what reading refuses.
    @Test func damagedRulesAreToldFromGoodOnes() throws {
        var generator = SeededGenerator()
        var shared = RuleShapes()
        for _ in 0..<8_000 {
            var bytes = message(body(&generator))
            _ = outcome(bytes, &shared)
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                // Behind the header, whose length the frame decoder has checked.
                let place = Int.random(in: 16..<bytes.count, using: &generator)
                bytes[place] = generator.oneIn(2) ? bytes[place] ^ 1 : generator.bytes(1)[0]
            }
            var none = RuleShapes()
            #expect(outcome(bytes, &shared) == outcome(bytes, &none))
        }
    }

    @Test func addressesAreThoseThatReadingFinds() throws {
        var generator = SeededGenerator()
        var shapes = RuleShapes()
        for number in 0..<4_000 {
            let bytes = try body(&generator).canonical.encoded()
            var found: Set<AddressPrefix> = []
            shapes.addAddresses(of: bytes, to: &found)
            #expect(found == RuleAddresses(try RuleBody(encoded: bytes)).found, "rule \(number)")
        }
    }

    /// More shapes than are remembered, in turn.
    @Test func forgottenShapesAreReadAgain() throws {
        var shapes = RuleShapes()
        for round in 0..<3 {
            for form in 0..<40 {
                var body = RuleBody.tcp(port: UInt16(round))
                body.userData = [0, 2, UInt8(form), 0]
                let bytes = message(body)
                var none = RuleShapes()
                #expect(outcome(bytes, &shapes) == outcome(bytes, &none))
            }
        }
    }
}
