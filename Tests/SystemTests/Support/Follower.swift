import Glibc
import NetlinkProto
import TestSupport

/// A client that is told of each version when it is made: waiting without a clock.
final class Follower {
    private let client: ControlClient
    /// The versions that it has been told of.
    private(set) var versions: [VersionMessage] = []

    init(_ daemon: Daemon) throws {
        client = try daemon.connect()
        try client.begin(.followVersions)
        // Requests are carried out in order: with this answered, versions are told.
        _ = try client.status()
    }

    /// Waits for the next version.
    @discardableResult
    func next() throws -> VersionMessage {
        let message = try client.receive()
        guard message.header.type == .newVersion else {
            throw CommandFailure("the daemon said \(message.header.type.name), not new-version")
        }
        let version = try message.read { try VersionMessage($0) }
        versions.append(version)
        return version
    }

    /// Waits until a version with this number has come.
    func wait(for number: UInt64) throws {
        while (versions.last?.version ?? 0) < number { try next() }
    }
}

extension ControlClient {
    /// Asks until a version is the head: its reply is the event that is waited for.
    func waitForHead(_ version: UInt64) throws {
        try eventually("version \(version)") { try status()?.head == version }
    }

    /// Waits until attempts on enforced tables are in the audit log, newest first; the kernel has been put back by then, if it
    /// could be.
    @discardableResult
    func attempts(_ count: Int) throws -> [AuditMessage] {
        try eventualValue("\(count) attempts in the audit log") {
            let found = try audit(AuditRequest(action: "enforce"))
            return found.count >= count ? found : nil
        }
    }
}

extension Daemon {
    /// Has nft carry out lines, and returns its process id.
    @discardableResult
    func nft(_ lines: String...) throws -> UInt32 {
        let input = lines.joined(separator: "\n") + "\n"
        let child = try namespace.run { try ChildProcess("nft", ["-f", "-"], input: input) }
        let result = child.wait()
        guard result.status == 0 else { throw CommandFailure("nft: \(result.errors)\n\(input)") }
        return UInt32(child.pid)
    }

    /// A table as nft lists it, without counters; chains, sets and their elements in the order of their text.
    func listing(_ table: String) throws -> String {
        let words = ["-s", "list", "table"] + table.split(separator: " ").map(String.init)
        let result = try namespace.run { try ChildProcess("nft", words).wait() }
        guard result.status == 0 else { return "" }
        return SortedBraces.sorted(result.output).blocks.sorted().joined(separator: "\n")
    }
}

/// Puts what stands between innermost braces, separated by commas, into an order of its own.
///
/// Why: nft lists the elements of a hash set in the kernel's order, which is another each time.
enum SortedBraces {
    static func sorted(_ text: String) -> String {
        var done = ""
        var open: String?
        for character in text {
            if character == "{" {
                done += open.map { "{" + $0 } ?? ""
                open = ""
            } else if character == "}", let inner = open {
                done += "{" + order(inner) + "}"
                open = nil
            } else if open != nil {
                open?.append(character)
            } else {
                done.append(character)
            }
        }
        return done
    }

    private static func order(_ inner: String) -> String {
        guard inner.contains(", ") || inner.contains(",\n") else { return inner }
        let parts = inner.split(separator: ",").map { part in
            part.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        return " " + parts.sorted().joined(separator: ", ") + " "
    }
}

extension String {
    /// The parts of a table: what begins with one tab, up to the next that does.
    ///
    /// Why: nft lists chains and sets in the order in which they were made.
    fileprivate var blocks: [String] {
        var blocks: [String] = []
        for line in split(separator: "\n") {
            let isStart = !line.hasPrefix("\t\t") && !line.hasPrefix("\t}")
            if isStart || blocks.isEmpty {
                blocks.append(String(line))
            } else {
                blocks[blocks.count - 1] += "\n" + line
            }
        }
        return blocks
    }
}
