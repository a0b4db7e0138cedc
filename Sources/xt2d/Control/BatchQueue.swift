import Synchronization

/// How many bytes of batches the daemon holds: those that are on their way in, and those that wait for the committer.
final class BatchQueue: Sendable {
    private let bytes = Atomic<Int>(0)

    /// One batch's part; given back when the value ends.
    final class Share: Sendable {
        private let queue: BatchQueue
        private let bytes = Atomic<Int>(0)

        init(_ queue: BatchQueue) {
            self.queue = queue
        }

        deinit { queue.bytes.subtract(bytes.load(ordering: .relaxed), ordering: .relaxed) }

        /// Takes so much more; false, and nothing is taken, if all would have more than `limit`.
        func take(_ count: Int, limit: Int) -> Bool {
            guard queue.bytes.add(count, ordering: .relaxed).newValue <= limit else {
                queue.bytes.subtract(count, ordering: .relaxed)
                return false
            }
            bytes.add(count, ordering: .relaxed)
            return true
        }
    }
}
