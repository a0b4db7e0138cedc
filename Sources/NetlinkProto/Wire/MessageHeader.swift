/// The header that starts each netlink message, without its length.
///
/// - Shape: 16 bytes, host order: length, type, flags, sequence, port.
/// - Source: linux `include/uapi/linux/netlink.h`, `struct nlmsghdr`; RFC 3549 section 2.3.2.
public struct MessageHeader: Hashable, Sendable {
    /// What the message says.
    public var type: MessageType
    /// How it is meant.
    public var flags: MessageFlags
    /// By which number the reply will name it.
    public var sequence: SequenceNumber
    /// The sender's port id; 0 in messages to and from the kernel.
    public var port: PortID

    /// A header; `port` is 0 unless given.
    public init(
        type: MessageType, flags: MessageFlags = [], sequence: SequenceNumber = SequenceNumber(0),
        port: PortID = .kernel
    ) {
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.port = port
    }
}

/// The flags of a netlink message; some bits mean different things for GET, NEW and DEL.
///
/// - Source: linux `include/uapi/linux/netlink.h`, `NLM_F_*`.
public struct MessageFlags: OptionSet, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16
    /// Wraps a number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `NLM_F_REQUEST`: set on every message that asks for something.
    public static let request = MessageFlags(rawValue: 0x1)
    /// `NLM_F_MULTI`: one of several parts, the last of which is DONE.
    public static let multipart = MessageFlags(rawValue: 0x2)
    /// `NLM_F_ACK`: answer with NLMSG_ERROR even when all is well.
    public static let acknowledge = MessageFlags(rawValue: 0x4)
    /// `NLM_F_ECHO`: send back what was made.
    public static let echo = MessageFlags(rawValue: 0x8)
    /// `NLM_F_DUMP_INTR`: the dump saw a change half way; ask again.
    public static let dumpInterrupted = MessageFlags(rawValue: 0x10)
    /// `NLM_F_DUMP`, for GET requests: everything, not one object.
    public static let dump = MessageFlags(rawValue: 0x300)
    /// `NLM_F_REPLACE`, for NEW requests: replace what is there.
    public static let replace = MessageFlags(rawValue: 0x100)
    /// `NLM_F_EXCL`, for NEW requests: refuse if it is there.
    public static let exclusive = MessageFlags(rawValue: 0x200)
    /// `NLM_F_CREATE`, for NEW requests: make it if it is not there.
    public static let create = MessageFlags(rawValue: 0x400)
    /// `NLM_F_APPEND`, for NEW requests: behind, not in front.
    public static let append = MessageFlags(rawValue: 0x800)
    /// `NLM_F_CAPPED`, on NLMSG_ERROR: the request's payload is not repeated.
    public static let capped = MessageFlags(rawValue: 0x100)
    /// `NLM_F_ACK_TLVS`, on NLMSG_ERROR: extended-ACK attributes follow.
    public static let extendedAcknowledgement = MessageFlags(rawValue: 0x200)
}
