import NetlinkProto
import TestSupport
import Testing

/// Messages in a buffer, and acknowledgements.
@Suite struct MessageTests {
    private func types(_ bytes: [UInt8]) throws(WireError) -> [MessageType] {
        var found: [MessageType] = []
        var reader = MessageReader(bytes.span.bytes)
        while let view = try reader.next() { found.append(view.header.type) }
        return found
    }

    @Test func aHeaderIsWrittenFieldByField() throws {
        var writer = MessageWriter()
        let header = MessageHeader(
            type: .newRule, flags: [.request, .echo], sequence: SequenceNumber(0x0102_0304),
            port: PortID(rawValue: 0x0506_0708))
        writer.message(header) { $0.netfilterHeader(family: .ip6, resource: 0x0A0B) }
        let bytes = try writer.finish()
        #expect(
            Hex.text(bytes) == "14000000" + "060a" + "0900" + "04030201" + "08070605" + "0a000a0b")
        try reading(bytes) { (view) throws(WireError) in
            #expect(view.header == header)
            let head = try view.netfilterHeader()
            #expect(head.family == .ip6 && head.version == 0 && head.resource == 0x0A0B)
        }
    }

    @Test func lengthsAreChecked() {
        let head: [UInt8] = [0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        func error(_ bytes: [UInt8]) -> WireError.Code? {
            do throws(WireError) {
                _ = try types(bytes)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(error([16, 0, 0, 0] + head) == nil)
        #expect(error([15, 0, 0, 0] + head) == .badLength)
        #expect(error([0, 0, 0, 0] + head) == .badLength)
        #expect(error([17, 0, 0, 0] + head) == .truncated)
        #expect(error([0xFF, 0xFF, 0xFF, 0xFF] + head) == .truncated)
        #expect(error([16, 0, 0, 0]) == .truncated)
    }

    @Test func messagesStandOnFourBytes() throws {
        var writer = MessageWriter()
        writer.message(MessageHeader(type: .noop)) { $0.attribute(1, bytes: [1]) }
        writer.message(MessageHeader(type: .done)) { _ in }
        let bytes = try writer.finish()
        #expect(bytes.count == 40)
        #expect(try types(bytes) == [.noop, .done])
        #expect(try types(Array(bytes.prefix(24))) == [.noop])
    }

    @Test func theKernelsRefusalSaysWhereItIs() throws {
        let answers = try Fixture("error").sent.filter { try header(of: $0).type == .error }
        try #require(answers.count == 2)
        let found = try answers.map { answer in
            try reading(answer) { (view) throws(WireError) in try Acknowledgement(view) }
        }
        // `add rule ip t nowhere accept`: the attribute CHAIN, behind headers (20) and TABLE (8).
        #expect(found[0].errno == 2)
        #expect(found[0].request.type == .newRule)
        #expect(found[0].request.sequence == SequenceNumber(2))
        #expect(found[0].offset == 28)
        // `add rule ip t c jump nowhere`: the first element of EXPRESSIONS, behind TABLE, CHAIN and
        // the header of the list.
        #expect(found[1].request.sequence == SequenceNumber(4))
        #expect(found[1].offset == 40)
    }

    @Test func theEndOfADumpMayCarryAnError() throws {
        var writer = MessageWriter()
        let header = MessageHeader(type: .done, flags: [.multipart, .extendedAcknowledgement])
        writer.message(header) { writer in
            writer.hostWord(UInt32(bitPattern: -4))
            writer.attribute(1, string: "interrupted")
        }
        let found = try reading(try writer.finish()) { (view) throws(WireError) in
            try Acknowledgement(view)
        }
        #expect(found.errno == 4)
        #expect(found.message == "interrupted")
    }

    @Test(arguments: [
        Acknowledgement(errno: 0, request: MessageHeader(type: .batchBegin)),
        Acknowledgement(
            errno: 2,
            request: MessageHeader(
                type: .newRule, flags: [.request, .append, .create],
                sequence: SequenceNumber(7), port: PortID(rawValue: 8)),
            message: "There is no chain 'inptu' in table inet filter.", offset: 28),
        Acknowledgement(
            errno: 85, request: MessageHeader(type: .batchBegin), message: "§", offset: 0,
            cookie: [1, 2, 3]),
    ])
    func anAcknowledgementReadsBack(value: Acknowledgement) throws {
        var writer = MessageWriter()
        value.write(to: &writer, port: .kernel)
        let bytes = try writer.finish()
        let found = try reading(bytes) { (view) throws(WireError) in
            #expect(view.header.sequence == value.request.sequence)
            return try Acknowledgement(view)
        }
        #expect(found == value)
    }

    @Test func extremeErrnosDoNotTrap() throws {
        for errno in [Int32.max, .min, -1] {
            var writer = MessageWriter()
            let value = Acknowledgement(errno: errno, request: MessageHeader(type: .noop))
            value.write(to: &writer, port: .kernel)
            _ = try reading(try writer.finish()) { (view) throws(WireError) in
                try Acknowledgement(view)
            }
        }
    }

    @Test func everyPrefixOfAnAcknowledgementIsRefusedOrRead() throws {
        for answer in try Fixture("error").sent where try header(of: answer).type == .error {
            for count in 16..<answer.count {
                var cut = Array(answer.prefix(count))
                for index in 0..<4 { cut[index] = UInt8(count >> (8 * index) & 0xFF) }
                _ = try? reading(cut) { (view) throws(WireError) in try Acknowledgement(view) }
            }
        }
    }

    @Test func namesOfTypesAreTheKernels() {
        #expect(MessageType.newRule.name == "NEWRULE")
        #expect(MessageType.newVersion.name == "new-version")
        #expect(MessageType(rawValue: 0x1234).name == "type 4660")
        #expect(MessageType.newFlowtable.rawValue == 0x0A16)
        #expect(MessageType.getRuleReset.rawValue == 0x0A19)
    }

    @Test func familiesHaveNftsNames() {
        for family in Family.all { #expect(Family(name: family.name) == family) }
        #expect(Family(name: "ipv4") == nil)
        #expect(Family(rawValue: 99).name == "family 99")
    }
}
