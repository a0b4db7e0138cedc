import Glibc

/// A question on the terminal.
enum Question {
    /// Asks, and reads a line; only one that begins with `y` is a yes.
    static func ask(_ text: String) throws(CommandError) -> Bool {
        var output = Output(descriptor: STDERR_FILENO)
        try output.write("\(PlainText.escaped(text)) [y/N] ")
        try output.flush()
        let answer = readLine() ?? ""
        return answer.first == "y" || answer.first == "Y"
    }
}
