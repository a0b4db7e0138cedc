import NetlinkProto
import Synchronization

/// Edits that wait for the committer.
///
/// While one commit is under way others arrive; what has gathered when it ends becomes the next one.
final class EditQueue: Sendable {
    /// One client's batch, and where its answer goes.
    struct Item: Sendable {
        let batch: EditBatch
        let peer: Peer
        let answer: @Sendable (Result<EditReply, Refusal>) -> Void
    }

    private struct State {
        var items: [Item] = []
        /// Whether the committer is on its way to take what is here.
        var isAwaited = false
    }

    private let state = Mutex(State())

    /// How many versions are committed together at most: the first of them waits for all.
    static let groupLimit = 64

    /// Puts a batch at the end.
    ///
    /// - Returns: whether the committer has to be called.
    func add(_ item: Item) -> Bool {
        state.withLock { state in
            state.items.append(item)
            defer { state.isAwaited = true }
            return !state.isAwaited
        }
    }

    /// Takes as many as are committed together, the oldest first.
    ///
    /// - Returns: also whether the committer has to come again.
    func take() -> (group: [Item], isMore: Bool) {
        state.withLock { state in
            let group = Array(state.items.prefix(EditQueue.groupLimit))
            state.items.removeFirst(group.count)
            state.isAwaited = !state.items.isEmpty
            return (group, state.isAwaited)
        }
    }
}

extension EditBatch {
    /// Whether the batch may share a commit: a small one that becomes a version at once and is final.
    ///
    /// A large one is worth a commit of its own, and others should not wait until it is worked out.
    var mayShare: Bool {
        options.candidate == nil && options.confirm == nil && !options.check
            && received.count <= EditBatch.sharedMessages
            && received.byteCount <= EditBatch.sharedBytes
    }

    /// How many edits a batch has at most that shares a commit.
    static let sharedMessages = 64
    private static let sharedBytes = 64 << 10
}
