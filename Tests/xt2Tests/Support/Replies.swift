import NetlinkProto
import RuleSyntax

/// Builds replies as the daemon writes them.
struct ReplyWriter {
    private var writer = MessageWriter()
    let request: ScriptedDaemon.Request

    /// A reply to `request`, or to the batch that it begins.
    init(to request: ScriptedDaemon.Request) {
        self.request = request
    }

    /// All bytes so far.
    var bytes: [UInt8] { writer.bytes }

    /// One part of the reply.
    func part(_ type: MessageType, _ body: some ControlBody, multipart: Bool = false) -> ReplyWriter
    {
        var reply = self
        body.write(header(type, multipart ? .multipart : []), to: &reply.writer)
        return reply
    }

    /// A table of a listing.
    func part(_ table: TableMessage) -> ReplyWriter {
        var reply = self
        table.write(header(.newTable, .multipart), to: &reply.writer)
        return reply
    }

    /// A chain of a listing.
    func part(_ chain: ChainMessage) -> ReplyWriter {
        var reply = self
        chain.write(header(.newChain, .multipart), to: &reply.writer)
        return reply
    }

    /// A rule of a listing, or what a batch says about a new one.
    func part(_ rule: RuleMessage, sequence: SequenceNumber? = nil) -> ReplyWriter {
        var reply = self
        var header = header(.newRule, .multipart)
        if let sequence { header.sequence = sequence }
        rule.write(header, to: &reply.writer)
        return reply
    }

    /// The end of a list.
    func done() -> ReplyWriter {
        var reply = self
        reply.writer.message(header(.done, .multipart)) { $0.hostWord(0) }
        return reply
    }

    /// The acknowledgement, good or bad.
    func acknowledged(
        _ errno: Int32 = 0, _ message: String = "", at sequence: SequenceNumber? = nil
    ) -> ReplyWriter {
        var reply = self
        var header = request.header
        if let sequence { header.sequence = sequence }
        Acknowledgement(errno: errno, request: header, message: message)
            .write(to: &reply.writer, port: .kernel)
        return reply
    }

    private func header(_ type: MessageType, _ flags: MessageFlags) -> MessageHeader {
        MessageHeader(type: type, flags: flags, sequence: request.header.sequence)
    }
}

/// Things that replies describe.
enum Sample {
    static let version = VersionMessage(
        version: 7, time: 1_772_370_309_000_250, uid: 0, gid: 0, pid: 4711, process: "xt2", kind: 0,
        changeCount: 1, reason: "let me in")
    static let rollback = VersionMessage(
        version: 8, time: 1_772_370_400_000_000, uid: 4_000_000_000, gid: 100, pid: 4712,
        process: "xt2", kind: 1, rolledBackTo: 3, changeCount: 12, reason: "",
        summary: "+2 -1 ~3 rules in 2 chains of inet filter", tag: ["good", "before-upgrade"])
    static let waiting = VersionMessage(
        version: 9, time: 1_772_370_500_000_000, uid: 0, gid: 0, pid: 4713, process: "xt2", kind: 0,
        changeCount: 1, reason: "try", summary: "+1 -0 rules in inet filter input",
        confirmation: 0, deadline: 1_772_370_560_000_400)
    static let reverted = VersionMessage(
        version: 9, time: 1_772_370_500_000_000, uid: 0, gid: 0, pid: 4713, process: "xt2", kind: 0,
        changeCount: 1, reason: "try", summary: "+1 -0 rules in inet filter input",
        confirmation: 2, deadline: 1_772_370_560_000_400, settledBy: 10, pruned: true)
    static let revert = VersionMessage(
        version: 10, time: 1_772_370_560_100_000, uid: 0, gid: 0, pid: 1, process: "xt2d", kind: 4,
        rolledBackTo: 8, changeCount: 1, reason: "version 9 was not confirmed in time",
        summary: "+0 -1 rules in inet filter input", reverts: 9)
    static let check = CheckMessage(
        version: 9, changeCount: 2, messageCount: 6, byteCount: 612,
        summary: "+1 -1 rules in inet filter input")
    static let blame = [
        BlameMessage(
            id: 42, index: 0, version: 7, time: 1_772_370_309_000_250, uid: 0, process: "xt2",
            kind: 0, reason: "let me in", body: rule(42, "--dport 22").body.encodedOrEmpty),
        BlameMessage(
            id: 40, index: 1, version: 12, time: 1_772_370_400_000_000, uid: 4_000_000_000,
            process: "xt2", kind: 1, reason: "", body: rule(40, "--dport 23").body.encodedOrEmpty),
    ]
    static let status = StatusMessage(
        daemonVersion: "0.1.0", uuid: Array(0..<16), head: 8, generation: 77,
        database: "/var/lib/xt2/rules.db", started: 1_772_300_000_000_000, tables: 1, chains: 2,
        rules: 10_000, candidates: 1, clients: 2,
        notice: ["The kernel is too old for owned tables."])
    static let candidate = CandidateMessage(
        id: 3, base: 7, time: 1_772_370_309_000_000, uid: 0, operationCount: 2, reason: "move ssh")
    static let audit = [
        AuditMessage(
            sequence: 12, time: 1_772_370_309_000_000, uid: 0, gid: 0, pid: 4711, process: "xt2",
            loginUID: 4_000_000_000, action: "insert", outcome: "committed", version: 7,
            generation: 76, scope: "inet filter input", reason: "let me in", changeCount: 1,
            hash: Array(repeating: 0xAB, count: 32)),
        AuditMessage(
            sequence: 9, time: 1_772_370_000_000_000, uid: 4_000_000_000, gid: 100, pid: 99,
            process: "bash", action: "delete table", outcome: "refused", scope: "",
            error: "There is no table inet x.", changeCount: 0,
            hash: Array(repeating: 0, count: 32)),
    ]
}

