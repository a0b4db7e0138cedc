import NIOCore

/// Runs tasks on the thread of an event loop.
///
/// Why: of a task that changes threads, the next one sleeps and has to be woken, which takes longer than the work on a single edit.
/// Nothing that takes long may run here, since all clients of the loop wait for it.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        loop.execute { job.runSynchronously(on: executor) }
    }
}
