/// What a netlink message says: netlink's own types, nf_tables' and xt2's.
///
/// The high byte names the subsystem, the low byte the operation within it.
/// - Source: linux `include/uapi/linux/netlink.h`, `nfnetlink.h`, `nf_tables.h`.
public struct MessageType: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16
    /// Wraps a number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `NLMSG_NOOP` (1).
    public static let noop = MessageType(rawValue: 1)
    /// `NLMSG_ERROR` (2): an acknowledgement, good when its code is 0.
    public static let error = MessageType(rawValue: 2)
    /// `NLMSG_DONE` (3): the end of a multipart reply.
    public static let done = MessageType(rawValue: 3)
    /// `NLMSG_OVERRUN` (4): data was lost.
    public static let overrun = MessageType(rawValue: 4)
    /// `NFNL_MSG_BATCH_BEGIN` (0x10).
    public static let batchBegin = MessageType(rawValue: 0x10)
    /// `NFNL_MSG_BATCH_END` (0x11).
    public static let batchEnd = MessageType(rawValue: 0x11)

    /// `NFNL_SUBSYS_NFTABLES` (10).
    public static let nfTablesSubsystem: UInt8 = 10

    /// The subsystem in the high byte.
    public var subsystem: UInt8 { UInt8(rawValue >> 8) }
    /// The operation in the low byte.
    public var operation: UInt8 { UInt8(rawValue & 0xFF) }

    private static func nfTables(_ operation: UInt8) -> MessageType {
        MessageType(rawValue: UInt16(nfTablesSubsystem) << 8 | UInt16(operation))
    }

    /// `NFT_MSG_NEWTABLE` (0xA00).
    public static let newTable = nfTables(0)
    /// `NFT_MSG_GETTABLE` (0xA01).
    public static let getTable = nfTables(1)
    /// `NFT_MSG_DELTABLE` (0xA02).
    public static let deleteTable = nfTables(2)
    /// `NFT_MSG_NEWCHAIN` (0xA03).
    public static let newChain = nfTables(3)
    /// `NFT_MSG_GETCHAIN` (0xA04).
    public static let getChain = nfTables(4)
    /// `NFT_MSG_DELCHAIN` (0xA05).
    public static let deleteChain = nfTables(5)
    /// `NFT_MSG_NEWRULE` (0xA06).
    public static let newRule = nfTables(6)
    /// `NFT_MSG_GETRULE` (0xA07).
    public static let getRule = nfTables(7)
    /// `NFT_MSG_DELRULE` (0xA08).
    public static let deleteRule = nfTables(8)
    /// `NFT_MSG_NEWSET` (0xA09).
    public static let newSet = nfTables(9)
    /// `NFT_MSG_GETSET` (0xA0A).
    public static let getSet = nfTables(10)
    /// `NFT_MSG_DELSET` (0xA0B).
    public static let deleteSet = nfTables(11)
    /// `NFT_MSG_NEWSETELEM` (0xA0C).
    public static let newSetElement = nfTables(12)
    /// `NFT_MSG_GETSETELEM` (0xA0D).
    public static let getSetElement = nfTables(13)
    /// `NFT_MSG_DELSETELEM` (0xA0E).
    public static let deleteSetElement = nfTables(14)
    /// `NFT_MSG_NEWGEN` (0xA0F).
    public static let newGeneration = nfTables(15)
    /// `NFT_MSG_GETGEN` (0xA10).
    public static let getGeneration = nfTables(16)
    /// `NFT_MSG_NEWOBJ` (0xA12).
    public static let newObject = nfTables(18)
    /// `NFT_MSG_GETOBJ` (0xA13).
    public static let getObject = nfTables(19)
    /// `NFT_MSG_DELOBJ` (0xA14).
    public static let deleteObject = nfTables(20)
    /// `NFT_MSG_NEWFLOWTABLE` (0xA16).
    public static let newFlowtable = nfTables(22)
    /// `NFT_MSG_GETFLOWTABLE` (0xA17).
    public static let getFlowtable = nfTables(23)
    /// `NFT_MSG_DELFLOWTABLE` (0xA18).
    public static let deleteFlowtable = nfTables(24)
    /// `NFT_MSG_GETRULE_RESET` (0xA19): reads rules and zeroes their counters (kernel 6.2).
    public static let getRuleReset = nfTables(25)

    private static let names: [MessageType: String] = [
        .noop: "NOOP", .error: "ERROR", .done: "DONE", .overrun: "OVERRUN",
        .batchBegin: "BATCH_BEGIN", .batchEnd: "BATCH_END",
        .newTable: "NEWTABLE", .getTable: "GETTABLE", .deleteTable: "DELTABLE",
        .newChain: "NEWCHAIN", .getChain: "GETCHAIN", .deleteChain: "DELCHAIN",
        .newRule: "NEWRULE", .getRule: "GETRULE", .deleteRule: "DELRULE",
        .newSet: "NEWSET", .getSet: "GETSET", .deleteSet: "DELSET",
        .newSetElement: "NEWSETELEM", .getSetElement: "GETSETELEM",
        .deleteSetElement: "DELSETELEM", .newGeneration: "NEWGEN", .getGeneration: "GETGEN",
        .newObject: "NEWOBJ", .getObject: "GETOBJ", .deleteObject: "DELOBJ",
        .newFlowtable: "NEWFLOWTABLE", .getFlowtable: "GETFLOWTABLE",
        .deleteFlowtable: "DELFLOWTABLE", .getRuleReset: "GETRULE_RESET",
        .getCompat: "COMPAT_GET",
    ]

    /// The C name without its prefix, such as `NEWRULE`, or the number.
    public var name: String {
        MessageType.names[self] ?? ControlMessage.name(of: self) ?? "type \(rawValue)"
    }
}
