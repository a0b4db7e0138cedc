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
