import GRDB

/// Why the store could not do what it was asked.
///
/// After any of these the store is as it was before and can be used on, unless the message says
/// otherwise.
public struct StoreError: Error, Hashable, Sendable {
    /// What is wrong; open, so that a later version may add one.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The word for it.
        public let rawValue: String

        /// Makes the code `rawValue`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Another process has the store open.
        public static let locked = Code(rawValue: "locked")
        /// The disk, or the database, is full.
        public static let full = Code(rawValue: "full")
        /// The file, its directory or its file system cannot be written.
        public static let readOnly = Code(rawValue: "read-only")
        /// Reading or writing the file failed.
        public static let io = Code(rawValue: "input/output")
        /// The file holds what the store did not write.
        public static let corrupt = Code(rawValue: "corrupt")
        /// The file is not an xt2 rule store.
        public static let notADatabase = Code(rawValue: "not a rule store")
        /// The file was written by a newer xt2.
        public static let newerFormat = Code(rawValue: "newer format")
        /// There is no version with this number.
        public static let noSuchVersion = Code(rawValue: "no such version")
        /// There is a version with this number, but its ruleset was pruned.
        public static let pruned = Code(rawValue: "pruned")
        /// There is no tag with this name.
        public static let noSuchTag = Code(rawValue: "no such tag")
        /// There is one of this name already.
        public static let exists = Code(rawValue: "exists")
        /// There is no candidate with this number.
        public static let noSuchCandidate = Code(rawValue: "no such candidate")
        /// The request was made for another state of the store than the one it is in.
        public static let conflict = Code(rawValue: "conflict")
        /// Something is larger than its limit; see ``StoreLimits``.
        public static let limit = Code(rawValue: "limit")
        /// An object is against its kind.
        public static let malformed = Code(rawValue: "malformed")
        /// The store was closed.
        public static let closed = Code(rawValue: "closed")
        /// SQLite failed in a way that has no word of its own here.
        public static let other = Code(rawValue: "other")
    }

    /// What is wrong.
    public var code: Code
    /// What happened, and what to do where something can be done.
    public var message: String
    /// SQLite's extended result code; `nil` if SQLite did not fail.
    public var sqliteCode: Int32?
    /// The database file; `nil` where the error is about no file.
    public var path: String?

    /// Describes one failure.
    public init(_ code: Code, _ message: String, sqliteCode: Int32? = nil, path: String? = nil) {
        self.code = code
        self.message = message
        self.sqliteCode = sqliteCode
        self.path = path
    }

    /// SQLite's primary result code, the low byte of the extended one.
    public var sqlitePrimaryCode: Int32? { sqliteCode.map { $0 & 0xff } }
}

extension StoreError: CustomStringConvertible {
    /// The file, the message and SQLite's code.
    public var description: String {
        let file = path.map { "\($0): " } ?? ""
        let number = sqliteCode.map { " (SQLite code \($0))" } ?? ""
        return file + message + number
    }
}

// MARK: - From other errors

extension StoreError {
    /// Describes a failure of SQLite by its extended result code and its own words.
    init(sqliteCode: Int32, detail: String, path: String?) {
        let (code, message) = Self.meaning(of: ResultCode(rawValue: sqliteCode), detail)
        self.init(code, message, sqliteCode: sqliteCode, path: path)
    }

    /// Describes whatever was thrown while the database at `path` was in use.
    init(_ error: any Error, path: String) {
        switch error {
        case var error as StoreError:
            error.path = error.path ?? path
            self = error
        case let error as DatabaseError:
            self.init(
                sqliteCode: error.extendedResultCode.rawValue,
                detail: error.message ?? "no further detail", path: path)
        case let error as RulesetError:
            self.init(.malformed, error.message, path: path)
        default:
            self.init(.other, "\(error)", path: path)
        }
    }

    private static func meaning(of code: ResultCode, _ detail: String) -> (Code, String) {
        switch code.primaryResultCode {
        case .SQLITE_FULL:
            (.full, "the disk is full; nothing was changed. Free some space and try again")
        case .SQLITE_READONLY:
            (.readOnly, "the rule store cannot be written: \(detail)")
        case .SQLITE_IOERR:
            (.io, "reading or writing the rule store failed: \(detail). Check the disk")
        case .SQLITE_CANTOPEN:
            (.io, "the rule store cannot be opened: \(detail)")
        case .SQLITE_CORRUPT:
            (.corrupt, "the rule store is damaged: \(detail). Restore it from a backup")
        case .SQLITE_NOTADB:
            (.notADatabase, "the file is not an xt2 rule store")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            (.locked, "another program has the rule store locked: \(detail)")
        case .SQLITE_CONSTRAINT:
            (.conflict, "the change does not fit the rule store: \(detail)")
        case .SQLITE_MISUSE:
            (.closed, "the rule store is closed")
        default:
            (.other, "SQLite failed: \(detail)")
        }
    }
}
