/// Tells how many commits this network namespace has seen, and, in events, who made the last one.
///
/// - Shape: `nfgenmsg`, then ID (1, be32), PROC_PID (2, be32, a pid of the initial namespace),
///   PROC_NAME (3, at most 15 bytes, which the process itself may set; what is not UTF-8
///   is replaced by U+FFFD).
/// - Source: linux `nf_tables_api.c`, `nf_tables_fill_gen_info`.
public struct GenerationMessage: Hashable, Sendable {
    /// The count.
    public var id: GenerationID
    /// Whose `sendmsg` it was.
    public var processID: UInt32?
    /// What that process calls itself.
    public var processName: String?

    /// Reads NEWGEN.
    ///
    /// - Throws: ``WireError`` if the count is missing or an attribute is damaged.
    public init(_ view: borrowing MessageView) throws(WireError) {
        var id: GenerationID?
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: id = GenerationID(rawValue: try attribute.uint32())
            case 2: processID = try attribute.uint32()
            case 3: processName = GenerationMessage.text(attribute)
            default: break
            }
        }
        guard let id else { throw WireError.missing("ID", in: "a generation") }
        self.id = id
    }

    /// A process may call itself by any bytes; those that are no text must not hide its number.
    private static func text(_ attribute: borrowing Attribute) -> String {
        String(decoding: attribute.bytes().prefix { $0 != 0 }, as: UTF8.self)
    }
}
