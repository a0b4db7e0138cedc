import NetlinkProto
import RuleStore

/// What another program has committed, as the kernel told it.
struct KernelCommit: Sendable, Equatable {
    /// The generation that the commit made.
    var generation: GenerationID
    /// Whose commit it was.
    var origin: ForeignProcess
    /// When it was heard of.
    var time: Timestamp
    /// The changes in watched tables, as messages, in the order of the kernel.
    var messages: [[UInt8]]

    /// Whether it came after a generation; never, if there is none.
    func isAfter(_ limit: GenerationID?) -> Bool { limit.map { generation.isAfter($0) } ?? false }
}

/// A process that changed the kernel's ruleset.
///
/// The kernel tells its number, in the initial process namespace, and what it calls itself; the user is looked up while it
/// still runs.
struct ForeignProcess: Sendable, Hashable {
    var pid: Int32
    var name: String
    /// nil if it had ended already.
    var uid: UInt32?
    var gid: UInt32?

    /// `(uid_t)-1`: it is not known who it was.
    static let unknownID = UInt32.max

    /// Nobody that is known.
    static let unknown = ForeignProcess(pid: 0, name: "", uid: nil, gid: nil)

    /// The same, for the store.
    var author: Author {
        Author(
            uid: uid ?? ForeignProcess.unknownID, gid: gid ?? ForeignProcess.unknownID, pid: pid,
            process: name)
    }

    /// As people read it.
    ///
    /// A process may call itself what it likes: control characters are written as numbers.
    var title: String { name.isEmpty ? "an unknown process" : "\(name.plain) (pid \(pid))" }
}

extension String {
    /// The text with control characters written as `\u{…}`, fit for a line of a log.
    var plain: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        return unicodeScalars.map { $0.isControl ? $0.escaped(asASCII: true) : String($0) }.joined()
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

extension ForeignProcess {
    /// Looks up who a process runs as.
    ///
    /// Its name is compared, because the number may belong to another process by now, or in this process namespace.
    /// - Source: proc(5), `/proc/PID/status`.
    init(looking pid: UInt32?, name: String?) {
        self.init(
            pid: Int32(clamping: pid ?? 0), name: name ?? "", uid: nil, gid: nil)
        guard let status = pid.flatMap({ SmallFile.text("/proc/\($0)/status") }) else { return }
        var fields: [Substring: Substring] = [:]
        for line in status.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        guard fields["Name"]?.drop(while: \.isWhitespace) == self.name[...] else { return }
        uid = ForeignProcess.effective(fields["Uid"])
        gid = ForeignProcess.effective(fields["Gid"])
    }

    /// The second of four numbers: real, effective, saved, file system.
    private static func effective(_ numbers: Substring?) -> UInt32? {
        let words = numbers?.split(whereSeparator: \.isWhitespace) ?? []
        return words.count > 1 ? UInt32(words[1]) : nil
    }
}
