import Glibc
import Logging
import NetlinkProto
import RuleStore

/// Listens to what the kernel tells of all commits, on a thread and a socket of its own, and fills the inbox.
///
/// The thread lives as long as the process. It reads at once whatever the committer is doing, so that the socket does not run
/// over and the process behind a commit is still there to be looked up.
final class Monitor: Sendable {
    let inbox = ForeignInbox()
    // Membership is set from the committer's thread; everything else is the monitor's own.
    nonisolated(unsafe) private let socket: NetlinkSocket
    private let own: PortID
    private let log: Logger

    /// Room for events that were not read yet; `nft flush ruleset` of 100,000 rules takes about 40 MB.
    private static let receiveBytes = 128 << 20

    /// A monitor of the calling thread's network namespace that hears nothing yet.
    init(own: PortID, log: Logger) throws(KernelError) {
        socket = try NetlinkSocket()
        self.own = own
        self.log = log
    }

    /// Begins to listen.
    ///
    /// Why not always: with a listener, the kernel makes a message of each object of each commit.
    func join() throws(KernelError) {
        socket.reserve(sendBytes: 0, receiveBytes: Monitor.receiveBytes)
        try socket.join(group: NetlinkSocket.tablesGroup)
    }

    /// Starts the thread.
    func start() {
        var thread = pthread_t()
        let monitor = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Monitor>.fromOpaque(pointer).takeRetainedValue().listen()
                return nil
            }, monitor.toOpaque())
        guard result == 0 else {
            monitor.release()
            return log.error("the monitor cannot be started", metadata: ["error": "\(result)"])
        }
        pthread_detach(thread)
    }

    private func listen() {
        var machine = EventMachine(own: own)
        var failures = 0
        while failures < Monitor.failureLimit {
            do {
                _ = try socket.receive(wait: true) { view throws(KernelError) in
                    deliver(take(view, &machine))
                }
                failures = 0
            } catch {
                if error.errno != ENOBUFS {
                    failures += 1
                    log.error("the monitor", metadata: ["error": "\(error.description)"])
                }
                machine.overrun()
                // The kernel drops events until everything that is queued was read; only then the tables are worth reading.
                socket.drain()
                inbox.addLoss(nil)
            }
        }
    }

    /// Errors in a row, of other kinds than an overrun, after which nothing is heard any more.
    private static let failureLimit = 1_000

    private func take(
        _ view: borrowing MessageView, _ machine: inout EventMachine
    ) -> EventMachine.Outcome? {
        do {
            return try machine.take(view) { inbox.isWatched($0) }
        } catch {
            machine.overrun()
            log.error("an event cannot be read", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func deliver(_ outcome: EventMachine.Outcome?) {
        switch outcome {
        case .some(.none): return
        case nil: inbox.addLoss(nil)
        case .lost(let generation): inbox.addLoss(generation)
        case .commit(let commit):
            let origin =
                commit.messages.isEmpty
                ? .unknown
                : ForeignProcess(looking: commit.processID, name: commit.processName)
            inbox.add(
                KernelCommit(
                    generation: commit.generation, origin: origin, time: .now,
                    messages: commit.messages))
        }
    }
}
