import Logging
import NIOCore
import NIOPosix
import NetlinkProto
import RuleStore
import Synchronization
import TestSupport
import Testing

@testable import xt2d

/// A committer on a store of its own, against a kernel that does what the test wants.
final class CommitterBench: Sendable {
    typealias Answer = Result<EditReply, Refusal>

    let store: RuleStore
    let kernel: FakeKernel
    let committer: Committer
    /// What the kernel tells of others; the test puts it in.
    let inbox: ForeignInbox?
    /// The store's file.
    var database: String { directory.file("rules.db") }
    private let directory: TemporaryDirectory
    /// For all benches, and never shut down: who waits for that keeps a thread of Swift's pool, and the end needs one of them.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    /// - Parameter listens: whether others' commits can be heard of.
    init(listens: Bool = false) throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file("rules.db"))
        kernel = FakeKernel(Marker(uuid: store.uuid, version: .empty))
        let configuration = LiveConfiguration(Configuration())
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        // Its thread is not started.
        let monitor = listens ? try Monitor(own: PortID(rawValue: 1), log: log) : nil
        inbox = monitor?.inbox
        committer = Committer(
            Recovered(
                store: store, kernel: kernel,
                head: Head(
                    version: .empty, ruleset: Ruleset(), handles: RuleHandles(), generation: 1),
                graph: ChainGraph(), nextID: .first, marked: .empty, lapsed: [],
                ownership: [.owner, .persist],
                bootID: "boot", confirmation: nil, notices: []),
            configuration: configuration, monitor: monitor,
            status: DaemonStatus(
                notices: [], places: ClientPlaces(configuration), configuration: configuration),
            eventLoop: CommitterBench.group.next(), log: log)
    }

    deinit {
        // Closures that the test gave it may know the kernel itself.
        kernel.fate = { _ in .taken }
        try? store.close()
    }

    /// A client's batch.
    static func batch(
        _ options: BatchOptions = BatchOptions(), _ build: (inout EditScript) -> Void
    ) -> EditBatch {
        var script = EditScript()
        build(&script)
        var received = ReceivedEdits()
        for message in script.messages { received.take(message) }
        return EditBatch(options: options, sequence: SequenceNumber(1), received: received)
    }

    /// Makes a table `inet t` with the chains `a` and `b`, as version 1.
    func makeTable() async throws {
        let answers = await commit([
            CommitterBench.batch {
                $0.addTable()
                $0.addChain("a")
                $0.addChain("b")
            }
        ])
        _ = try #require(answers.first).get()
    }

    /// What batches come to that wait together; clients are told apart by their process id.
    func commit(_ batches: [EditBatch]) async -> [Answer] {
        let answers = Mutex<[Int: Answer]>([:])
        let items = batches.enumerated().map { index, batch in
            EditQueue.Item(batch: batch, peer: Peer(uid: 0, gid: 0, pid: Int32(100 + index))) {
                answer in answers.withLock { $0[index] = answer }
            }
        }
        await committer.editTogether(items)
        return answers.withLock { answers in batches.indices.compactMap { answers[$0] } }
    }

    static func version(_ answer: Answer) -> UInt64? {
        guard case .success(.version(let message, _)) = answer else { return nil }
        return message.version
    }

    /// Store and committer are at one version, the kernel at the last that is not another program's, and the log is sound.
    func expectAgreement(at version: UInt64, marked: UInt64? = nil) async throws {
        #expect(try store.head().rawValue == version)
        #expect(try store.pendingVersions() == [])
        #expect(kernel.liveMarker.version.rawValue == marked ?? version)
        let head = await committer.head
        #expect(head.version.rawValue == version)
        #expect(try store.loadRuleset(at: head.version) == head.ruleset)
        #expect(try store.verifyAudit().faults == [])
        let rules = head.ruleset.allObjects.filter { $0.kind == .rule }
        #expect(rules.allSatisfy { head.handles[$0.id] != nil })
    }
}
