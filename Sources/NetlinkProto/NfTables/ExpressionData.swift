/// What an immediate loads, or a map maps to: bytes or a verdict.
///
/// - Shape: nested; `NFTA_DATA_VALUE` (1) bytes, or `NFTA_DATA_VERDICT` (2) { `NFTA_VERDICT_CODE`
///   (1) be32, `NFTA_VERDICT_CHAIN` (2) text }.
/// - Source: linux `nf_tables_api.c`, `nft_data_init`, `nft_verdict_init`.
public enum ExpressionData: Hashable, Sendable {
    /// Plain bytes, at most 64.
    case value([UInt8])
    /// A verdict.
    case verdict(Verdict)

    /// Reads the nested attribute.
    public init(_ attribute: borrowing Attribute) throws(WireError) {
        var reader = try attribute.nested()
        guard let inner = try reader.next() else {
            throw attribute.fault(.missingAttribute, "data without a value")
        }
        switch inner.type {
        case 1: self = .value(inner.bytes())
        case 2: self = .verdict(try Verdict(try inner.nested()))
        default: throw inner.fault(.unrecognised, "neither a value nor a verdict")
        }
        if let more = try reader.next() {
            throw more.fault(.unrecognised, "more than one value")
        }
    }

    /// Writes the nested attribute.
    public func write(_ type: UInt16, to writer: inout MessageWriter) {
        switch self {
        case .value(let bytes): writer.dataValue(type, bytes)
        case .verdict(let verdict):
            writer.nest(type) { writer in
                writer.nest(2) { verdict.write(to: &$0) }
            }
        }
    }
}

extension Attribute {
    /// The bytes of a nested `NFTA_DATA_VALUE`.
    func dataValue() throws(WireError) -> [UInt8] {
        guard case .value(let bytes) = try ExpressionData(self) else {
            throw fault(.badValue, "a verdict where a value belongs")
        }
        return bytes
    }
}

extension MessageWriter {
    /// Writes `NFTA_DATA_VALUE` inside of an attribute.
    mutating func dataValue(_ type: UInt16, _ bytes: [UInt8]) {
        nest(type) { $0.attribute(1, bytes: bytes) }
    }
}
