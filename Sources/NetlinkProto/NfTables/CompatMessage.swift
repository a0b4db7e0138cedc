/// Asks whether the kernel has a revision of an xt extension, and tells that it has.
///
/// The kernel answers with the same message, with the greatest revision that it has in REV, or with the error ENOENT, or
/// EPROTONOSUPPORT for a revision of an extension that it has others of.
/// - Shape: `nfgenmsg`, whose family is that of the extension; NAME (1, text), REV (2, be32), TYPE (3, be32: 0 match, 1
///   target).
/// - Source: linux `net/netfilter/nft_compat.c`, `nfnl_compat_get_rcu`; `include/uapi/linux/netfilter/nf_tables_compat.h`.
public struct CompatMessage: Hashable, Sendable {
    /// The family of the tables that the extension is for.
    public var family: Family
    /// What the kernel calls it.
    public var name: String
    /// The revision.
    public var revision: UInt32
    /// Whether it is a target.
    public var isTarget: Bool

    /// Greatest length of an extension's name (`XT_EXTENSION_MAXNAMELEN` is 29 with the zero).
    public static let nameBytes = 28

    /// A question about an extension.
    public init(family: Family, name: String, revision: UInt32, isTarget: Bool) {
        self.family = family
        self.name = name
        self.revision = revision
        self.isTarget = isTarget
    }

    /// Reads a question or its answer.
    ///
    /// - Throws: ``WireError`` if an attribute is missing, damaged or not known.
    public init(_ view: borrowing MessageView) throws(WireError) {
        let family = try view.netfilterHeader().family
        var name: String?
        var revision: UInt32?
        var type: UInt32?
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: name = try attribute.string()
            case 2: revision = try attribute.uint32()
            case 3: type = try attribute.uint32()
            default: throw attribute.fault(.unrecognised, "not an attribute of COMPAT_GET")
            }
        }
        guard let name, !name.isEmpty, name.utf8.count <= CompatMessage.nameBytes else {
            throw WireError(
                .badValue, "the name of an extension has 1 to \(CompatMessage.nameBytes) bytes")
        }
        guard let revision else { throw WireError.missing("REV", in: "COMPAT_GET") }
        guard let type, type <= 1 else {
            throw WireError(.badValue, "an extension is a match (0) or a target (1)")
        }
        self.init(family: family, name: name, revision: revision, isTarget: type == 1)
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            writeAttributes(to: &writer)
        }
    }

    /// Writes what stands behind the netfilter header.
    public func writeAttributes(to writer: inout MessageWriter) {
        writer.attribute(1, string: name)
        writer.attribute(2, uint32: revision)
        writer.attribute(3, uint32: isTarget ? 1 : 0)
    }
}

extension MessageType {
    /// `NFNL_SUBSYS_NFT_COMPAT` (11).
    public static let compatSubsystem: UInt8 = 11

    /// `NFNL_MSG_COMPAT_GET` (0xB00), which asks whether the kernel has a revision of an extension.
    public static let getCompat = MessageType(rawValue: UInt16(compatSubsystem) << 8)
}
