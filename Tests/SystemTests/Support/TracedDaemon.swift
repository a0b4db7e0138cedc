import Foundation
import TestSupport

/// A daemon under strace, which takes down what it sends to nf_tables.
struct TracedDaemon {
    /// One batch, as strace decodes it.
    struct Sent {
        /// `NEWRULE`, `DELRULE`, …: everything between BATCH_BEGIN and BATCH_END.
        let messages: [Substring]
        /// What the kernel says it took.
        let byteCount: Int

        /// How many of the messages are of a kind.
        func count(_ kind: Substring) -> Int { messages.count { $0 == kind } }

        /// A line of strace; nil if it is not about a batch.
        init?(_ line: Substring) {
            guard line.contains("NFNL_MSG_BATCH_BEGIN"),
                let result = line.split(separator: " = ").last.flatMap({ Int($0) })
            else { return nil }
            byteCount = result
            messages = line.split(separator: "|NFT_MSG_", omittingEmptySubsequences: false)
                .dropFirst().map { $0.prefix { $0 != "," } }
        }
    }

    let daemon: Daemon
    private let trace: String

    /// Messages of a batch that strace shows; it counts them by the limit for texts.
    private static let shownMessages = "2000"

    init() throws {
        let directory = try TemporaryDirectory()
        trace = directory.file("trace")
        // With -D the daemon, not strace, is the child of the test.
        daemon = try Daemon(
            directory: directory,
            prefix: [
                "strace", "-D", "-f", "-qq", "-s", Self.shownMessages, "-o", trace,
                "-e", "trace=sendto,sendmsg", "-e", "signal=none",
            ])
    }

    /// All batches so far.
    ///
    /// None is missing: strace writes a call down before it lets the daemon go on.
    func batches() throws -> [Sent] {
        try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
            .compactMap { Sent($0) }
    }

    /// The batches that `body` causes.
    func batches(during body: () throws -> some Any) throws -> [Sent] {
        let before = try batches().count
        _ = try body()
        return Array(try batches().dropFirst(before))
    }
}
