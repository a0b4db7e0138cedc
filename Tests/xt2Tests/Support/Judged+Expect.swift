import TestSupport
import Testing

extension Judged {
    /// Runs lines on both sides; status, output, complaints and in the end the kernels must be the same.
    func expectSame(_ lines: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        for line in lines.split(separator: "\n").map(String.init) {
            expectSame(try ours(line), try real(line), line, sourceLocation: sourceLocation)
        }
        let kernels = try kernels()
        #expect(kernels.ours == kernels.real, sourceLocation: sourceLocation)
    }

    /// What came of a line must be the same on both sides.
    func expectSame(
        _ ours: Side, _ real: Side, _ line: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let note: Comment = "\(line)\nxt2: \(ours)\nreal: \(real)"
        #expect(ours.status == real.status, note, sourceLocation: sourceLocation)
        #expect(steady(ours.output) == steady(real.output), note, sourceLocation: sourceLocation)
        #expect(says(ours.errors, real.errors), note, sourceLocation: sourceLocation)
    }

    /// The output without the moment at which it was made.
    private func steady(_ text: String) -> String {
        text.replacing(/\ on \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/, with: " on DAY")
    }

    /// Whether our complaints have all lines of the real ones; xt2d's own words may stand between them.
    private func says(_ ours: String, _ real: String) -> Bool {
        var lines = ours.split(separator: "\n")[...]
        for line in real.split(separator: "\n") {
            guard let place = lines.firstIndex(of: line) else { return false }
            lines = lines[(place + 1)...]
        }
        return real.isEmpty == ours.isEmpty
    }
}
