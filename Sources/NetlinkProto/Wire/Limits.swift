/// Every bound that the wire layer puts on input, each with its source.
public enum WireLimits {
    /// Bytes of a netlink message header (`NLMSG_HDRLEN`).
    public static let headerBytes = 16
    /// Bytes of an attribute header (`NLA_HDRLEN`).
    public static let attributeHeaderBytes = 4
    /// Bytes of the netfilter header that follows each netlink header (`struct nfgenmsg`).
    public static let netfilterHeaderBytes = 4
    /// Greatest attribute length, header included: `nla_len` has 16 bits.
    public static let attributeBytes = 65_535
    /// Greatest depth of nested attributes that a decoder follows.
    ///
    /// The deepest shape that nf_tables has is five levels; the rest is room, and a bound on the
    /// stack.
    public static let nestingDepth = 16
    /// Greatest length of one message on the control socket, header included.
    public static let messageBytes = 1 << 20
    /// Greatest length of one message of a reply: a change with both sides of a rule that another program made, whose anonymous
    /// sets have any size.
    public static let replyBytes = 128 << 20
    /// Greatest length of one batch on the control socket, in bytes.
    public static let batchBytes = 512 << 20
    /// Greatest length of a table, chain, set or object name, without the terminating zero
    /// (`NFT_NAME_MAXLEN` is 256 with it).
    public static let nameBytes = 255
    /// Greatest number of expressions in a rule (`NFT_RULE_MAXEXPRS`).
    public static let ruleExpressions = 128
    /// Greatest number of attributes that an object may have beyond those known here.
    ///
    /// nf_tables' objects have less than 32 kinds in all, each once; the rest is room, and a bound
    /// on the work.
    public static let unknownAttributes = 64
    /// Greatest length of a rule's, set's or table's userdata (`NFT_USERDATA_MAXLEN`).
    public static let userDataBytes = 256
    /// Greatest depth of jumps from a base chain (`NFT_JUMP_STACK_SIZE`).
    public static let jumpDepth = 16
    /// Greatest length of the text that explains a version (`xt2 commit -m`), in UTF-8 bytes.
    public static let reasonBytes = 4_096
}
