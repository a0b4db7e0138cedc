import Foundation
import Glibc
import Synchronization

/// A network namespace of its own, entered by one thread that runs what a test gives it.
///
/// Programs that are started from there are in the namespace too. Nothing a test does in it can
/// touch the machine's own firewall. It ends with the value, or, if programs still run in it, with
/// the last of them.
public final class Namespace: Sendable {
    private let jobs = JobQueue()
    /// The thread's id, by which `ip link set … netns ID` finds the namespace.
    public let threadID: Int32

    /// Makes a namespace, with its loopback device up.
    ///
    /// - Throws: ``CommandFailure`` if this process may not make one: the tests want root, or
    ///   `unshare -rn`.
    public init() throws {
        let started = DispatchSemaphore(value: 0)
        let outcome = Mutex<(failure: Int32, thread: Int32)>((0, 0))
        let jobs = self.jobs
        let thread = Thread {
            let failure = unshareNetwork()
            outcome.withLock { $0 = (failure, currentThreadID()) }
            started.signal()
            guard failure == 0 else { return }
            while let job = jobs.next() { job() }
        }
        thread.start()
        started.wait()
        let (failure, threadNumber) = outcome.withLock { $0 }
        guard failure == 0 else {
            let reason = String(cString: strerror(failure))
            throw CommandFailure(
                "a network namespace: \(reason); run the tests as root or under `unshare -rn`")
        }
        threadID = threadNumber
        try run { _ = try Command.check("ip", "link", "set", "lo", "up") }
    }

    deinit { jobs.close() }

    /// Runs `body` in the namespace and waits for its end.
    ///
    /// Must not be called from within `body`.
    public func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) throws -> Result {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Swift.Result<Result, any Error>?>(nil)
        jobs.add {
            let value = Swift.Result { try body() }
            result.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        guard let value = result.withLock({ $0 }) else {
            throw CommandFailure("the namespace's thread gave no answer")
        }
        return try value.get()
    }
}

/// Work for the namespace's thread, in order.
private final class JobQueue: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    func add(_ job: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs.append(job) }
        available.signal()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        available.signal()
    }

    /// The next job; nil once the queue is closed and empty.
    func next() -> (@Sendable () -> Void)? {
        available.wait()
        return state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
    }
}

// Both functions are looked up by name because glibc shows them only to those who define
// `_GNU_SOURCE`.

/// Moves the calling thread into a network namespace of its own; the errno, or 0.
private func unshareNetwork() -> Int32 {
    typealias Unshare = @convention(c) (Int32) -> Int32
    guard let symbol = dlsym(nil, "unshare") else { return ENOSYS }
    let newNetwork: Int32 = 0x4000_0000  // CLONE_NEWNET
    return unsafeBitCast(symbol, to: Unshare.self)(newNetwork) == 0 ? 0 : errno
}

/// The kernel's number of the calling thread; 0 if it cannot be had.
private func currentThreadID() -> Int32 {
    typealias GetThreadID = @convention(c) () -> Int32
    guard let symbol = dlsym(nil, "gettid") else { return 0 }
    return unsafeBitCast(symbol, to: GetThreadID.self)()
}
