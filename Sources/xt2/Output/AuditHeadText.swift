import RuleSyntax

/// The newest entry of the audit log as it is kept elsewhere: `NUMBER:HASH`.
struct AuditHeadText: Equatable {
    /// The entry's number; 0 in an empty log.
    var sequence: UInt64
    /// Its hash, 32 bytes.
    var hash: [UInt8]

    /// `1234:` and 64 digits.
    var text: String { "\(sequence):\(Hex.text(hash))" }

    /// The keys of a head.
    var json: JSONValue {
        .object([("sequence", .uint(sequence)), ("hash", .string(Hex.text(hash)))])
    }

    init(sequence: UInt64, hash: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Reads `NUMBER:HASH`; nil if it is none.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let sequence = UInt64(parts[0]), let hash = Hex.bytes(parts[1]),
            hash.count == 32
        else { return nil }
        self.init(sequence: sequence, hash: hash)
    }

    /// Reads a head, or the file that holds one.
    ///
    /// - Throws: a usage error if it is neither.
    init(option: String) throws(CommandError) {
        if let head = AuditHeadText(option) {
            self = head
            return
        }
        let bytes: [UInt8]
        do {
            bytes = try InputFile.read(option)
        } catch {
            throw CommandError(
                .usage,
                "'\(option)' is neither a head nor a file that can be read (\(systemErrorText(error.code))).",
                hints: ["xt2 audit --head prints a head: NUMBER:HASH"])
        }
        let line = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
        guard let head = AuditHeadText(line) else {
            throw CommandError(
                .usage, "\(option) does not hold what 'xt2 audit --head' printed.",
                hints: ["its first line is NUMBER:HASH"])
        }
        self = head
    }
}
