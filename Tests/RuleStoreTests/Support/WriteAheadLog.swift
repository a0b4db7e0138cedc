/// SQLite's write-ahead log, as bytes.
///
/// - Shape: a header of 32 bytes, then frames of a header of 24 bytes and a page each.
/// - Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
struct WriteAheadLog {
    let bytes: [UInt8]
    /// Where each frame ends, and how many transactions are whole up to there.
    let frames: [(end: Int, transactions: Int)]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var frames: [(end: Int, transactions: Int)] = []
        let size = 24 + (bytes.count < 32 ? 0 : Self.number(bytes, at: 8))
        var transactions = 0
        var start = 32
        // A frame of an older log, whose salt is another one, ends it.
        while start + size <= bytes.count, bytes[start + 8..<start + 16] == bytes[16..<24] {
            // The frame that ends a transaction has the size of the database in it.
            if Self.number(bytes, at: start + 4) > 0 { transactions += 1 }
            start += size
            frames.append((start, transactions))
        }
        self.frames = frames
    }

    /// How many transactions are whole in the log.
    var transactions: Int { frames.last?.transactions ?? 0 }

    /// How many transactions are whole in the first bytes.
    func transactions(within length: Int) -> Int {
        frames.last { $0.end <= length }?.transactions ?? 0
    }

    private static func number(_ bytes: [UInt8], at place: Int) -> Int {
        bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
    }
}
