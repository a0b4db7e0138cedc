/// Writes values so that two different sequences of them never give the same bytes.
///
/// - Shape: each value is a tag (0 NULL, 1 integer, 2 text, 3 bytes), then 8 bytes big-endian for
///   an integer, or a length in 8 bytes big-endian and that many bytes. The encoding is part of the
///   store's format: hashes are taken over it.
struct CanonicalEncoder {
    private(set) var bytes: [UInt8] = []

    /// Forgets what was written, and keeps the room.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func integer(_ value: Int64?) {
        guard let value else { return bytes.append(0) }
        bytes.append(1)
        append(UInt64(bitPattern: value))
    }

    mutating func number(_ value: UInt64?) {
        integer(value.map { Int64(bitPattern: $0) })
    }

    mutating func text(_ value: String?) {
        guard let value else { return bytes.append(0) }
        bytes.append(2)
        append(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func blob(_ value: [UInt8]?) {
        guard let value else { return bytes.append(0) }
        bytes.append(3)
        append(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func author(_ author: Author) {
        integer(Int64(author.uid))
        integer(Int64(author.gid))
        integer(Int64(author.pid))
        text(author.process)
    }

    private mutating func append(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
