import NetlinkProto
import TestSupport
import Testing

/// No expression and no message type without recorded bytes.
@Suite struct CompletenessTests {
    @Test func everyExpressionHasAFixture() throws {
        var found = Set<String>()
        for message in try Fixture.all().flatMap(\.sent) {
            guard let value = try? TypedMessage(message) else { continue }
            for expression in value.expressions {
                if case .unknown = expression { found.insert("unknown") }
                found.insert(expression.name)
            }
        }
        var random = RandomBodies(generator: SeededGenerator(seed: 1))
        let all = Set(random.allExpressions().map { $0.isUnknown ? "unknown" : $0.name })
        #expect(all.count == CompletenessTests.cases)
        #expect(all.subtracting(found) == [])
    }

    /// The cases of ``Expression``; the compiler refuses this function when there is one more.
    private static let cases = 32
    private static func count(_ expression: Expression) {
        switch expression {
        case .immediate, .bitwise, .byteorder, .compare, .range: break
        case .lookup, .dynamicSet, .objectReference, .compatMatch, .compatTarget, .unknown: break
        case .payload, .extensionHeader, .meta, .conntrack, .routing, .socket, .fib: break
        case .limit, .connectionLimit, .counter, .quota, .log, .queue, .reject, .notrack: break
        case .nat, .masquerade, .redirect, .transparentProxy, .duplicate, .forward: break
        }
    }

    @Test func everyMessageTypeHasAFixture() throws {
        var found = Set<UInt16>()
        for fixture in try Fixture.all() {
            for message in fixture.sent + fixture.dumped {
                found.insert(try header(of: message).type.rawValue)
            }
        }
        let all = (0...25).map { 0x0A00 | UInt16($0) } + [0x02, 0x03, 0x10, 0x11]
        for type in all where !found.contains(type) {
            let reason = CompletenessTests.withoutFixture[type]
            #expect(reason != nil, "\(MessageType(rawValue: type).name)")
        }
        for type in CompletenessTests.withoutFixture.keys { #expect(!found.contains(type)) }
    }

    /// Message types that nft 1.0.6 does not send and the kernel did not answer with.
    private static let withoutFixture: [UInt16: String] = [
        0x0A11: "TRACE: an event of `nft monitor trace`; xt2 does not read it",
        0x0A19: "GETRULE_RESET: newer than nft 1.0.6; its shape is GETRULE's",
    ]
}

extension Expression {
    fileprivate var isUnknown: Bool {
        if case .unknown = self { true } else { false }
    }
}
