import Glibc

/// A line on the terminal that tells how far a long batch, or a file that is applied, is.
///
/// Nothing is shown where standard error is no terminal, nor before the work has taken half a second.
final class Progress {
    private let isTerminal: Bool
    private var start = Progress.microseconds
    private var total = 0
    /// How many lines have been read.
    private var done = 0
    private var shown: Int64 = 0
    private var isDrawn = false
    /// How long the lines took to be read, once they are.
    private var reading: Int64?

    /// Microseconds before the first line, and between two.
    private static let patience: Int64 = 500_000
    private static let interval: Int64 = 100_000

    /// How often it wants to be told that there is nothing new.
    static let milliseconds: Int32 = 100

    /// Progress on standard error.
    init() { isTerminal = isatty(STDERR_FILENO) == 1 }

    /// So many lines of `total` have been read.
    func read(_ done: Int, of total: Int) {
        self.total = total
        show { ProgressLine(total: total, elapsed: $0, read: done) }
    }

    /// So many lines are to be read.
    func expect(_ total: Int) {
        self.total = total
        done = 0
        reading = nil
    }

    /// So many more of them have been read.
    func advance(_ count: Int) {
        done += count
        read(done, of: total)
    }

    /// All lines have been read, and are on their way.
    func sent() { reading = Progress.microseconds - start }

    /// The daemon has not answered yet.
    func tick() {
        guard let reading else { return }
        show { ProgressLine(total: total, elapsed: $0, reading: reading) }
    }

    /// Does something that takes as long as a person wants, without the line.
    func pause<Result>(
        _ body: () throws(CommandError) -> Result
    ) throws(CommandError) -> Result {
        end()
        let before = Progress.microseconds
        defer { start += Progress.microseconds - before }
        return try body()
    }

    /// Takes the line away again.
    func end() {
        if isDrawn { Progress.draw("\r\u{1B}[K") }
        isDrawn = false
    }

    private func show(_ line: (Int64) -> ProgressLine) {
        guard isTerminal else { return }
        let now = Progress.microseconds
        guard now - start >= Progress.patience, now - shown >= Progress.interval else { return }
        shown = now
        isDrawn = true
        Progress.draw("\r\(line(now - start).text)\u{1B}[K")
    }

    private static func draw(_ text: String) {
        var text = text
        // A line that cannot be written is no reason to stop.
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static var microseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}

/// What the line says.
struct ProgressLine {
    private let total: Int
    private let elapsed: Int64
    /// How much is done, from 0 to 1.
    private let fraction: Double

    /// What reading the lines takes of the whole; the rest is the daemon's and the kernel's, which tell nothing until they are done.
    private static let readingPart = 0.3
    private static let width = 24

    /// While lines are read, after so many microseconds.
    init(total: Int, elapsed: Int64, read done: Int) {
        self.total = total
        self.elapsed = elapsed
        fraction = ProgressLine.readingPart * Double(done) / Double(max(total, 1))
    }

    /// While the daemon works: an estimate by how long the lines took to be read.
    init(total: Int, elapsed: Int64, reading: Int64) {
        self.total = total
        self.elapsed = elapsed
        fraction = min(0.99, Double(elapsed) * ProgressLine.readingPart / Double(max(reading, 1)))
    }

    /// A bar, how much is done, rules a second, and about how long it still takes.
    var text: String {
        let filled = Int(fraction * Double(ProgressLine.width))
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: ".", count: ProgressLine.width - filled)
        let seconds = Double(elapsed) / 1e6
        let rate = seconds > 0 ? Int(Double(total) * fraction / seconds) : 0
        return "[\(bar)] \(Int(fraction * 100)) % of \(total) rules, \(rate) rules/s, \(left)"
    }

    private var left: String {
        guard fraction > 0, fraction < 0.99 else { return "almost done" }
        let rest = Double(elapsed) / 1e6 * (1 - fraction) / fraction
        return "about \(max(1, Int(rest.rounded()))) s left"
    }
}
