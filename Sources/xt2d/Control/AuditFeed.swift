import Synchronization

/// Wakes those who wait for new entries of the audit log.
final class AuditFeed: Sendable {
    private struct State {
        var writes: UInt64 = 0
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// How many writes there have been; to be asked for before the log is read.
    var writes: UInt64 { state.withLock { $0.writes } }

    /// Says that something was written.
    func signal() {
        let waiters = state.withLock { state in
            state.writes += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Waits until there have been more writes than `seen`, or a time is over, or the task is cancelled.
    func wait(past seen: UInt64, for time: Duration) async {
        await withTaskGroup { group in
            group.addTask { await self.wait(past: seen) }
            group.addTask { try? await Task.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(past seen: UInt64) async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // What happens before the continuation is here is seen here.
                    if state.writes > seen || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}
