/// One step of a rule: nf_tables runs them in order and stops at the first that does not hold.
///
/// What this module has no type for is ``unknown(_:)``: kept as bytes and written back unchanged.
/// - Shape: `NFTA_LIST_ELEM` { `NFTA_EXPR_NAME` text, `NFTA_EXPR_DATA` nested, absent where the
///   expression has none }.
/// - Source: linux `nf_tables_api.c`, `nf_tables_fill_expr_info`, `nf_tables_expr_parse`.
public enum Expression: Hashable, Sendable {
    /// `immediate`.
    case immediate(ImmediateExpression)
    /// `bitwise`.
    case bitwise(BitwiseExpression)
    /// `byteorder`.
    case byteorder(ByteorderExpression)
    /// `cmp`.
    case compare(CompareExpression)
    /// `range`.
    case range(RangeExpression)
    /// `lookup`.
    case lookup(LookupExpression)
    /// `dynset`.
    case dynamicSet(DynamicSetExpression)
    /// `payload`.
    case payload(PayloadExpression)
    /// `exthdr`.
    case extensionHeader(ExtensionHeaderExpression)
    /// `meta`.
    case meta(MetaExpression)
    /// `ct`.
    case conntrack(ConntrackExpression)
    /// `rt`.
    case routing(RoutingExpression)
    /// `socket`.
    case socket(SocketExpression)
    /// `fib`.
    case fib(FibExpression)
    /// `limit`.
    case limit(LimitExpression)
    /// `connlimit`.
    case connectionLimit(ConnectionLimitExpression)
    /// `counter`.
    case counter(CounterExpression)
    /// `quota`.
    case quota(QuotaExpression)
    /// `log`.
    case log(LogExpression)
    /// `queue`.
    case queue(QueueExpression)
    /// `reject`.
    case reject(RejectExpression)
    /// `nat`.
    case nat(NATExpression)
    /// `masq`.
    case masquerade(MasqueradeExpression)
    /// `redir`.
    case redirect(RedirectExpression)
    /// `objref`.
    case objectReference(ObjectReferenceExpression)
    /// `match`.
    case compatMatch(CompatMatchExpression)
    /// `target`.
    case compatTarget(CompatTargetExpression)
    /// `tproxy`.
    case transparentProxy(TransparentProxyExpression)
    /// `dup`.
    case duplicate(DuplicateExpression)
    /// `fwd`.
    case forward(ForwardExpression)
    /// `notrack`: the connection is not tracked; it has no attributes.
    case notrack
    /// Anything else, kept as bytes.
    case unknown(UnknownExpression)

    /// The name by which the kernel knows the expression.
    public var name: String {
        switch self {
        case .immediate: ImmediateExpression.name
        case .bitwise: BitwiseExpression.name
        case .byteorder: ByteorderExpression.name
        case .compare: CompareExpression.name
        case .range: RangeExpression.name
        case .lookup: LookupExpression.name
        case .dynamicSet: DynamicSetExpression.name
        case .payload: PayloadExpression.name
        case .extensionHeader: ExtensionHeaderExpression.name
        case .meta: MetaExpression.name
        case .conntrack: ConntrackExpression.name
        case .routing: RoutingExpression.name
        case .socket: SocketExpression.name
        case .fib: FibExpression.name
        case .limit: LimitExpression.name
        case .connectionLimit: ConnectionLimitExpression.name
        case .counter: CounterExpression.name
        case .quota: QuotaExpression.name
        case .log: LogExpression.name
        case .queue: QueueExpression.name
        case .reject: RejectExpression.name
        case .nat: NATExpression.name
        case .masquerade: MasqueradeExpression.name
        case .redirect: RedirectExpression.name
        case .objectReference: ObjectReferenceExpression.name
        case .compatMatch: CompatMatchExpression.name
        case .compatTarget: CompatTargetExpression.name
        case .transparentProxy: TransparentProxyExpression.name
        case .duplicate: DuplicateExpression.name
        case .forward: ForwardExpression.name
        case .notrack: "notrack"
        case .unknown(let body): body.name
        }
    }

