import NetlinkProto

/// Commits of others that were heard of and are not taken in, in order.
struct Backlog {
    private(set) var commits: [KernelCommit] = []
    /// Bytes of their messages.
    private var byteCount = 0

    /// Commits that are kept while they cannot be written to the store.
    private static let commitLimit = 65_536
    /// Bytes of them.
    private static let byteLimit = 256 << 20

    /// Whether there are more than are kept: what they come to can still be read from the kernel's tables.
    var isTooLarge: Bool {
        commits.count > Backlog.commitLimit || byteCount > Backlog.byteLimit
    }

    var isEmpty: Bool { commits.isEmpty }

    /// Puts commits behind those that are there.
    mutating func append(_ more: some Sequence<KernelCommit>) {
        for commit in more {
            commits.append(commit)
            byteCount += commit.byteCount
        }
    }

    /// Takes out so many from the front.
    mutating func removeFirst(_ count: Int) {
        byteCount -= commits.prefix(count).reduce(0) { $0 + $1.byteCount }
        commits.removeFirst(count)
    }

    /// Takes out all up to a generation.
    mutating func removeAll(upTo generation: GenerationID) {
        removeFirst(commits.prefix { !$0.generation.isAfter(generation) }.count)
    }
}

extension KernelCommit {
    /// Bytes of the messages.
    var byteCount: Int { messages.reduce(0) { $0 + $1.count } }
}
