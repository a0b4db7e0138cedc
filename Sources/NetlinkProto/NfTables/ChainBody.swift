/// What a version of a chain consists of, beside its name.
public struct ChainBody: AttributeBody {
    /// Where a base chain hooks in; nil for other chains.
    public var hook: Hook?
    /// What happens to packets that reach the end of a base chain.
    public var policy: ChainPolicy?
    /// `filter`, `nat` or `route`; nil for other than base chains.
    public var type: String?
    /// `NFT_CHAIN_HW_OFFLOAD` (2) and the like.
    public var flags: UInt32
    /// What nft and others keep beside it.
    public var userData: [UInt8]
    /// Attributes that this module does not know, as they came.
    public var unknown: [UInt8] = []

    /// A chain that only jumps reach, unless `hook` is given.
    public init(
        hook: Hook? = nil, policy: ChainPolicy? = nil, type: String? = nil, flags: UInt32 = 0,
        userData: [UInt8] = []
    ) {
        self.hook = hook
        self.policy = policy
        self.type = type
        self.flags = flags
        self.userData = userData
    }

    /// A chain that only jumps reach.
    public init() { self.init(hook: nil) }

    /// `NFT_CHAIN_BASE`, which the kernel reports for base chains and nobody need send.
    private static let baseFlag: UInt32 = 1

    /// Takes in one attribute; those that are not known are kept.
    public mutating func read(_ attribute: borrowing Attribute) throws(WireError) {
        switch attribute.type {
        case 4: hook = try Hook(try attribute.nested())
        case 5: policy = ChainPolicy(rawValue: try attribute.uint32())
        case 7: type = try attribute.string()
        case 10: flags = try attribute.uint32() & ~ChainBody.baseFlag
        case 12: userData = attribute.bytes()
        default: try attribute.keep(in: &unknown)
        }
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if let type { writer.attribute(7, string: type) }
        if flags != 0 { writer.attribute(10, uint32: flags) }
        if let policy { writer.attribute(5, uint32: policy.rawValue) }
        if let hook { hook.write(to: &writer) }
        if !userData.isEmpty { writer.attribute(12, bytes: userData) }
        writer.raw(unknown)
    }

    /// The same chain with what the kernel fills in when it makes one: a base chain accepts unless
    /// told otherwise.
    ///
    /// Why not when reading: in a request that changes a chain, no policy means to leave the policy
    /// alone.
    public var withDefaults: ChainBody {
        var body = self
        if hook != nil && policy == nil { body.policy = .accept }
        return body
    }
}
