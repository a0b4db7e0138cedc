import Foundation
import NetlinkProto
import Synchronization
import Testing

@testable import xt2d

/// What the monitor puts in, and who is called for it.
@Suite struct ForeignInboxTests {
    private let inbox = ForeignInbox()

    private func commit(_ generation: UInt32) -> KernelCommit {
        KernelNews.commit(generation, KernelNews.newChain("c"))
    }

    @Test func theListenerIsCalledOnceUntilAllIsTaken() {
        let calls = Mutex(0)
        inbox.onArrival { calls.withLock { $0 += 1 } }
        for generation in 1...3 { inbox.add(commit(UInt32(generation))) }
        // A commit without changes only tells how far the kernel is.
        inbox.add(KernelNews.commit(4))
        #expect(calls.withLock { $0 } == 1)
        #expect(inbox.take().commits.map(\.generation.rawValue) == [1, 2, 3])
        inbox.add(KernelNews.commit(5))
        #expect(calls.withLock { $0 } == 1)
        inbox.add(commit(6))
        #expect(calls.withLock { $0 } == 2)
        inbox.close()
        _ = inbox.take()
        inbox.add(commit(7))
        #expect(calls.withLock { $0 } == 2)
    }

    /// What reads the listener may not wrap it: the calls would become slower each time, and overflow the stack in the end.
    @Test func theListenerIsCalledDirectlyEachTime() {
        let depths = Mutex<[Int]>([])
        inbox.onArrival { depths.withLock { $0.append(Thread.callStackReturnAddresses.count) } }
        for generation in 1...20 {
            inbox.add(commit(UInt32(generation)))
            _ = inbox.take()
        }
        #expect(depths.withLock { $0.count } == 20)
        #expect(Set(depths.withLock { $0.dropFirst() }).count == 1)
    }
}
