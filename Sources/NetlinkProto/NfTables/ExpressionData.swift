/// A register of the nf_tables machine.
///
/// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_registers`: 0 verdict, 1 to 4 of 16 bytes each,
///   8 to 23 the same room in pieces of 4 bytes.
///
/// The words 0, 4, 8 and 12 (numbers 8, 12, 16, 20) are the starts of registers 1 to 4. The kernel dumps them under
/// those numbers whatever it was sent, and so does this type.
public struct Register: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.init(rawValue) }
    /// Wraps a number.
    public init(_ number: UInt32) {
        let isWholeRegister = (8...20).contains(number) && number.isMultiple(of: 4)
        rawValue = isWholeRegister ? number / 4 - 1 : number
    }

    /// `NFT_REG_VERDICT`.
    public static let verdict = Register(0)
    /// `NFT_REG_1`.
    public static let r1 = Register(1)
    /// `NFT_REG_2`.
    public static let r2 = Register(2)
    /// `NFT_REG_3`.
    public static let r3 = Register(3)
    /// `NFT_REG_4`.
    public static let r4 = Register(4)

    /// The four-byte register with this index, 0 to 15 (`NFT_REG32_00` and on).
    public static func word(_ index: UInt32) -> Register { Register(8 &+ index) }
}

/// What happens to a packet.
///
/// - Source: linux `include/uapi/linux/netfilter.h` `NF_*`, `nf_tables.h` `enum nft_verdicts`.
public enum Verdict: Hashable, Sendable {
    /// `NF_DROP` (0).
    case drop
    /// `NF_ACCEPT` (1).
    case accept
    /// `NF_QUEUE` (3), queue 0.
    case queue
    /// `NFT_CONTINUE` (-1): on to the next rule.
    case `continue`
    /// `NFT_BREAK` (-2).
    case `break`
    /// `NFT_JUMP` (-3): run the chain, then come back.
    case jump(String)
    /// `NFT_GOTO` (-4): run the chain instead of the rest of this one.
    case goto(String)
    /// `NFT_RETURN` (-5): back to the chain that jumped here.
    case `return`
    /// A code that has no name here.
    case other(Int32)

    /// The number on the wire.
    public var code: Int32 {
        switch self {
        case .drop: 0
        case .accept: 1
        case .queue: 3
        case .continue: -1
        case .break: -2
        case .jump: -3
        case .goto: -4
        case .return: -5
        case .other(let code): code
        }
    }

    /// The chain that a jump or goto names.
    public var chain: String? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        default: nil
        }
    }

    init(code: Int32, chain: String?) throws(WireError) {
        switch (code, chain) {
        case (-3, let chain?): self = .jump(chain)
        case (-4, let chain?): self = .goto(chain)
        case (-3, nil), (-4, nil): throw WireError.missing("CHAIN", in: "a jump")
        case (_, .some): throw WireError(.badValue, "verdict \(code) takes no chain")
        case (0, nil): self = .drop
        case (1, nil): self = .accept
        case (3, nil): self = .queue
        case (-1, nil): self = .continue
        case (-2, nil): self = .break
        case (-5, nil): self = .return
        default: self = .other(code)
        }
    }
}

/// What an immediate loads, or a map maps to: bytes or a verdict.
///
/// - Shape: nested; `NFTA_DATA_VALUE` (1) bytes, or `NFTA_DATA_VERDICT` (2) { `NFTA_VERDICT_CODE` (1) be32,
///   `NFTA_VERDICT_CHAIN` (2) text }.
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

extension Verdict {
    init(_ attributes: consuming AttributeReader) throws(WireError) {
        var code: Int32?
        var chain: String?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: code = Int32(bitPattern: try attribute.uint32())
            case 2: chain = try attribute.string()
            default: throw attribute.unrecognised(in: "verdict")
            }
        }
        guard let code else { throw WireError.missing("CODE", in: "a verdict") }
        try self.init(code: code, chain: chain)
    }

    func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: UInt32(bitPattern: code))
        if let chain { writer.attribute(2, string: chain) }
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
