import Glibc
import NetlinkProto
import RuleSyntax

/// What xt2d refused, and of which edit.
struct EditRefusal: Error, Equatable {
    /// Which edit; nil for the batch as a whole.
    var index: Int?
    /// Why, as a number.
    var errno: Int32
    /// Why, for people.
    var message: String
    /// Whether an attribute is at fault: a name of something that is not there.
    var namesAttribute: Bool
}

/// What came of a batch.
enum EditResult: Equatable {
    case done
    case refused(EditRefusal)
}

/// A conversation with the daemon on behalf of iptables' commands, which answer with the errno rather than with sentences.
struct CompatClient: ~Copyable {
    private var client: Client

    /// The environment variable that makes changes that cut a protected connection; iptables has no option for that.
    static let forceVariable = "XT2_FORCE"

    /// Connects to the daemon.
    init() throws(CompatError) {
        let force = getenv(CompatClient.forceVariable).map { String(cString: $0) }
        do {
            client = try SocketPath(option: nil).connect(force: force == "1")
        } catch {
            throw CompatError(error)
        }
    }

    /// Goes on with a connection that is there.
    init(_ client: consuming Client) {
        self.client = client
    }

    /// Sends edits as one version, and tells all that came of it.
    ///
    /// - Throws: which edit was refused and why; nothing was changed then.
    mutating func commit(_ batch: EditBatch) throws(EditFailure) -> EditOutcome {
        try client.commit(batch)
    }

    /// Sends edits as one version.
    ///
    /// - Throws: if the daemon cannot be understood; what it refuses is a result.
    mutating func commit(
        _ edits: [Edit], _ options: BatchOptions
    ) throws(CompatError) -> EditResult {
        if edits.isEmpty { return .done }
        let batch = EditBatch(edits: edits, options: options, echo: false)
        let first = client.takeSequence(batch.messageCount)
        var writer = MessageWriter(capacity: 256 * batch.messageCount)
        batch.write(first: first, to: &writer)
        var version: VersionMessage?
        let reply = try exchange(writer) { view throws(WireError) in
            if view.header.type == .newVersion { version = try VersionMessage(view) }
        }
        if reply.errno == 0 {
            Warnings.show(version)
            return .done
        }
        return .refused(
            EditRefusal(
                index: batch.index(of: reply.request.sequence, first: first), errno: reply.errno,
                message: reply.message, namesAttribute: reply.offset != nil))
    }

    /// A table, or one chain of it; nil if there is none of this name.
    mutating func table(
        _ name: String, _ family: Family, chain: String? = nil, counters: Bool = false,
        candidate: UInt64? = nil, policyCounters: Bool = false
    ) throws(CompatError) -> TableListing? {
        let request = RulesetRequest(
            family: family.rawValue, table: name, chain: chain, counters: counters,
            candidate: candidate, policyCounters: policyCounters)
        var collector = RulesetCollector()
        let reply = try send(.getRuleset, request, flags: [.request, .acknowledge, .dump]) {
            view throws(WireError) in
            try collector.take(view)
        }
        if reply.errno == ENOENT { return nil }
        try check(reply)
        return collector.listing.tables.first
    }

    /// The number of the head version.
    mutating func head() throws(CompatError) -> UInt64 {
        var head: UInt64 = 0
        let reply = try send(
            .getVersion, VersionRequest(limit: 1), flags: [.request, .acknowledge, .dump]
        ) { view throws(WireError) in
            if view.header.type == .newVersion { head = try VersionMessage(view).version }
        }
        try check(reply)
        return head
    }

    /// Sets counters to zero: of a rule, a chain, or a table.
    ///
    /// - Returns: whether it is there.
    mutating func zero(_ rule: RuleMessage) throws(CompatError) -> Bool {
        let header = MessageHeader(
            type: .getRuleReset, flags: [.request, .acknowledge], sequence: client.takeSequence())
        var writer = MessageWriter()
        rule.write(header, to: &writer)
        let reply = try exchange(writer) { _ in }
        if reply.errno == ENOENT { return false }
        try check(reply)
        return true
    }

    private mutating func send(
        _ type: MessageType, _ body: some ControlBody, flags: MessageFlags,
        _ receive: (borrowing MessageView) throws(WireError) -> Void
    ) throws(CompatError) -> Acknowledgement {
        var writer = MessageWriter()
        body.write(
            MessageHeader(type: type, flags: flags, sequence: client.takeSequence()), to: &writer)
        return try exchange(writer, receive)
    }

    private mutating func exchange(
        _ writer: consuming MessageWriter,
        _ receive: (borrowing MessageView) throws(WireError) -> Void
    ) throws(CompatError) -> Acknowledgement {
        do {
            return try client.exchange(writer, receive)
        } catch {
            throw CompatError(error)
        }
    }

    private func check(_ reply: Acknowledgement) throws(CompatError) {
        if reply.errno != 0 { throw CompatError(CommandError(reply)) }
    }
}
