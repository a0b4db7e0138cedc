/// A register of the nf_tables machine.
///
/// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_registers`: 0 verdict, 1
///   to 4 of 16 bytes each, 8 to 23 the same room in pieces of 4 bytes.
///
/// The words 0, 4, 8 and 12 (numbers 8, 12, 16, 20) are the starts of registers 1 to 4. The kernel
/// dumps them under those numbers whatever it was sent, and so does this type.
public struct Register: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32
    /// Wraps a number.
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
