import NetlinkProto
import TestSupport
import Testing

/// The control socket's byte stream: however it is cut, the same messages come out.
@Suite struct FrameDecoderTests {
    /// All messages of a decoder that got `bytes` in pieces of the given sizes.
    private func messages(_ bytes: [UInt8], pieces: [Int]) throws(WireError) -> [[UInt8]] {
        var decoder = FrameDecoder()
        var found: [[UInt8]] = []
        var rest = bytes[...]
        var sizes = pieces[...]
        while !rest.isEmpty {
            let size = sizes.popFirst() ?? rest.count
            decoder.append(rest.prefix(size))
            rest = rest.dropFirst(size)
            while let message = try decoder.next() { found.append(message) }
        }
        #expect(decoder.pendingBytes == 0)
        return found
    }

    /// All recorded messages, one behind the other, padded.
    private func stream() throws -> (messages: [[UInt8]], bytes: [UInt8]) {
        let messages = try Fixture.all().flatMap(\.sent)
        let bytes = messages.flatMap { $0 + [UInt8](repeating: 0, count: -$0.count & 3) }
        return (messages, bytes)
    }

    @Test func oneByteAtATimeAndAllAtOnceAreTheSame() throws {
        let (expected, bytes) = try stream()
        #expect(try messages(bytes, pieces: [bytes.count]) == expected)
        let single = [Int](repeating: 1, count: bytes.count)
        #expect(try messages(bytes, pieces: single) == expected)
    }

    @Test func randomPiecesAreTheSame() throws {
        var generator = SeededGenerator()
        let (expected, bytes) = try stream()
        for _ in 0..<50 {
            let pieces = (0..<bytes.count).map { _ in Int.random(in: 1...300, using: &generator) }
            #expect(try messages(bytes, pieces: pieces) == expected)
        }
    }

    @Test func garbageIsRefusedWhateverCameBefore() throws {
        let good = try Fixture("table-families").sent
        var decoder = FrameDecoder()
        decoder.append(good.flatMap { $0 })
        decoder.append([UInt8](repeating: 0, count: 16))
        for message in good { #expect(try decoder.next() == message) }
        #expect(throws: WireError.self) { try decoder.next() }
        #expect(throws: WireError.self, "and stays so") { try decoder.next() }
    }

    @Test func randomGarbageNeverTraps() {
        var generator = SeededGenerator()
        for _ in 0..<2_000 {
            var decoder = FrameDecoder()
            decoder.append(generator.bytes(Int.random(in: 0...100, using: &generator)))
            while (try? decoder.next()) != nil {}
        }
    }

    @Test func anOversizeMessageIsRefusedByItsHeader() throws {
        func header(_ length: UInt32) -> [UInt8] {
            withUnsafeBytes(of: length.littleEndian) { Array($0) }
                + [UInt8](repeating: 0, count: 12)
        }
        var decoder = FrameDecoder(messageLimitBytes: 1_024)
        decoder.append(header(1_024))
        #expect(try decoder.next() == nil, "waits for the rest")
        decoder.append([UInt8](repeating: 0, count: 1_024 - 16))
        #expect(try decoder.next()?.count == 1_024)
        decoder.append(header(1_025))
        do throws(WireError) {
            _ = try decoder.next()
            Issue.record("1,025 bytes were taken")
        } catch {
            #expect(error.code == .tooLarge)
        }
        var huge = FrameDecoder()
        huge.append(header(.max))
        #expect(throws: WireError.self) { try huge.next() }
    }

    @Test func aLengthBelowTheHeaderIsRefused() {
        var decoder = FrameDecoder()
        decoder.append([15] + [UInt8](repeating: 0, count: 15))
        #expect(throws: WireError.self) { try decoder.next() }
    }
}
