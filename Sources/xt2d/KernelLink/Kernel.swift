import NetlinkProto
import RuleStore

/// What came of a batch.
enum BatchOutcome: Sendable {
    /// The kernel runs it. `places` lacks rules whose echo was lost, if `complete` is false.
    case committed(places: [ObjectID: KernelPlace], complete: Bool)
    /// Nothing has changed: one message was refused.
    case refused(KernelError)
    /// Nothing has changed: someone committed since the generation that the batch was planned on.
    case generationMoved
    /// The answer was lost; only the marker can tell.
    case unknown(KernelError)
}

/// The daemon's view of nf_tables in one network namespace.
///
/// There is one real implementation, ``KernelLink``; tests put faults in front of it.
protocol Kernel: AnyObject {
    /// The number by which the kernel names this daemon's commits, and the owner of its tables.
    var port: PortID { get }
    /// The kernel's count of commits.
    func generation() throws(KernelError) -> GenerationID
    /// Hands a batch to the kernel.
    func commit(_ batch: KernelBatch) -> BatchOutcome
    /// Lists objects: sends a dump request and calls `body` with each message of the reply.
    ///
    /// - Throws: ``KernelError`` with EINTR if a commit came in between; ask again.
    func dump(
        _ type: MessageType, family: Family, _ attributes: (inout MessageWriter) -> Void,
        _ body: (borrowing MessageView) throws(WireError) -> Void
    ) throws(KernelError)
    /// Sets the counters of the rule that `rule` names by its kernel handle to zero.
    func resetRule(_ rule: RuleMessage) throws(KernelError)
    /// What the counters of the rule stand at that `rule` names by its kernel handle, in the order of its expressions.
    func counters(of rule: RuleMessage) throws(KernelError) -> [CounterExpression]
    /// What the policy of the chain that `chain` names has counted; nil if it does not count.
    func counters(of chain: ChainMessage) throws(KernelError) -> CounterExpression?
}

extension Kernel {
    /// How often a dump is asked for again when commits keep coming in between.
    private static var dumpAttempts: Int { 100 }

    /// The marker, or nil if the kernel has none.
    func marker() throws(KernelError) -> Marker? {
        var marker: Marker?
        let request: (inout MessageWriter) -> Void = { $0.attribute(1, string: Marker.table) }
        try stable { () throws(KernelError) in
            marker = nil
            try self.dump(.getObject, family: Marker.family, request) { view throws(WireError) in
                marker = Marker(try ObjectMessage(view)) ?? marker
            }
        }
        return marker
    }

    /// Repeats `body`, which dumps, until no commit came in between.
    func stable(_ body: () throws(KernelError) -> Void) throws(KernelError) {
        for _ in 1..<Self.dumpAttempts {
            do {
                return try body()
            } catch  where error.errno == Errno.interrupted {
                continue
            }
        }
        try body()
    }
}

extension Errno {
    /// EINTR: a dump saw a change half way.
    static let interrupted: Int32 = 4
    /// ENOENT.
    static let noEntry: Int32 = 2
}
