/// xt2's own messages on the control socket: netlink messages of a subsystem that the kernel does
/// not have.
///
/// - Source: `schema/xt2.yaml`, operations.
public enum ControlMessage {
    /// The subsystem, in the high byte of a message type; nfnetlink's own end at 13.
    public static let subsystem: UInt8 = 0x58

    private static let names: [MessageType: String] = [
        .newVersion: "new-version",
        .getVersion: "get-version",
        .newChange: "new-change",
        .getDiff: "get-diff",
        .getRuleset: "get-ruleset",
        .rollback: "rollback",
        .newCandidate: "new-candidate",
        .getCandidate: "get-candidate",
        .deleteCandidate: "delete-candidate",
        .commit: "commit",
        .newAudit: "new-audit",
        .getAudit: "get-audit",
        .newVerification: "new-verification",
        .verifyAudit: "verify-audit",
        .newStatus: "new-status",
        .getStatus: "get-status",
        .confirm: "confirm",
        .newTag: "new-tag",
        .getTag: "get-tag",
        .deleteTag: "delete-tag",
        .getBlame: "get-blame",
        .newBlame: "new-blame",
        .prune: "prune",
        .newPrune: "new-prune",
        .newCheck: "new-check",
        .getReference: "get-reference",
        .newReference: "new-reference",
        .adoptTable: "adopt-table",
        .releaseTable: "release-table",
        .checkKernel: "check-kernel",
        .followVersions: "follow-versions",
        .importTables: "import-tables",
        .newSession: "new-session",
        .getAuditHead: "get-audit-head",
        .newAuditHead: "new-audit-head",
        .getOutline: "get-outline",
        .newOutline: "new-outline",
        .noteTexts: "note-texts",
    ]

    /// All types, in the order of their numbers.
    public static var types: [MessageType] {
        names.keys.sorted { $0.rawValue < $1.rawValue }
    }

    /// The name in the schema, or nil for a type of another subsystem.
    public static func name(of type: MessageType) -> String? {
        names[type]
    }
}

extension MessageType {
    private static func control(_ operation: UInt8) -> MessageType {
        MessageType(rawValue: UInt16(ControlMessage.subsystem) << 8 | UInt16(operation))
    }

    /// `new-version`: describes a version; part of replies.
    public static let newVersion = control(0)
    /// `get-version`: lists versions, newest first.
    public static let getVersion = control(1)
    /// `new-change`: describes one change; part of replies.
    public static let newChange = control(2)
    /// `get-diff`: lists the changes between two versions.
    public static let getDiff = control(3)
    /// `get-ruleset`: lists tables, chains and rules as NFT_MSG_NEWTABLE, NEWCHAIN and NEWRULE.
    public static let getRuleset = control(4)
    /// `rollback`: makes a new version that equals an older one.
    public static let rollback = control(5)
    /// `new-candidate`: begins a candidate; describes one in replies.
    public static let newCandidate = control(6)
    /// `get-candidate`: lists candidates.
    public static let getCandidate = control(7)
    /// `delete-candidate`: aborts a candidate.
    public static let deleteCandidate = control(8)
    /// `commit`: makes a candidate the next version.
    public static let commit = control(9)
    /// `new-audit`: describes an audit entry; part of replies.
    public static let newAudit = control(10)
    /// `get-audit`: lists audit entries, newest first.
    public static let getAudit = control(11)
    /// `new-verification`: tells what checking the audit chain found.
    public static let newVerification = control(12)
    /// `verify-audit`: checks the audit chain.
    public static let verifyAudit = control(13)
    /// `new-status`: describes the daemon.
    public static let newStatus = control(14)
    /// `get-status`: asks how the daemon is.
    public static let getStatus = control(15)

    /// `confirm`: keeps a version that is taken back otherwise.
    public static let confirm = control(0x20)
    /// `new-tag`: names a version; describes a name in replies.
    public static let newTag = control(0x21)
    /// `get-tag`: lists the names of versions.
    public static let getTag = control(0x22)
    /// `delete-tag`: takes a name away.
    public static let deleteTag = control(0x23)
    /// `get-blame`: lists the rules of a chain with the versions that brought them.
    public static let getBlame = control(0x24)
    /// `new-blame`: describes a rule and its version; part of replies.
    public static let newBlame = control(0x25)
    /// `prune`: gives up old versions.
    public static let prune = control(0x26)
    /// `new-prune`: tells what was given up.
    public static let newPrune = control(0x27)
    /// `new-check`: tells what a change would be.
    public static let newCheck = control(0x28)
    /// `get-reference`: asks which version a name means.
    public static let getReference = control(0x29)
    /// `new-reference`: tells the number of a version.
    public static let newReference = control(0x2a)
    /// `adopt-table`: takes over a table that another program made, or gives one another policy.
    public static let adoptTable = control(0x30)
    /// `release-table`: lets a table go; it stays in the kernel.
    public static let releaseTable = control(0x31)
    /// `check-kernel`: lists what differs between the store and the kernel, and puts it right.
    public static let checkKernel = control(0x32)
    /// `follow-versions`: tells of each version when it is made.
    public static let followVersions = control(0x33)
    /// `import-tables`: takes over tables that other programs made, all of them or one.
    public static let importTables = control(0x34)

    /// `new-session`: says where the client is connected from, and what must not be cut.
    public static let newSession = control(0x40)
    /// `get-audit-head`: asks for the last entry of the audit log.
    public static let getAuditHead = control(0x41)
    /// `new-audit-head`: names the last entry of the audit log; part of replies.
    public static let newAuditHead = control(0x42)

    /// `get-outline`: lists tables, chains, and of each rule only what tells it from others.
    public static let getOutline = control(0x50)
    /// `new-outline`: rules of the chain that came before; part of replies.
    public static let newOutline = control(0x51)
    /// `note-texts`: tells which texts are those of which rules.
    public static let noteTexts = control(0x52)
}
