import ArgumentParser

/// The options of commands that change what is live: what they must not cut.
struct GuardOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Refuse the change if it would cut this connection, such as 'tcp from 203.0.113.9 to 192.0.2.1 port 22'. May be given several times. The SSH connection that xt2 runs in is protected in any case.",
            valueName: "connection"))
    var protect: [String] = []

    @Flag(help: "Make the change even if it cuts a protected connection.")
    var force = false

    /// Whether nothing was said.
    var isEmpty: Bool { protect.isEmpty && !force }
}

/// A connection as people write it: `tcp from ADDRESS [port PORT] to ADDRESS [port PORT]`.
struct ConnectionText: Equatable {
    /// `PROTOCOL ADDRESS PORT ADDRESS PORT`, `*` for any port.
    let wire: String

    /// What several of them are for the daemon.
    static func wires(_ texts: [String]) throws(CommandError) -> [String] {
        var wires: [String] = []
        for text in texts { wires.append(try ConnectionText(text).wire) }
        return wires
    }

    /// Reads the words.
    ///
    /// - Throws: a usage error with a caret under the word at fault.
    init(_ text: String) throws(CommandError) {
        let words = text.split(separator: " ").map(String.init)
        var reader = ConnectionReader(words)
        let transport = try reader.next(
            "it begins with tcp or udp"
        ) { ["tcp", "udp"].contains($0) ? $0 : nil }
        let source = try reader.end("from")
        let destination = try reader.end("to")
        try reader.finish()
        guard source.isIP6 == destination.isIP6 else {
            throw CommandError(
                .usage, "an IPv4 address and an IPv6 address make no connection.")
        }
        wire = [transport, source.text, destination.text].joined(separator: " ")
    }
}

/// Reads the words of a connection, one after the other.
private struct ConnectionReader {
    private let words: [String]
    private var index = 0

    init(_ words: [String]) {
        self.words = words
    }

    /// The next word, as `read` understands it.
    mutating func next<Value>(
        _ expectation: String, _ read: (String) -> Value?
    ) throws(CommandError) -> Value {
        guard index < words.count, let value = read(words[index]) else {
            throw fault(expectation)
        }
        index += 1
        return value
    }

    /// `from ADDRESS [port PORT]`.
    mutating func end(_ word: String) throws(CommandError) -> (text: String, isIP6: Bool) {
        _ = try next("'\(word)' belongs here") { $0 == word ? $0 : nil }
        let address = try next("an address belongs here; names are not looked up") {
            InternetAddress($0)
        }
        var port = "*"
        if index < words.count, words[index] == "port" {
            index += 1
            port = try next("a port from 1 to 65535 belongs here") {
                UInt16($0).flatMap { $0 > 0 ? String($0) : nil }
            }
        }
        return (address.text + " " + port, address.bytes.count == 16)
    }

    func finish() throws(CommandError) {
        if index < words.count { throw fault("nothing belongs here") }
    }

    private func fault(_ expectation: String) -> CommandError {
        let error = CommandError(
            .usage, "this is not a connection: \(expectation).",
            hints: ["--protect 'tcp from 203.0.113.9 port 50022 to 192.0.2.1 port 22'"])
        let shown = index < words.count ? words : words + [""]
        return error.pointing(at: index, of: shown)
    }
}
