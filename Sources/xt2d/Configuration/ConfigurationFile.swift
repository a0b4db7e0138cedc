/// The lines of a configuration file: `[section]`, `key = value`, and comments that begin with `#` or `;`.
///
/// The form is that of systemd's files. A value goes up to the end of the line; there are no quotes and no continued lines.
struct ConfigurationFile: Sendable {
    /// A setting and where it stands.
    struct Setting: Sendable, Equatable {
        var section: String
        var key: String
        var value: String
        var line: Int
    }

    private(set) var settings: [Setting] = []

    /// Cuts a text into settings.
    ///
    /// - Throws: ``ConfigurationError`` that names the first line that is none.
    init(_ text: String) throws(ConfigurationError) {
        var section: String?
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let line = index + 1
            let words = raw.trimmed
            if words.isEmpty || words.hasPrefix("#") || words.hasPrefix(";") { continue }
            if words.hasPrefix("[") {
                guard words.hasSuffix("]") else {
                    throw ConfigurationError(line, "the name of a section ends with ']'")
                }
                section = String(words.dropFirst().dropLast().trimmed)
                continue
            }
            let setting = try ConfigurationFile.setting(words, in: section, line)
            try refuseRepetition(of: setting)
            settings.append(setting)
        }
    }

    private static func setting(
        _ words: Substring, in section: String?, _ line: Int
    ) throws(ConfigurationError) -> Setting {
        guard let equals = words.firstIndex(of: "=") else {
            throw ConfigurationError(line, "'\(words)' is not of the form KEY = VALUE")
        }
        guard let section else {
            throw ConfigurationError(line, "a setting belongs into a section; put [access] above")
        }
        return Setting(
            section: section, key: String(words[..<equals].trimmed),
            value: String(words[words.index(after: equals)...].trimmed), line: line)
    }

    private func refuseRepetition(of setting: Setting) throws(ConfigurationError) {
        let earlier = settings.first { $0.section == setting.section && $0.key == setting.key }
        guard let earlier else { return }
        throw ConfigurationError(
            setting.line, "'\(setting.key)' was set in line \(earlier.line) already")
    }
}

/// What is wrong with a configuration file.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The line, from 1; nil for the file as a whole.
    var line: Int?
    /// What is wrong with it.
    var message: String
    /// The file.
    var path: String?

    init(_ line: Int?, _ message: String) {
        self.line = line
        self.message = message
    }

    /// The same error in the file at `path`.
    func at(_ path: String) -> ConfigurationError {
        var error = self
        error.path = path
        return error
    }

    /// `/etc/xt2/xt2d.conf:12: what is wrong`.
    var description: String {
        ([path, line.map { "\($0)" }].compactMap(\.self).joined(separator: ":")) + ": " + message
    }
}

extension StringProtocol {
    /// The text without spaces, tabs and carriage returns at its ends.
    var trimmed: SubSequence {
        func isBlank(_ character: Character) -> Bool { " \t\r\n\r\n".contains(character) }
        guard let first = firstIndex(where: { !isBlank($0) }),
            let last = lastIndex(where: { !isBlank($0) })
        else { return self[endIndex...] }
        return self[first...last]
    }
}
