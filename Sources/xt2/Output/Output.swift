import Glibc
import RuleSyntax

/// Standard output: collected and written in large pieces.
///
/// A reader that goes away (`xt2 list | head`) ends the program quietly, as it would end any filter.
struct Output: ~Copyable {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private static let pieceBytes = 1 << 16

    /// Whether `+`, `-` and `~` are coloured: only on a terminal and not with `NO_COLOR` set, unless `--color` says otherwise.
    let isColoured: Bool

    /// Writes to `descriptor`.
    init(descriptor: Int32 = STDOUT_FILENO, color: Color = .auto) {
        self.descriptor = descriptor
        let refused = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        isColoured =
            switch color {
            case .auto: !refused && isatty(descriptor) == 1
            case .always: true
            case .never: false
            }
    }

    /// Writes one line; control characters in it are made visible.
    mutating func line(_ text: String) throws(CommandError) {
        try write(PlainText.escaped(text))
        try write("\n")
    }

    /// Writes lines.
    mutating func lines(_ texts: [String]) throws(CommandError) {
        for text in texts { try line(text) }
    }

    /// Writes the lines of a diff, in colours if there are any.
    mutating func diff(_ lines: [String]) throws(CommandError) {
        for text in lines {
            let colour = isColoured ? Output.colour(of: text) : nil
            if let colour { try write("\u{1B}[\(colour)m") }
            try write(PlainText.escaped(text))
            try write(colour == nil ? "\n" : "\u{1B}[0m\n")
        }
    }

    /// The SGR number for a line of a diff: green for new, red for gone, yellow for different.
    private static func colour(of line: String) -> Int? {
        switch line.first {
        case "+": 32
        case "-": 31
        case "~", "→": 33
        default: nil
        }
    }

    /// Writes text as it is.
    mutating func write(_ text: String) throws(CommandError) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Output.pieceBytes { try flush() }
    }

    /// Writes a value as JSON, on a line of its own.
    mutating func json(_ value: JSONValue) throws(CommandError) {
        try write(value.encoded() + "\n")
    }

    /// Writes a value as JSON without line breaks in it: one of many, each on a line.
    mutating func jsonLine(_ value: JSONValue) throws(CommandError) {
        try write(value.encoded(indent: false) + "\n")
    }

    /// Writes what has been collected; must be called at the end.
    ///
    /// - Throws: if it cannot be written, such as to a full disk.
    mutating func flush() throws(CommandError) {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                return Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EPIPE { exit(0) }
                throw CommandError(.internal, "cannot write the output: \(systemErrorText(errno)).")
            }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
