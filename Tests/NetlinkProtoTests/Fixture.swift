import Foundation
import NetlinkProto
import TestSupport

/// Bytes that nft sent and the kernel dumped back, as `Scripts/golden` recorded them.
struct Fixture {
    /// The name of the files, without their endings.
    let name: String
    /// The messages that nft sent, in order, batch messages included.
    let sent: [[UInt8]]
    /// The messages that the kernel dumped afterwards; none where nothing was to be dumped.
    let dumped: [[UInt8]]

    init(_ name: String) throws {
        self.name = name
        sent = try Fixture.messages(in: "\(name).hex")
        let dump = "\(name).dump.hex"
        dumped = Fixture.exists(dump) ? try Fixture.messages(in: dump) : []
    }

    /// The names of all fixtures.
    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return files.filter { $0.hasSuffix(".nft") }.map { String($0.dropLast(4)) }.sorted()
    }()

    static func all() throws -> [Fixture] { try names.map(Fixture.init) }

    private static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/wire").path

    private static func exists(_ file: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(directory)/\(file)")
    }

    private static func messages(in file: String) throws -> [[UInt8]] {
        let text = try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            guard let bytes = Hex.bytes(line) else { throw CommandFailure("\(file): not hex") }
            return bytes
        }
    }
}

/// Reads one message with `body`; what it is must be one whole message.
func reading<Value>(
    _ bytes: [UInt8], _ body: (borrowing MessageView) throws(WireError) -> Value
) throws(WireError) -> Value {
    var reader = MessageReader(bytes.span.bytes)
    guard let view = try reader.next() else { throw WireError(.truncated, "no message") }
    return try body(view)
}

/// The header of one whole message.
func header(of bytes: [UInt8]) throws -> MessageHeader {
    try reading(bytes) { (view) throws(WireError) in view.header }
}
