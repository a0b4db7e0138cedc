/// Loads a constant into a register, or a verdict into the verdict register.
///
/// - Source: linux `net/netfilter/nft_immediate.c`; expression `immediate`.
public struct ImmediateExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "immediate"

    /// The register; ``Register/verdict`` for verdicts.
    public var destination: Register
    /// The constant or the verdict.
    public var data: ExpressionData

    /// Makes one from its parts; those with a default may be left out.
    public init(
        destination: Register, data: ExpressionData
    ) {
        self.destination = destination
        self.data = data
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var destination: Register?
        var data: ExpressionData?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: destination = Register(try attribute.uint32())
            case 2: data = try ExpressionData(attribute)
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let destination else { throw WireError.missing("destination", in: Self.name) }
        guard let data else { throw WireError.missing("data", in: Self.name) }
        self.init(
            destination: destination, data: data)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: destination.rawValue)
        data.write(2, to: &writer)
    }
}
