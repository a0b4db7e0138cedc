import Glibc

/// What an administrator can set; see `docs/configuration.md`.
struct Configuration: Sendable, Equatable {
    /// Who may do what.
    var access = AccessRules.standard
    /// How much clients may ask for.
    var limits = DaemonLimits()
    /// Who can connect at all; taken over at start only.
    var socket = SocketSettings()

    /// Where the file is when nothing else is said; there need be none.
    static let standardPath = "/etc/xt2/xt2d.conf"

    /// The longest file that is read, in bytes.
    private static let fileBytes = 1 << 20

    /// What holds without a file.
    init() {}

    /// Reads a text.
    ///
    /// - Throws: ``ConfigurationError`` that names the first line that is wrong.
    init(text: String) throws(ConfigurationError) {
        for setting in try ConfigurationFile(text).settings {
            switch setting.section {
            case "access": try takeAccess(setting)
            case "limits": try limits.take(setting)
            case "socket": try socket.take(setting)
            default:
                throw ConfigurationError(
                    setting.line,
                    "there is no section [\(setting.section)]; there are [access], [limits] and [socket]"
                )
            }
        }
    }

    /// Reads the file at `path`.
    ///
    /// - Parameter optional: whether there need be none.
    /// - Throws: ``ConfigurationError`` that names file and line.
    init(path: String, optional: Bool) throws(ConfigurationError) {
        do throws(ConfigurationError) {
            guard let text = try Configuration.read(path) else {
                if optional {
                    self.init()
                    return
                }
                throw ConfigurationError(nil, "there is no such file")
            }
            try self.init(text: text)
        } catch {
            throw error.at(path)
        }
    }

    private mutating func takeAccess(
        _ setting: ConfigurationFile.Setting
    ) throws(ConfigurationError) {
        guard let right = Right(rawValue: setting.key) else {
            let names = Right.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationError(
                setting.line, "'\(setting.key)' is not a right; there are \(names)")
        }
        var principals: Set<Principal> = []
        for word in setting.value.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
            do throws(AccountError) {
                principals.insert(try Principal(word))
            } catch {
                throw ConfigurationError(setting.line, error.message)
            }
        }
        access.grant(right, to: principals)
    }

    /// The text of a file; nil if there is none.
    private static func read(_ path: String) throws(ConfigurationError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw ConfigurationError(nil, errorText(errno))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= fileBytes {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0 { throw ConfigurationError(nil, errorText(errno)) }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        guard bytes.count <= fileBytes else {
            throw ConfigurationError(nil, "the file is larger than \(fileBytes >> 10) KiB")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(nil, "the file is not UTF-8 text")
        }
        return text
    }
}

/// Who can connect to the control socket, by the file's group and mode.
struct SocketSettings: Sendable, Equatable {
    /// The socket's group; nil leaves it to the group `xt2`, where there is one.
    var group: UInt32?
    /// The socket's mode.
    var mode: UInt32 = 0o660

    /// Takes over a setting.
    mutating func take(_ setting: ConfigurationFile.Setting) throws(ConfigurationError) {
        switch setting.key {
        case "group":
            do throws(AccountError) {
                group = try Account.gid(of: setting.value)
            } catch {
                throw ConfigurationError(setting.line, error.message)
            }
        case "mode":
            guard let mode = UInt32(setting.value, radix: 8), [0o600, 0o660, 0o666].contains(mode)
            else {
                throw ConfigurationError(
                    setting.line, "'\(setting.value)' is not 0600, 0660 or 0666")
            }
            self.mode = mode
        default:
            throw ConfigurationError(
                setting.line,
                "'\(setting.key)' is not a setting of [socket]; there are group and mode")
        }
    }
}
