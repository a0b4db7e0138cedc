import Dispatch
import Synchronization

/// Work that goes on beside the caller's, on another thread.
///
/// For what takes long and needs nothing but its arguments.
public final class SideTask<Value: Sendable>: Sendable {
    private let group = DispatchGroup()
    private let result = Mutex<Result<Value, any Error>?>(nil)

    /// Begins the work.
    public init(_ body: @escaping @Sendable () throws -> Value) {
        // A queue of its own gets a thread at once. The shared one has as many as there are processors, and those who wait for the
        // work may hold them all.
        DispatchQueue(label: "SideTask").async(group: group) { [self] in
            let value = Result { try body() }
            result.withLock { $0 = value }
        }
    }

    /// What came of it; waits until that is known.
    ///
    /// - Throws: what the work threw.
    public func value() throws -> Value {
        group.wait()
        guard let result = result.withLock({ $0 }) else {
            throw StoreError(.other, "a task without a result")
        }
        return try result.get()
    }
}
