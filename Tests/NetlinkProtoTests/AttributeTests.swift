import NetlinkProto
import TestSupport
import Testing

/// Attributes: lengths, depth, numbers and text, read and written.
@Suite struct AttributeTests {
    /// The number and payload of each attribute in `bytes`.
    static func read(_ bytes: [UInt8]) throws(WireError) -> [(type: UInt16, payload: [UInt8])] {
        var found: [(type: UInt16, payload: [UInt8])] = []
        var reader = AttributeReader(bytes.span.bytes)
        while let attribute = try reader.next() {
            found.append((attribute.type, attribute.bytes()))
        }
        return found
    }

    /// Reads the first attribute in `bytes` with `body`.
    static func first<Value>(
        _ bytes: [UInt8], _ body: (borrowing Attribute) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        var reader = AttributeReader(bytes.span.bytes)
        guard let attribute = try reader.next() else { throw WireError(.truncated, "nothing") }
        return try body(attribute)
    }

    private func code<Value>(_ body: () throws(WireError) -> Value) -> WireError.Code? {
        do throws(WireError) {
            _ = try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: 0...3 as ClosedRange<UInt8>)
    func aLengthBelowTheHeaderIsRefused(length: UInt8) {
        let bytes: [UInt8] = [length, 0, 1, 0, 0, 0, 0, 0]
        #expect(code { () throws(WireError) in try AttributeTests.read(bytes) } == .badLength)
    }

    @Test func aLengthBehindTheEndIsRefused() {
        let bytes: [UInt8] = [9, 0, 1, 0, 0, 0, 0, 0]
        #expect(code { () throws(WireError) in try AttributeTests.read(bytes) } == .badLength)
    }

    @Test(arguments: 1...3)
    func bytesTooFewForAHeaderAreRefused(count: Int) {
        let bytes = [8, 0, 1, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: count)
        #expect(code { () throws(WireError) in try AttributeTests.read(bytes) } == .truncated)
    }

    @Test func paddingMayBeCutOffAtTheEnd() throws {
        let found = try AttributeTests.read([5, 0, 1, 0, 7])
        #expect(found.count == 1 && found[0].payload == [7])
    }

    @Test func numbersMustHaveTheirSize() throws {
        let four: [UInt8] = [8, 0, 1, 0, 0x01, 0x02, 0x03, 0x04]
        let number = try AttributeTests.first(four) { (found) throws(WireError) in
            try found.uint32()
        }
        #expect(number == 0x0102_0304)
        let host = try AttributeTests.first(four) { (found) throws(WireError) in
            try found.hostUInt32()
        }
        #expect(host == UInt32(littleEndian: 0x0403_0201))
        let short = code { () throws(WireError) in
            try AttributeTests.first(four) { (found) throws(WireError) in try found.uint16() }
        }
        let byte = code { () throws(WireError) in
            try AttributeTests.first(four) { (found) throws(WireError) in try found.uint8() }
        }
        let long = code { () throws(WireError) in
            try AttributeTests.first(four) { (found) throws(WireError) in try found.uint64() }
        }
        #expect(short == .badLength && byte == .badLength && long == .badLength)
    }

    @Test func textLosesOneZeroAndHasNoOther() throws {
        func text(_ payload: [UInt8], limit: Int = 255) throws(WireError) -> String {
            var writer = MessageWriter()
            writer.attribute(1, bytes: payload)
            let bytes = try writer.finish()
            return try AttributeTests.first(bytes) { (found) throws(WireError) in
                try found.string(limit: limit)
            }
        }
        #expect(try text([0x61, 0]) == "a")
        #expect(try text([0x61]) == "a")
        #expect(try text([]) == "")
        #expect(code { () throws(WireError) in try text([0x61, 0, 0]) } == .unrecognised)
        #expect(code { () throws(WireError) in try text([0xFF]) } == .unrecognised)
        let long = [UInt8](repeating: 0x61, count: 255)
        #expect(try text(long + [0]).utf8.count == 255)
        #expect(code { () throws(WireError) in try text(long + [0x61]) } == .badValue)
        #expect(code { () throws(WireError) in try text(long, limit: 254) } == .badValue)
    }

    @Test func flagBitsAreNotPartOfTheNumber() throws {
        let bytes: [UInt8] = [4, 0, 0x07, 0xC0]
        try AttributeTests.first(bytes) { (found) throws(WireError) in
            let type = found.type
            let isNested = found.isNested
            #expect(type == 7 && isNested)
            var writer = MessageWriter()
            writer.copy(found)
            #expect(try writer.finish() == bytes, "and they are kept")
        }
    }

    @Test func sixteenLevelsAreReadAndNoMore() throws {
        func nested(_ levels: Int) throws -> [UInt8] {
            var bytes: [UInt8] = []
            for _ in 0..<levels {
                var writer = MessageWriter()
                writer.nest(1) { $0.raw(bytes) }
                bytes = try writer.finish()
            }
            return bytes
        }
        func descend(_ reader: consuming AttributeReader) throws(WireError) -> Int {
            guard let attribute = try reader.next() else { return 0 }
            return 1 + (try descend(try attribute.nested()))
        }
        func depth(_ bytes: [UInt8]) throws(WireError) -> Int {
            try descend(AttributeReader(bytes.span.bytes))
        }
        #expect(try depth(nested(WireLimits.nestingDepth)) == WireLimits.nestingDepth)
        let deeper = try nested(WireLimits.nestingDepth + 1)
        #expect(code { () throws(WireError) in try depth(deeper) } == .tooDeep)
        let bomb = try nested(1_000)
        #expect(code { () throws(WireError) in try depth(bomb) } == .tooDeep)
    }

    @Test func anAttributeHoldsWhatItsLengthCanSay() throws {
        func write(_ count: Int) throws(WireError) -> [UInt8] {
            var writer = MessageWriter()
            writer.attribute(1, bytes: [UInt8](repeating: 7, count: count))
            return try writer.finish()
        }
        let limit = WireLimits.attributeBytes - WireLimits.attributeHeaderBytes
        #expect(try AttributeTests.read(write(limit))[0].payload.count == limit)
        #expect(code { () throws(WireError) in try write(limit + 1) } == .tooLarge)
    }

    @Test func textWithAZeroInsideIsNotWritten() {
        var writer = MessageWriter()
        writer.attribute(1, string: "table\0of another name")
        #expect(code { () throws(WireError) in try writer.finish() } == .badValue)
    }

    @Test func theFirstFailureIsReported() {
        var writer = MessageWriter()
        writer.fail(WireError(.badValue, "first"))
        writer.fail(WireError(.tooLarge, "second"))
        #expect(code { () throws(WireError) in try writer.finish() } == .badValue)
    }

    @Test func everyWriterMatchesItsReader() throws {
        var writer = MessageWriter()
        writer.attribute(1, uint8: 0xA1)
        writer.attribute(2, uint16: 0xA1B2)
        writer.attribute(3, uint32: 0xA1B2_C3D4)
        writer.attribute(4, uint64: 0xA1B2_C3D4_E5F6_0718)
        writer.attribute(5, string: "text")
        writer.attributeFlag(6)
        let found = try AttributeTests.read(try writer.finish())
        #expect(found.map(\.type) == [1, 2, 3, 4, 5, 6])
        #expect(found[0].payload == [0xA1])
        #expect(found[1].payload == [0xA1, 0xB2])
        #expect(found[2].payload == [0xA1, 0xB2, 0xC3, 0xD4])
        #expect(found[3].payload == [0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6, 0x07, 0x18])
        #expect(found[4].payload == Array("text\0".utf8))
        #expect(found[5].payload.isEmpty)
    }
}
