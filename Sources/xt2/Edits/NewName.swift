import NetlinkProto
import RuleSyntax

/// The name that a table or a chain is to get.
enum NewName {
    /// Refuses a name that a command line or rule text could not tell from something else.
    ///
    /// - Throws: a usage error that says what is wrong with it.
    static func check(_ name: String, of kind: String) throws(CommandError) {
        let limit = WireLimits.nameBytes
        guard !name.isEmpty, name.utf8.count <= limit else {
            throw CommandError(
                .usage, "the name of a \(kind) has 1 to \(limit) bytes, not \(name.utf8.count).")
        }
        guard !name.hasPrefix("-"), !name.hasPrefix("!") else {
            throw CommandError(.usage, "the name of a \(kind) cannot begin with - or !.")
        }
        guard name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            throw CommandError(
                .usage, "the name of a \(kind) holds no blanks and no control characters.")
        }
    }

    /// Refuses a name that `-j` or `-g` could not reach.
    ///
    /// - Throws: a usage error that says what is wrong with it.
    static func checkChain(_ name: String) throws(CommandError) {
        try check(name, of: "chain")
        // Targets are in capitals; a match of the same name, such as limit, is no hindrance.
        guard RuleText.help(name) == nil || name != name.uppercased() else {
            throw CommandError(
                .usage, "a chain cannot be called \(name): rule text has another meaning for it.")
        }
    }
}
