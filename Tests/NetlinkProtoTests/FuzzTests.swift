import Foundation
import NetlinkProto
import TestSupport
import Testing

/// Damaged bytes: every decoder refuses them or reads something that it can write again; none ends
/// the process.
@Suite struct FuzzTests {
    /// Each different message of all fixtures, once.
    private static func messages() throws -> [[UInt8]] {
        var seen = Set<[UInt8]>()
        return try Fixture.all().flatMap { $0.sent + $0.dumped }.filter { seen.insert($0).inserted }
    }

    /// Reads `bytes` with whatever decoder its header calls for; what was read must read back from
    /// what is written.
    @discardableResult
    static func exercise(_ bytes: [UInt8]) -> Bool {
        do throws(WireError) {
            return try reading(bytes) { (view) throws(WireError) in
                if view.header.type == .error || view.header.type == .done {
                    _ = try Acknowledgement(view)
                    return true
                }
                let value = try TypedMessage(view)
                guard let written = try value.encoded(view.header) else { return true }
                let again = try TypedMessage(written)
                guard try again.encoded(view.header) == written else {
                    Issue.record("not a fixpoint: \(Hex.text(bytes))")
                    return true
                }
                return true
            }
        } catch {
            return false
        }
    }

    private static func setLength(_ bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[index] = UInt8(bytes.count >> (8 * index) & 0xFF) }
    }

    @Test func everyTruncationIsRefused() throws {
        for message in try FuzzTests.messages() {
            for count in 0..<message.count {
                // As the stream would have it: the header says more than there is.
                #expect(!FuzzTests.exercise(Array(message.prefix(count))), "\(count) bytes")
            }
        }
    }

    @Test func everyTruncationWithARightLengthIsRefusedOrRead() throws {
        for message in try FuzzTests.messages() where message.count < 600 {
            for count in 16..<message.count {
                var cut = Array(message.prefix(count))
                FuzzTests.setLength(&cut)
                FuzzTests.exercise(cut)
            }
        }
    }

    @Test func everyFlippedByteIsRefusedOrRead() throws {
        var generator = SeededGenerator()
        for message in try FuzzTests.messages() where message.count < 300 {
            for index in message.indices {
                var flipped = message
                flipped[index] ^= UInt8.random(in: 1...255, using: &generator)
                FuzzTests.exercise(flipped)
            }
        }
    }

    @Test func randomDamageIsRefusedOrRead() throws {
        var generator = SeededGenerator()
        let messages = try FuzzTests.messages().filter { $0.count > 20 && $0.count < 3_000 }
        for _ in 0..<10_000 {
            guard var message = messages.randomElement(using: &generator) else { return }
            FuzzTests.damage(&message, using: &generator)
            FuzzTests.setLength(&message)
            FuzzTests.exercise(message)
        }
    }

    /// Changes, removes, doubles or adds a few bytes behind the header.
    private static func damage(_ message: inout [UInt8], using generator: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...4, using: &generator) where message.count > 20 {
            let place = Int.random(in: 16..<message.count, using: &generator)
            let end = min(message.count, place + Int.random(in: 1...12, using: &generator))
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: message[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: message.removeSubrange(place..<end)
            case 2: message.insert(contentsOf: message[place..<end], at: place)
            default: message.insert(contentsOf: generator.bytes(end - place), at: place)
            }
        }
    }

    @Test func randomBytesAreRefusedOrReadByEveryDecoder() {
        var generator = SeededGenerator()
        for _ in 0..<20_000 {
            let bytes = generator.bytes(Int.random(in: 0...80, using: &generator))
            _ = try? TableBody(encoded: bytes)
            _ = try? ChainBody(encoded: bytes)
            _ = try? RuleBody(encoded: bytes)
            _ = try? SetBody(encoded: bytes)
            _ = try? UserData(bytes)
            for body in ControlBodies.types {
                _ = try? body.init(AttributeReader(bytes.span.bytes))
            }
        }
    }

    /// A rule whose dynset expression adds a dynset, and so on.
    @Test func aNestedBombIsRefused() throws {
        var bytes: [UInt8] = []
        for _ in 0..<1_000 {
            var writer = MessageWriter()
            writer.attribute(1, string: "dynset")
            writer.nest(2) { writer in writer.nest(7) { $0.raw(bytes) } }
            bytes = try writer.finish()
        }
        var writer = MessageWriter()
        writer.nest(4) { writer in writer.nest(1) { $0.raw(bytes) } }
        let body = try writer.finish()
        do throws(WireError) {
            _ = try RuleBody(encoded: body)
            Issue.record("1,000 levels were read")
        } catch {
            #expect(error.code == .tooDeep)
        }
    }
}

/// Inputs that the fuzzer found, or that were thought of: they must be refused or read, not end the process.
@Suite struct RegressionTests {
    private static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzzing/Regressions")

    static let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []

    @Test func thereAreSome() {
        #expect(RegressionTests.names.count >= 9)
    }

    @Test(arguments: names)
    func isRefusedOrRead(name: String) throws {
        let file = RegressionTests.directory.appendingPathComponent(name)
        var decoder = FrameDecoder()
        decoder.append(try Data(contentsOf: file))
        while let message = try? decoder.next() { FuzzTests.exercise(message) }
    }
}
