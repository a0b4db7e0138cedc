/// Looks an address up in the routing table.
///
/// - Source: linux `net/netfilter/nft_fib.c`; expression `fib`.
public struct FibExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "fib"

    /// What is looked up.
    public var flags: Flags
    /// What is asked.
    public var result: Result
    /// Where the answer goes.
    public var destination: Register

    /// What goes into the look-up; bits may be joined.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_fib_flags`.
    public struct Flags: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFTA_FIB_F_SADDR`.
        public static let sourceAddress = Flags(rawValue: 1)
        /// `NFTA_FIB_F_DADDR`.
        public static let destinationAddress = Flags(rawValue: 2)
        /// `NFTA_FIB_F_MARK`.
        public static let mark = Flags(rawValue: 4)
        /// `NFTA_FIB_F_IIF`.
        public static let inputInterface = Flags(rawValue: 8)
        /// `NFTA_FIB_F_OIF`.
        public static let outputInterface = Flags(rawValue: 16)
        /// `NFTA_FIB_F_PRESENT`.
        public static let present = Flags(rawValue: 32)
    }

    /// What is asked of the routing table.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_fib_result`.
    public struct Result: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_FIB_RESULT_OIF`.
        public static let outputInterface = Result(rawValue: 1)
        /// `NFT_FIB_RESULT_OIFNAME`.
        public static let outputInterfaceName = Result(rawValue: 2)
        /// `NFT_FIB_RESULT_ADDRTYPE`.
        public static let addressType = Result(rawValue: 3)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        flags: Flags, result: Result, destination: Register
    ) {
        self.flags = flags
        self.result = result
        self.destination = destination
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var flags: Flags?
        var result: Result?
        var destination: Register?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 3: flags = Flags(rawValue: try attribute.uint32())
            case 2: result = Result(rawValue: try attribute.uint32())
            case 1: destination = Register(try attribute.uint32())
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let flags else { throw WireError.missing("flags", in: Self.name) }
        guard let result else { throw WireError.missing("result", in: Self.name) }
        guard let destination else { throw WireError.missing("destination", in: Self.name) }
        self.init(
            flags: flags, result: result, destination: destination)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(3, uint32: flags.rawValue)
        writer.attribute(2, uint32: result.rawValue)
        writer.attribute(1, uint32: destination.rawValue)
    }
}
