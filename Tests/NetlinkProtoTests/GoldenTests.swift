import NetlinkProto
import TestSupport
import Testing

/// What nft sent: decoded and written again, it must be the same bytes.
@Suite struct GoldenTests {
    @Test(arguments: Fixture.names)
    func whatNftSentIsWrittenTheSame(name: String) throws {
        for (index, message) in try Fixture(name).sent.enumerated() {
            let header = try header(of: message)
            if GoldenTests.exceptions[name]?.contains(header.type) == true { continue }
            guard let written = try TypedMessage(message).encoded(header) else { continue }
            let expected = GoldenTests.comparable(message, header.type)
            #expect(
                GoldenTests.comparable(written, header.type) == expected,
                """
                \(name), message \(index + 1), \(header.type.name)
                \(Hex.difference(expected, written))
                """)
        }
    }

    /// Messages that are not written as nft wrote them, each with its reason in a test below.
    static let exceptions: [String: [MessageType]] = [
        "table-delete": [.deleteTable],
        "table-list": [.getChain, .getRule, .getSet, .getObject],
        "element-list": [.getTable, .getSet, .getSetElement],
        "set-delete": [.deleteSetElement],
        "rule-reset": [.getTable, .getChain, .getRule, .getSet, .getObject],
        "object-list": [.getTable, .getChain, .getRule, .getSet, .getObject],
        "element-state": [.newSetElement],
        "element-flush": [.deleteSetElement],
        "expression-compat": [.newTable, .newChain, .newRule],
        "generation": [.newTable],
    ]

    /// A rule without what nft and this module rightly write differently.
    ///
    /// - NFTA_RULE_ID (9) and POSITION_ID (10) name rules of the same batch by numbers that end
    ///   with it.
    /// - NFTA_BITWISE_OP (6): nft writes the default, 0, for `&` in a rule's text but not for the
    ///   mask of a prefix. This module always writes it, as the kernel does.
    /// - NFTA_COUNTER_BYTES (1) and PACKETS (2): iptables sends zeros, nft and this module nothing.
    private static func comparable(_ message: [UInt8], _ type: MessageType) -> [UInt8] {
        guard type == .newRule else { return message }
        var raw = RawMessage(message)
        raw.attributes.remove([9, 10])
        raw.attributes.change(4) { expressions in
            expressions.change(1) { expression in
                let isBitwise = expression[1] == Array("bitwise\0".utf8)
                let isCounter = expression[1] == Array("counter\0".utf8)
                expression.change(2) { data in
                    if isBitwise && data[6] == [0, 0, 0, 0] { data.remove([6]) }
                    let isZero = data.list.allSatisfy { $0.payload.allSatisfy { $0 == 0 } }
                    if isCounter && isZero { data.remove([1, 2]) }
                }
            }
        }
        return raw.bytes
    }

    @Test func aTableIsNamedNotNumbered() throws {
        let sent = try Fixture("table-delete").sent.filter {
            try header(of: $0).type == .deleteTable
        }
        #expect(try TypedMessage(sent[0]) == .table(TableMessage(family: .ip, name: "a")))
        #expect(try TypedMessage(sent[0]).encoded(header(of: sent[0])) == sent[0])
        // `delete table ip handle 2`: xt2 knows tables by name.
        #expect(throws: WireError.self) { try TypedMessage(sent[1]) }
    }

    @Test func whatIsLeftOfATimeoutIsNotKept() throws {
        let messages = try Fixture("element-state").sent.filter {
            try header(of: $0).type == .newSetElement
        }
        var differing = 0
        for message in messages {
            let value = try TypedMessage(message)
            let written = try #require(try value.encoded(header(of: message)))
            #expect(try TypedMessage(written) == value)
            if written != message { differing += 1 }
        }
        #expect(messages.count == 5)
        #expect(differing == 1, "only the element that was given an expiration")
    }

    @Test func flushingASetNamesItAsNftDoes() throws {
        let message = try Fixture("element-flush").sent[1]
        let written = try #require(try TypedMessage(message).encoded(header(of: message)))
        // nft leaves this one to libnftnl, which writes SET in front of TABLE.
        #expect(GoldenTests.sorted(written) == GoldenTests.sorted(message))
    }

    @Test func iptablesWritesTheSameAttributesInAnotherOrder() throws {
        let messages = try Fixture("expression-compat").sent
        for message in messages {
            let header = try header(of: message)
            guard let written = try TypedMessage(message).encoded(header) else { continue }
            let expected = GoldenTests.sorted(message)
            #expect(
                GoldenTests.sorted(written) == expected, "\(Hex.difference(expected, written))")
        }
    }

    /// The message with its attributes in the order of their numbers; a table without flags that
    /// are 0.
    private static func sorted(_ message: [UInt8]) -> [UInt8] {
        let isRule = message[4...5] == [0x06, 0x0A]
        var raw = RawMessage(isRule ? comparable(message, .newRule) : message)
        raw.attributes.sort()
        if message[4...5] == [0x00, 0x0A] && raw.attributes[2] == [0, 0, 0, 0] {
            raw.attributes.remove([2])
        }
        return raw.bytes
    }

    /// Batch messages, dump requests and flowtables are written attribute for attribute.
    @Test(arguments: Fixture.names)
    func everyMessageIsWrittenTheSameAttributeByAttribute(name: String) throws {
        let fixture = try Fixture(name)
        for message in fixture.sent + fixture.dumped {
            let isAnswer = [.error, .done].contains(try header(of: message).type)
            if isAnswer { continue }
            let copy = try reading(message) { (view) throws(WireError) in
                var writer = MessageWriter()
                let head = try view.netfilterHeader()
                var attributes = try view.attributes()
                var failure: WireError?
                writer.message(view.header) { writer in
                    writer.netfilterHeader(family: head.family, resource: head.resource)
                    do throws(WireError) {
                        while let attribute = try attributes.next() {
                            let flag: UInt16 = attribute.isNested ? 0x8000 : 0
                            writer.attribute(attribute.type | flag, copying: attribute.payload)
                        }
                    } catch {
                        failure = error
                    }
                }
                if let failure { throw failure }
                return try writer.finish()
            }
            #expect(copy == message, "\(name)\n\(Hex.difference(message, copy))")
        }
    }

    @Test func batchesBeginAndEndAsNftHasThem() throws {
        let sent = try Fixture("table-families").sent
        var writer = MessageWriter()
        Batch.begin(sequence: SequenceNumber(0), to: &writer)
        #expect(try writer.finish() == sent.first)
        var end = MessageWriter()
        Batch.end(sequence: SequenceNumber(UInt32(sent.count - 1)), to: &end)
        #expect(try end.finish() == sent.last)
    }

    @Test func theKernelsGenerationIsRead() throws {
        let messages = try Fixture("generation").sent
        let value = try TypedMessage(messages[0])
        guard case .generation(let generation) = value else {
            Issue.record("not a generation: \(value)")
            return
        }
        #expect(generation.id == GenerationID(rawValue: 2))
        #expect(generation.processID == 0x1267)
        #expect(generation.processName == "nft")
    }

    @Test(arguments: Fixture.names)
    func noExpressionIsUnknownUnlessListed(name: String) throws {
        let fixture = try Fixture(name)
        for message in fixture.sent + fixture.dumped {
            guard let value = try? TypedMessage(message) else { continue }
            for expression in value.expressions {
                guard case .unknown(let body) = expression else { continue }
                #expect(GoldenTests.untyped.contains(body.name), "\(name): \(body.name)")
            }
        }
    }

    /// Expressions that have no type yet: nft can make them, the rule language cannot.
    static let untyped: Set = [
        "dup", "flow_offload", "fwd", "hash", "numgen", "osf", "synproxy", "tproxy", "xfrm",
    ]
}
