/// The attributes that nf_tables' own messages may have on the control socket, in addition to the
/// kernel's.
///
/// The numbers lie far above the kernel's, which end below 32, so that neither side can grow into
/// the other.
/// - Source: `schema/xt2.yaml`, attribute set `extension`.
public enum ExtensionAttribute {
    /// NEWRULE, DELRULE: how many rules stand in front, be32.
    public static let index: UInt16 = 0x2001
    /// NEWRULE: the rule's anonymous sets, nested.
    public static let sets: UInt16 = 0x2002
    /// NEWCHAIN: what the chain is to be called, text.
    public static let newName: UInt16 = 0x2003
    /// NEWRULE in replies: the kernel's handle, be64.
    public static let kernelHandle: UInt16 = 0x2004
    /// Inside of ``sets``: the elements of one set, nested.
    public static let elements: UInt16 = 0x2006
    /// NEWTABLE: ``TableWatch`` of a table that others may change, u8.
    public static let tableWatch: UInt16 = 0x2007
    /// NEWRULE in requests: the ``ContentDigest`` of the text that the rule was read from, 16 bytes.
    public static let text: UInt16 = 0x2030
}
