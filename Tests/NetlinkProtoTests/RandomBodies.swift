import NetlinkProto
import TestSupport

/// Random values of everything that a rule can hold, each in its canonical form.
struct RandomBodies {
    var generator: SeededGenerator

    mutating func byte() -> UInt8 { .random(in: .min ... .max, using: &generator) }
    mutating func short() -> UInt16 { .random(in: .min ... .max, using: &generator) }
    mutating func word() -> UInt32 { .random(in: .min ... .max, using: &generator) }
    mutating func long() -> UInt64 { .random(in: .min ... .max, using: &generator) }
    mutating func some(_ limit: Int = 16) -> [UInt8] {
        generator.bytes(Int.random(in: 0...limit, using: &generator))
    }
    mutating func name() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789_-äß€")
        return String(
            (0..<Int.random(in: 1...20, using: &generator)).map { _ in letters[pick(letters.count)]
            })
    }
    mutating func register() -> Register { Register(UInt32.random(in: 1...23, using: &generator)) }
    mutating func pick(_ count: Int) -> Int { .random(in: 0..<count, using: &generator) }
    mutating func maybe<Value>(_ value: Value) -> Value? { generator.oneIn(2) ? value : nil }

    mutating func verdict() -> Verdict {
        let plain: [Verdict] = [.drop, .accept, .queue, .continue, .break, .return, .other(77)]
        return switch pick(9) {
        case 0: .jump(name())
        case 1: .goto(name())
        default: plain[pick(plain.count)]
        }
    }

    mutating func data() -> ExpressionData {
        generator.oneIn(3) ? .verdict(verdict()) : .value(some(64))
    }

    /// An expression of each kind, in the order of the cases of ``Expression``.
    mutating func allExpressions(depth: Int = 0) -> [Expression] {
        computations() + loads() + statements() + translations() + references(depth)
    }

    mutating func expression(depth: Int = 0) -> Expression {
        let all = allExpressions(depth: depth)
        return all[pick(all.count)]
    }

    private mutating func computations() -> [Expression] {
        [
            .immediate(ImmediateExpression(destination: register(), data: data())),
            .bitwise(
                BitwiseExpression(
                    source: register(), destination: register(),
                    operation: .init(rawValue: word()), length: word(), mask: maybe(some()),
                    xor: maybe(some()), shift: maybe(some()))),
            .byteorder(
                ByteorderExpression(
                    source: register(), destination: register(),
                    operation: .init(rawValue: word()), length: word(), size: word())),
            .compare(
                CompareExpression(
                    source: register(), operation: .init(rawValue: word()), value: some())),
            .range(
                RangeExpression(
                    source: register(), operation: .init(rawValue: word()), from: some(),
                    to: some())),
        ]
    }

    private mutating func loads() -> [Expression] {
        [
            .payload(
                PayloadExpression(
                    source: maybe(register()), destination: maybe(register()),
                    base: .init(rawValue: word()), offset: word(), length: word(),
                    checksumType: word(), checksumOffset: word(), checksumFlags: word())),
            .extensionHeader(
                ExtensionHeaderExpression(
                    destination: register(), source: maybe(register()), type: byte(),
                    offset: word(), length: word(), operation: .init(rawValue: word()),
                    flags: word())),
            .extensionHeader(ExtensionHeaderExpression(type: byte(), operation: .tcpOption)),
            .meta(
                MetaExpression(
                    key: .init(rawValue: word()), destination: maybe(register()),
                    source: maybe(register()))),
            .conntrack(
                ConntrackExpression(
                    key: .init(rawValue: word()), destination: maybe(register()),
                    direction: maybe(byte()), source: maybe(register()))),
            .routing(RoutingExpression(key: word(), destination: register())),
            .socket(
                SocketExpression(key: word() % 5, destination: register(), level: word())),
            .fib(
                FibExpression(
                    flags: .init(rawValue: word()), result: .init(rawValue: word()),
                    destination: register())),
        ]
    }

    private mutating func statements() -> [Expression] {
        [
            .limit(
                LimitExpression(
                    rate: long(), unitSeconds: long(), burst: word() % 3, type: word() % 3,
                    flags: word())),
            .connectionLimit(ConnectionLimitExpression(count: word(), flags: word())),
            .counter(CounterExpression(bytes: long() % 2, packets: long())),
            .quota(QuotaExpression(bytes: long(), consumed: long(), flags: word())),
            .log(
                LogExpression(
                    prefix: maybe(name()), group: maybe(short()), snapLengthBytes: maybe(word()),
                    queueThreshold: short(), level: maybe(word() % 9), flags: word())),
            .queue(
                QueueExpression(
                    number: maybe(short()), total: maybe(short()), flags: short(),
                    numberRegister: maybe(register()))),
            .reject(RejectExpression(type: .init(rawValue: word() % 3), code: byte())),
            .notrack,
        ]
    }

    private mutating func translations() -> [Expression] {
        [
            .nat(
                NATExpression(
                    type: .init(rawValue: word()), family: word(), addressMin: maybe(register()),
                    addressMax: maybe(register()), portMin: maybe(register()),
                    portMax: maybe(register()), flags: word())),
            .masquerade(
                MasqueradeExpression(
                    flags: word(), portMin: maybe(register()), portMax: maybe(register()))),
            .redirect(
                RedirectExpression(
                    portMin: maybe(register()), portMax: maybe(register()), flags: word())),
        ]
    }

    private mutating func references(_ depth: Int) -> [Expression] {
        let inner = depth < 2 ? (0..<pick(3)).map { _ in expression(depth: depth + 1) } : []
        return [
            .lookup(
                LookupExpression(
                    source: register(), destination: maybe(.verdict), set: name(),
                    setID: maybe(word()), flags: word())),
            .dynamicSet(
                DynamicSetExpression(
                    key: register(), data: maybe(register()), operation: .init(rawValue: word()),
                    timeoutMilliseconds: maybe(long()), set: name(), setID: maybe(word()),
                    flags: word() & 1, expressions: inner)),
            .objectReference(
                ObjectReferenceExpression(
                    type: maybe(word()), name: maybe(name()), source: maybe(register()),
                    set: maybe(name()), setID: maybe(word()))),
            .transparentProxy(
                TransparentProxyExpression(
                    family: word(), address: maybe(register()), port: maybe(register()))),
            .duplicate(
                DuplicateExpression(address: maybe(register()), device: maybe(register()))),
            .forward(
                ForwardExpression(
                    device: register(), address: maybe(register()), family: maybe(word()))),
            .compatMatch(CompatMatchExpression(name: name(), revision: word(), info: some())),
            .compatTarget(CompatTargetExpression(name: name(), revision: word(), info: some())),
            .unknown(UnknownExpression(name: "x" + name(), data: maybe(some()))),
        ]
    }

    mutating func element() -> SetElement {
        var element = SetElement(
            key: some(64), keyEnd: maybe(some(64)), data: maybe(data()), flags: word(),
            userData: some())
        element.timeoutMilliseconds = maybe(long())
        element.object = maybe(name())
        element.expressions = (0..<pick(3)).map { _ in expression() }
        return element
    }

    mutating func set() -> SetBody {
        var set = SetBody(
            flags: .init(rawValue: word()), keyType: word(), keyLength: word() | 1,
            dataType: maybe(word() | 1), dataLength: maybe(word()), userData: some())
        set.objectType = maybe(word())
        set.policy = word() % 2
        set.sizeElements = maybe(word())
        set.fieldLengths = (0..<pick(4)).map { _ in word() }
        set.timeoutMilliseconds = maybe(long())
        set.collectionIntervalMilliseconds = maybe(word())
        set.expressions = (0..<pick(3)).map { _ in expression() }
        return set
    }

    mutating func rule() -> RuleBody {
        RuleBody(
            expressions: (0..<pick(8)).map { _ in expression() },
            sets: (0..<pick(3)).map { _ in
                AnonymousSet(body: set(), elements: (0..<pick(4)).map { _ in element() })
            },
            compat: maybe(RuleCompat(transportProtocol: word(), flags: word())),
            userData: some(256))
    }

    mutating func chain() -> ChainBody {
        let hook = Hook(
            number: word(), priority: Int32(bitPattern: word()),
            devices: (0..<pick(4)).map { _ in String(name().prefix(5)) })
        return ChainBody(
            hook: maybe(hook), policy: maybe(ChainPolicy(rawValue: word())),
            type: maybe(name()), flags: word() & ~1, userData: some())
    }

    mutating func table() -> TableBody {
        TableBody(flags: .init(rawValue: word()), userData: some())
    }
}