    /// Reads the typed body that belongs to `name`; nil if there is no type for it.
    static func typed(
        _ name: String, _ attributes: consuming AttributeReader
    ) throws(WireError) -> Expression? {
        switch name {
        case ImmediateExpression.name: .immediate(try ImmediateExpression(attributes))
        case BitwiseExpression.name: .bitwise(try BitwiseExpression(attributes))
        case ByteorderExpression.name: .byteorder(try ByteorderExpression(attributes))
        case CompareExpression.name: .compare(try CompareExpression(attributes))
        case RangeExpression.name: .range(try RangeExpression(attributes))
        case LookupExpression.name: .lookup(try LookupExpression(attributes))
        case DynamicSetExpression.name: .dynamicSet(try DynamicSetExpression(attributes))
        case PayloadExpression.name: .payload(try PayloadExpression(attributes))
        case ExtensionHeaderExpression.name:
            .extensionHeader(try ExtensionHeaderExpression(attributes))
        case MetaExpression.name: .meta(try MetaExpression(attributes))
        case ConntrackExpression.name: .conntrack(try ConntrackExpression(attributes))
        case RoutingExpression.name: .routing(try RoutingExpression(attributes))
        case SocketExpression.name: .socket(try SocketExpression(attributes))
        case FibExpression.name: .fib(try FibExpression(attributes))
        case LimitExpression.name: .limit(try LimitExpression(attributes))
        case ConnectionLimitExpression.name:
            .connectionLimit(try ConnectionLimitExpression(attributes))
        case CounterExpression.name: .counter(try CounterExpression(attributes))
        case QuotaExpression.name: .quota(try QuotaExpression(attributes))
        case LogExpression.name: .log(try LogExpression(attributes))
        case QueueExpression.name: .queue(try QueueExpression(attributes))
        case RejectExpression.name: .reject(try RejectExpression(attributes))
        case NATExpression.name: .nat(try NATExpression(attributes))
        case MasqueradeExpression.name: .masquerade(try MasqueradeExpression(attributes))
        case RedirectExpression.name: .redirect(try RedirectExpression(attributes))
        case ObjectReferenceExpression.name:
            .objectReference(try ObjectReferenceExpression(attributes))
        case CompatMatchExpression.name: .compatMatch(try CompatMatchExpression(attributes))
        case CompatTargetExpression.name: .compatTarget(try CompatTargetExpression(attributes))
        case TransparentProxyExpression.name:
            .transparentProxy(try TransparentProxyExpression(attributes))
        case DuplicateExpression.name: .duplicate(try DuplicateExpression(attributes))
        case ForwardExpression.name: .forward(try ForwardExpression(attributes))
        case "notrack": try Expression.notrack(attributes)
        default: nil
        }
    }

    private static func notrack(
        _ attributes: consuming AttributeReader
    ) throws(WireError) -> Expression {
        if let attribute = try attributes.next() { throw attribute.unrecognised(in: "notrack") }
        return .notrack
    }

    /// Writes what belongs into `NFTA_EXPR_DATA`.
    func writeBody(to writer: inout MessageWriter) {
        switch self {
        case .immediate(let body): body.write(to: &writer)
        case .bitwise(let body): body.write(to: &writer)
        case .byteorder(let body): body.write(to: &writer)
        case .compare(let body): body.write(to: &writer)
        case .range(let body): body.write(to: &writer)
        case .lookup(let body): body.write(to: &writer)
        case .dynamicSet(let body): body.write(to: &writer)
        case .payload(let body): body.write(to: &writer)
        case .extensionHeader(let body): body.write(to: &writer)
        case .meta(let body): body.write(to: &writer)
        case .conntrack(let body): body.write(to: &writer)
        case .routing(let body): body.write(to: &writer)
        case .socket(let body): body.write(to: &writer)
        case .fib(let body): body.write(to: &writer)
        case .limit(let body): body.write(to: &writer)
        case .connectionLimit(let body): body.write(to: &writer)
        case .counter(let body): body.write(to: &writer)
        case .quota(let body): body.write(to: &writer)
        case .log(let body): body.write(to: &writer)
        case .queue(let body): body.write(to: &writer)
        case .reject(let body): body.write(to: &writer)
        case .nat(let body): body.write(to: &writer)
        case .masquerade(let body): body.write(to: &writer)
        case .redirect(let body): body.write(to: &writer)
        case .objectReference(let body): body.write(to: &writer)
        case .compatMatch(let body): body.write(to: &writer)
        case .compatTarget(let body): body.write(to: &writer)
        case .transparentProxy(let body): body.write(to: &writer)
        case .duplicate(let body): body.write(to: &writer)
        case .forward(let body): body.write(to: &writer)
        case .notrack: break
        case .unknown(let body): writer.raw(body.data ?? [])
        }
    }

    /// Whether `NFTA_EXPR_DATA` is written at all.
    var hasBody: Bool {
        switch self {
        case .notrack: false
        case .unknown(let body): body.data != nil
        default: true
        }
    }
}
