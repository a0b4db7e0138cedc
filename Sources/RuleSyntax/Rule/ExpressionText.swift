import NetlinkProto

/// Expressions as people who know nf_tables read them, much as `nft --debug=netlink` shows them.
///
/// For reading only: the exact bytes stand beside it. Constants are hexadecimal in the order in which they lie in memory.
enum ExpressionText {
    static func render(_ expression: Expression) -> String {
        "[ " + PlainText.escaped(text(expression)) + " ]"
    }

    private static func text(_ expression: Expression) -> String {
        switch expression {
        case .immediate(let body): immediate(body)
        case .bitwise(let body): bitwise(body)
        case .byteorder(let body): byteorder(body)
        case .compare(let body):
            "cmp \(operation(body.operation)) reg \(body.source.rawValue) 0x\(hex(body.value))"
        case .range(let body):
            "range \(body.operation == .inside ? "eq" : "neq") reg \(body.source.rawValue) "
                + "0x\(hex(body.from)) 0x\(hex(body.to))"
        case .lookup(let body): lookup(body)
        case .payload(let body): payload(body)
        case .meta(let body):
            body.source.map { "meta set \(meta(body.key)) with reg \($0.rawValue)" }
                ?? "meta load \(meta(body.key))\(destination(body.destination))"
        case .conntrack(let body): conntrack(body)
        case .fib(let body):
            "fib flags \(body.flags.rawValue) result \(body.result.rawValue)"
                + destination(body.destination)
        case .extensionHeader(let body): extensionHeader(body)
        case .limit(let body): limit(body)
        case .counter: "counter"
        case .quota(let body): "quota \(body.flags & 1 == 1 ? "over " : "")\(body.bytes) bytes"
        case .connectionLimit(let body):
            "connlimit \(body.flags & 1 == 1 ? "over " : "")\(body.count)"
        case .log(let body): log(body)
        case .reject(let body): "reject type \(body.type.rawValue) code \(body.code)"
        case .nat(let body): nat(body)
        case .objectReference(let body): objectReference(body)
        case .compatMatch(let body): "match \(body.name) rev \(body.revision) 0x\(hex(body.info))"
        case .compatTarget(let body): "target \(body.name) rev \(body.revision) 0x\(hex(body.info))"
        case .dynamicSet(let body):
            "dynset \(dynamicOperation(body.operation)) reg_key \(body.key.rawValue) set \(body.set)"
        case .queue(let body): queue(body)
        case .transparentProxy(let body):
            "tproxy family \(body.family)" + register(" addr", body.address)
                + register(" port", body.port)
        case .duplicate(let body):
            "dup" + register(" addr", body.address) + register(" dev", body.device)
        case .forward(let body):
            "fwd" + register(" dev", body.device) + register(" addr", body.address)
        case .unknown(let body): "\(body.name) 0x\(hex(body.data ?? []))"
        default: expression.name
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String { HexBytes.text(bytes) }

    private static func register(_ what: String, _ register: Register?) -> String {
        register.map { "\(what) reg \($0.rawValue)" } ?? ""
    }

    private static func destination(_ register: Register?) -> String {
        register.map { " => reg \($0.rawValue)" } ?? ""
    }

    private static func operation(_ operation: CompareExpression.Operation) -> String {
        let names = ["eq", "neq", "lt", "lte", "gt", "gte"]
        return names.indices.contains(Int(operation.rawValue))
            ? names[Int(operation.rawValue)] : "op \(operation.rawValue)"
    }

    private static func immediate(_ body: ImmediateExpression) -> String {
        let register = body.destination.rawValue
        switch body.data {
        case .value(let bytes): return "immediate reg \(register) 0x\(hex(bytes))"
        case .verdict(let verdict): return "immediate reg \(register) \(text(verdict))"
        }
    }

    private static func text(_ verdict: Verdict) -> String {
        switch verdict {
        case .drop: "drop"
        case .accept: "accept"
        case .queue: "queue"
        case .continue: "continue"
        case .break: "break"
        case .return: "return"
        case .jump(let chain): "jump -> \(chain)"
        case .goto(let chain): "goto -> \(chain)"
        case .other(let code): "verdict \(code)"
        }
    }

    private static func bitwise(_ body: BitwiseExpression) -> String {
        let (to, from) = (body.destination.rawValue, body.source.rawValue)
        switch body.operation {
        case .boolean:
            return "bitwise reg \(to) = ( reg \(from) & 0x\(hex(body.mask ?? [])) ) "
                + "^ 0x\(hex(body.xor ?? []))"
        case .leftShift: return "bitwise reg \(to) = ( reg \(from) << 0x\(hex(body.shift ?? [])) )"
        case .rightShift: return "bitwise reg \(to) = ( reg \(from) >> 0x\(hex(body.shift ?? [])) )"
        default: return "bitwise op \(body.operation.rawValue)"
        }
    }

    private static func byteorder(_ body: ByteorderExpression) -> String {
        let name = body.operation == .hostToNetwork ? "hton" : "ntoh"
        return "byteorder reg \(body.destination.rawValue) = \(name)(reg \(body.source.rawValue), "
            + "\(body.size), \(body.length))"
    }

    private static func lookup(_ body: LookupExpression) -> String {
        let negation = body.flags & LookupExpression.inverted == 0 ? "" : " not"
        let number = body.setID.map { " \($0)" } ?? ""
        return "lookup reg \(body.source.rawValue)\(negation) in set \(body.set)\(number)"
            + destination(body.destination)
    }

    private static func payload(_ body: PayloadExpression) -> String {
        let bases = ["link", "network", "transport", "inner"]
        let base =
            bases.indices.contains(Int(body.base.rawValue))
            ? bases[Int(body.base.rawValue)] : "base \(body.base.rawValue)"
        let place = "\(body.length)b @ \(base) header + \(body.offset)"
        return body.source.map { "payload write reg \($0.rawValue) => \(place)" }
            ?? "payload load \(place)\(destination(body.destination))"
    }

    private static let metaNames = [
        "len", "protocol", "priority", "mark", "iif", "oif", "iifname", "oifname", "iiftype",
        "oiftype", "skuid", "skgid", "nftrace", "rtclassid", "secmark", "nfproto", "l4proto",
        "bri_iifname", "bri_oifname", "pkttype", "cpu", "iifgroup", "oifgroup", "cgroup", "prandom",
        "secpath", "iifkind", "oifkind", "ibrpvid", "ibrvproto", "time", "day", "hour", "sdif",
        "sdifname",
    ]

    private static func meta(_ key: MetaExpression.Key) -> String {
        metaNames.indices.contains(Int(key.rawValue))
            ? metaNames[Int(key.rawValue)] : "key \(key.rawValue)"
    }

    private static let conntrackNames = [
        "state", "direction", "status", "mark", "secmark", "expiration", "helper", "l3protocol",
        "src", "dst", "protocol", "proto_src", "proto_dst", "label", "packets", "bytes", "avgpkt",
        "zone", "event", "src_ip", "dst_ip", "src_ip6", "dst_ip6", "id",
    ]

    private static func conntrack(_ body: ConntrackExpression) -> String {
        let name =
            conntrackNames.indices.contains(Int(body.key.rawValue))
            ? conntrackNames[Int(body.key.rawValue)] : "key \(body.key.rawValue)"
        if let source = body.source { return "ct set \(name) with reg \(source.rawValue)" }
        let direction = body.direction.map { $0 == 0 ? ", dir original" : ", dir reply" } ?? ""
        return "ct load \(name)\(destination(body.destination))\(direction)"
    }

    private static func extensionHeader(_ body: ExtensionHeaderExpression) -> String {
        let names = ["ipv6", "tcpopt", "ipv4", "sctp"]
        let kind =
            names.indices.contains(Int(body.operation.rawValue))
            ? names[Int(body.operation.rawValue)] : "op \(body.operation.rawValue)"
        let present = body.flags & 1 == 1 ? " present" : ""
        return "exthdr load \(kind) \(body.length)b @ \(body.type) + \(body.offset)\(present)"
            + destination(body.destination)
    }

    private static func limit(_ body: LimitExpression) -> String {
        let units: [UInt64: String] = [
            1: "second", 60: "minute", 3600: "hour", 86_400: "day", 604_800: "week",
        ]
        let unit = units[body.unitSeconds] ?? "\(body.unitSeconds) seconds"
        let over = body.flags & 1 == 1 ? "over " : ""
        return "limit rate \(over)\(body.rate)\(body.type == 1 ? " bytes" : "")/\(unit) "
            + "burst \(body.burst)"
    }

    private static func log(_ body: LogExpression) -> String {
        var text = "log"
        if let prefix = body.prefix { text += " prefix \(prefix)" }
        if let group = body.group { text += " group \(group)" }
        if let level = body.level { text += " level \(level)" }
        return text + (body.flags == 0 ? "" : " flags \(body.flags)")
    }

    private static func nat(_ body: NATExpression) -> String {
        var text = "nat \(body.type == .source ? "snat" : "dnat") family \(body.family)"
        if let min = body.addressMin { text += " addr_min reg \(min.rawValue)" }
        if let max = body.addressMax { text += " addr_max reg \(max.rawValue)" }
        if let min = body.portMin { text += " proto_min reg \(min.rawValue)" }
        if let max = body.portMax { text += " proto_max reg \(max.rawValue)" }
        return text + (body.flags == 0 ? "" : " flags \(body.flags)")
    }

    private static func objectReference(_ body: ObjectReferenceExpression) -> String {
        if let set = body.set { return "objref sreg \(body.source?.rawValue ?? 0) set \(set)" }
        return "objref type \(body.type ?? 0) name \(body.name ?? "")"
    }

    private static func dynamicOperation(_ operation: DynamicSetExpression.Operation) -> String {
        switch operation {
        case .add: "add"
        case .update: "update"
        case .delete: "delete"
        default: "op \(operation.rawValue)"
        }
    }

    private static func queue(_ body: QueueExpression) -> String {
        if let register = body.numberRegister { return "queue sreg_qnum \(register.rawValue)" }
        let total = body.total.map { $0 > 1 ? " total \($0)" : "" } ?? ""
        return "queue num \(body.number ?? 0)\(total)"
            + (body.flags == 0 ? "" : " flags \(body.flags)")
    }
}
