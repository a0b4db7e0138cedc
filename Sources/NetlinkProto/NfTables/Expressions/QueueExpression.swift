/// Hands the packet to a program in user space.
///
/// - Source: linux `net/netfilter/nft_queue.c`; expression `queue`.
public struct QueueExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "queue"

    /// The first queue.
    public var number: UInt16?
    /// How many queues share the load; 1 when nothing is said, nil with a register.
    public var total: UInt16?
    /// 1 bypass when nobody listens, 2 by CPU.
    public var flags: UInt16
    /// Where the queue number is.
    public var numberRegister: Register?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        number: UInt16? = nil, total: UInt16? = nil, flags: UInt16 = 0,
        numberRegister: Register? = nil
    ) {
        self.number = number
        self.total = number == nil ? total : total ?? 1
        self.flags = flags
        self.numberRegister = numberRegister
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var number: UInt16?
        var total: UInt16?
        var flags = UInt16(0)
        var numberRegister: Register?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: number = try attribute.uint16()
            case 2: total = try attribute.uint16()
            case 3: flags = try attribute.uint16()
            case 4: numberRegister = Register(try attribute.uint32())
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        self.init(
            number: number, total: total, flags: flags, numberRegister: numberRegister)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if let number { writer.attribute(1, uint16: number) }
        if let total { writer.attribute(2, uint16: total) }
        if flags != 0 { writer.attribute(3, uint16: flags) }
        if let numberRegister { writer.attribute(4, uint32: numberRegister.rawValue) }
    }
}
