import NetlinkProto
import Synchronization

/// Tells those who follow of each version when it is made.
///
/// A follower that does not read what it is told loses its place: the committer waits for nobody.
final class VersionFeed: Sendable {
    private struct State {
        var followers: [Int: AsyncThrowingStream<VersionMessage, any Error>.Continuation] = [:]
        var next = 0
    }

    /// A follower was not told of a version, because it has not read those before.
    struct Overrun: Error {}

    private let state = Mutex(State())

    /// Versions that wait for a follower at most.
    static let queueLength = 1_024

    /// All versions from now on, until the task that reads them is cancelled.
    func follow() -> AsyncThrowingStream<VersionMessage, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(
            of: VersionMessage.self, bufferingPolicy: .bufferingOldest(VersionFeed.queueLength))
        let number = state.withLock { state in
            state.next += 1
            state.followers[state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.followers[number] = nil }
        }
        return stream
    }

    /// Tells all who follow.
    func publish(_ version: VersionMessage) {
        let followers = state.withLock { Array($0.followers.values) }
        for follower in followers {
            if case .dropped = follower.yield(version) { follower.finish(throwing: Overrun()) }
        }
    }
}
