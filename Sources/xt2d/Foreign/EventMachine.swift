import NetlinkProto
import RuleStore

/// Puts the kernel's events together to commits: a message goes in, a whole commit comes out.
///
/// Pure: no I/O.
///
/// Invariants:
/// 1. A commit comes out only when its NEWGEN has come, which is the last message of it and names the process.
/// 2. What this daemon has committed itself is left out.
/// 3. When anything was lost, that is said before anything else comes out: by ``Outcome/lost``, or by ``overrun()``.
struct EventMachine {
    /// What a message leads to.
    enum Outcome: Equatable {
        /// The commit is not at its end.
        case none
        /// A commit is at its end.
        case commit(EndedCommit)
        /// A commit is at its end, and one before it has never come.
        case lost(GenerationID)
    }

    /// A commit of which all events have come.
    struct EndedCommit: Equatable {
        var generation: GenerationID
        var processID: UInt32?
        var processName: String?
        /// The changes in watched tables; empty for a commit of this daemon.
        var messages: [[UInt8]]
    }

    /// The netlink port of this daemon's writer.
    let own: PortID
    private var messages: [[UInt8]] = []
    private var byteCount = 0
    private var isTooLarge = false
    private var last: GenerationID?

    /// Bytes of one commit that are kept; more are read from the kernel's tables afterwards.
    static let commitBytes = 64 << 20

    init(own: PortID) {
        self.own = own
    }

    /// Takes in one message; `isWatched` says which tables matter.
    ///
    /// - Throws: ``WireError`` if the message cannot be read: something is lost then.
    mutating func take(
        _ view: borrowing MessageView, isWatched: (TableName) -> Bool
    ) throws(WireError) -> Outcome {
        guard view.header.type == .newGeneration else {
            if view.header.port != own { try keep(view, isWatched) }
            return .none
        }
        return end(try GenerationMessage(view))
    }

    private mutating func keep(
        _ view: borrowing MessageView, _ isWatched: (TableName) -> Bool
    ) throws(WireError) {
        guard !isTooLarge, let table = try TableName(of: view), isWatched(table) else { return }
        byteCount += view.bytes.byteCount
        isTooLarge = byteCount > EventMachine.commitBytes
        if isTooLarge { messages = [] } else { messages.append([UInt8](copying: view.bytes)) }
    }

    private mutating func end(_ generation: GenerationMessage) -> Outcome {
        let isGap = last.map { $0.next != generation.id } ?? false
        let ended = EndedCommit(
            generation: generation.id, processID: generation.processID,
            processName: generation.processName, messages: messages)
        let isWhole = !isGap && !isTooLarge
        forget()
        last = generation.id
        return isWhole ? .commit(ended) : .lost(generation.id)
    }

    /// Messages were lost for lack of room; what was collected is worth nothing.
    mutating func overrun() {
        forget()
        last = nil
    }

    private mutating func forget() {
        messages = []
        byteCount = 0
        isTooLarge = false
    }
}

extension TableName {
    /// The table that an nf_tables message is about: in all of them it is attribute 1.
    ///
    /// nil for one whose name is not text: no table of the ruleset has such a name.
    init?(of view: borrowing MessageView) throws(WireError) {
        let family = try view.netfilterHeader().family
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            guard attribute.type == 1 else { continue }
            guard let name = try? attribute.string() else { return nil }
            self.init(family: family.rawValue, name: name)
            return
        }
        return nil
    }
}
