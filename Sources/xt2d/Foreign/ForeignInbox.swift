import Dispatch
import NetlinkProto
import RuleStore
import Synchronization

/// What the monitor has heard and the committer has not taken yet.
final class ForeignInbox: Sendable {
    /// What is there to be taken.
    struct Content: Sendable {
        var commits: [KernelCommit] = []
        /// The last generation that was heard of.
        var last: GenerationID?
        /// Whether anything was missed, so that the tables have to be read.
        var isIncomplete = false
        /// Bytes of the commits.
        var byteCount = 0
    }

    private struct State {
        var content = Content()
        var watched: Set<TableName> = []
        var isAwaited: (generation: GenerationID, DispatchSemaphore)?
        var hasCalled = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let listener = Mutex<Listener?>(nil)

    /// In a type of its own, because a generic type wraps a bare closure once more each time it is read.
    private struct Listener {
        let call: @Sendable () -> Void
    }

    /// Sets who is called, once, when there is something to take.
    func onArrival(_ body: @escaping @Sendable () -> Void) {
        listener.withLock { $0 = Listener(call: body) }
    }

    /// The tables whose changes are kept.
    var watched: Set<TableName> {
        get { state.withLock { $0.watched } }
        set { state.withLock { $0.watched = newValue } }
    }

    /// Whether changes of a table are kept.
    func isWatched(_ table: TableName) -> Bool {
        state.withLock { $0.watched.contains(table) }
    }

    /// Puts in a commit; one without changes only tells how far the kernel is.
    func add(_ commit: KernelCommit) {
        change { content in
            content.last = commit.generation
            guard !commit.messages.isEmpty else { return false }
            content.commits.append(commit)
            content.byteCount += commit.messages.reduce(0) { $0 + $1.count }
            if content.byteCount > ForeignInbox.byteLimit {
                content.commits = []
                content.byteCount = 0
                content.isIncomplete = true
            }
            return true
        }
    }

    /// Bytes of commits that are kept; beyond that the tables are read.
    private static let byteLimit = 256 << 20

    /// Begins: what was committed up to a generation is not told.
    ///
    /// - Parameter isComplete: whether nothing that matters came before.
    func begin(at generation: GenerationID, isComplete: Bool) {
        change { content in
            if !content.reaches(generation) { content.last = generation }
            if !isComplete { content.isIncomplete = true }
            return !isComplete
        }
    }

    /// Says that something was missed; `generation` if it is known how far the kernel is.
    func addLoss(_ generation: GenerationID?) {
        change { content in
            content.isIncomplete = true
            content.last = generation ?? content.last
            return true
        }
    }

    private func change(_ body: (inout Content) -> Bool) {
        let calls = state.withLock { state in
            let matters = body(&state.content)
            if let (generation, semaphore) = state.isAwaited,
                state.content.reaches(generation) || state.content.isIncomplete
            {
                state.isAwaited = nil
                semaphore.signal()
            }
            guard matters, !state.hasCalled, !state.isClosed else { return false }
            state.hasCalled = true
            return true
        }
        if calls { listener.withLock { $0 }?.call() }
    }

    /// Takes out what is there.
    func take() -> Content {
        state.withLock { state in
            let content = state.content
            state.content = Content(last: content.last)
            state.hasCalled = false
            return content
        }
    }

    /// Waits until everything up to a generation is there.
    ///
    /// - Returns: false if it has not come in time.
    func wait(for generation: GenerationID) -> Bool {
        let semaphore = state.withLock { state -> DispatchSemaphore? in
            if state.content.reaches(generation) || state.content.isIncomplete { return nil }
            let semaphore = DispatchSemaphore(value: 0)
            state.isAwaited = (generation, semaphore)
            return semaphore
        }
        guard let semaphore else { return true }
        return semaphore.wait(timeout: .now() + ForeignInbox.patience) == .success
    }

    /// The kernel tells of a commit before the next one can begin.
    private static let patience = DispatchTimeInterval.seconds(2)

    /// Nobody is called any more.
    func close() {
        state.withLock { $0.isClosed = true }
    }
}

extension ForeignInbox.Content {
    fileprivate func reaches(_ generation: GenerationID) -> Bool {
        last.map { $0 == generation || $0.isAfter(generation) } ?? false
    }
}

extension GenerationID {
    /// Whether a generation is a later one; the count starts again after 2^32.
    func isAfter(_ other: GenerationID) -> Bool {
        Int32(bitPattern: rawValue &- other.rawValue) > 0
    }
}