extension Sample {
    static let table = TableMessage(
        family: .inet, name: "filter", handle: Handle(1),
        body: TableBody(flags: [.owner, .persist]))
    static let chain = ChainMessage(
        family: .inet, table: "filter", name: "input", handle: Handle(2),
        body: ChainBody(hook: Hook(number: 1, priority: 0), policy: .drop, type: "filter"))

    static func body(_ text: String) -> RuleBody {
        let words = "-p tcp \(text) -j ACCEPT".split(separator: " ").map(String.init)
        let context = RuleContext(family: .inet, table: "filter", chain: "input")
        do {
            return try RuleText.parse(words, context: context).body
        } catch {
            return RuleBody(userData: Array("\(error)".utf8))
        }
    }

    static func rule(_ id: UInt64, _ text: String) -> RuleMessage {
        RuleMessage(
            family: .inet, table: "filter", chain: "input", handle: Handle(id),
            kernelHandle: Handle(id + 100), body: body(text))
    }

    private static func change(
        _ kind: ObjectMessageKind, _ id: UInt64, _ name: String, _ before: (any AttributeBody)?,
        _ after: (any AttributeBody)?, indices: (UInt32?, UInt32?) = (nil, nil)
    ) -> ChangeMessage {
        ChangeMessage(
            kind: kind.rawValue, id: id, family: Family.inet.rawValue, table: "filter", name: name,
            before: before.flatMap { try? $0.encoded() },
            after: after.flatMap { try? $0.encoded() },
            indexBefore: indices.0, indexAfter: indices.1)
    }

    /// One of each kind of change, in no order.
    static let changes: [ChangeMessage] = {
        var accepting = chain.body
        accepting.policy = .accept
        var renamed = change(.chain, 3, "lan", ChainBody(), ChainBody())
        renamed.oldName = "from_lan"
        return [
            change(.rule, 42, "input", nil, body("--dport 22"), indices: (nil, 2)),
            change(.rule, 40, "input", body("--dport 23"), nil, indices: (0, nil)),
            change(.rule, 41, "input", body("--dport 53"), body("--dport 54"), indices: (1, 0)),
            change(.rule, 43, "input", body("--dport 80"), body("--dport 80"), indices: (9, 4)),
            change(.rule, 44, "lan", nil, body("--dport 25"), indices: (nil, 0)),
            change(.chain, 2, "input", accepting, chain.body),
            change(.chain, 5, "old", ChainBody(), nil),
            renamed,
            change(.table, 1, "filter", nil, table.body),
            change(.set, 9, "blocklist", nil, TableBody()),
        ]
    }()
}

extension RuleBody {
    /// The attributes; nothing for a body that does not fit, which no sample is.
    fileprivate var encodedOrEmpty: [UInt8] { (try? encoded()) ?? [] }
}
