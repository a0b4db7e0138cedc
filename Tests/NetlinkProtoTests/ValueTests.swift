import NetlinkProto
import TestSupport
import Testing

/// What nft's text means, as typed values: written down here from the text, not from what the
/// decoder says.
@Suite struct ValueTests {
    /// The rules of a fixture, in order.
    private func rules(_ name: String) throws -> [RuleMessage] {
        try Fixture(name).sent.compactMap { message in
            guard case .rule(let rule) = try TypedMessage(message) else { return nil }
            return rule
        }
    }

    /// The last expressions of the rules that a fixture adds, by the rule's number from 0.
    struct Case: Sendable, CustomTestStringConvertible {
        let fixture: String
        let rule: Int
        let expressions: [Expression]

        init(_ fixture: String, _ rule: Int, _ expressions: Expression...) {
            self.fixture = fixture
            self.rule = rule
            self.expressions = expressions
        }

        var testDescription: String { "\(fixture) \(rule)" }
    }

    private static func load(_ base: PayloadExpression.Base, _ offset: UInt32, _ length: UInt32)
        -> Expression
    {
        .payload(
            PayloadExpression(destination: .r1, base: base, offset: offset, length: length))
    }

    private static func equal(_ value: UInt8...) -> Expression {
        .compare(CompareExpression(source: .r1, operation: .equal, value: value))
    }

    private static func meta(_ key: MetaExpression.Key) -> Expression {
        .meta(MetaExpression(key: key, destination: .r1))
    }

    private static func verdict(_ verdict: Verdict) -> Expression {
        .immediate(ImmediateExpression(destination: .verdict, data: .verdict(verdict)))
    }

    private static func constant(_ value: UInt8..., in register: Register = .r1) -> Expression {
        .immediate(ImmediateExpression(destination: register, data: .value(value)))
    }

    static let cases: [Case] = [
        // accept; drop; continue; return; jump target; goto target
        Case("expression-verdict", 0, verdict(.accept)),
        Case("expression-verdict", 1, verdict(.drop)),
        Case("expression-verdict", 2, verdict(.continue)),
        Case("expression-verdict", 3, verdict(.return)),
        Case("expression-verdict", 4, verdict(.jump("target"))),
        Case("expression-verdict", 5, verdict(.goto("target"))),
        // tcp dport 22
        Case(
            "expression-compare", 0, meta(.transportProtocol), equal(6), load(.transport, 2, 2),
            equal(0, 22)),
        // ip ttl >= 5
        Case(
            "expression-compare", 5,
            .compare(
                CompareExpression(source: .r1, operation: .greaterOrEqual, value: [5]))),
        // tcp dport != 1000-2000
        Case(
            "expression-compare", 7,
            .range(
                RangeExpression(
                    source: .r1, operation: .outside, from: [0x03, 0xE8], to: [0x07, 0xD0]))),
        // ip saddr 10.1.2.0/23
        Case(
            "expression-bitwise", 1, load(.network, 12, 4),
            .bitwise(
                BitwiseExpression(
                    source: .r1, destination: .r1, operation: .boolean, length: 4,
                    mask: [255, 255, 254, 0], xor: [0, 0, 0, 0])),
            equal(10, 1, 2, 0)),
        // meta mark set ct mark << 8: the distance is in host order
        Case(
            "expression-bitwise", 7,
            .bitwise(
                BitwiseExpression(
                    source: .r1, destination: .r1, operation: .leftShift, length: 4,
                    shift: [8, 0, 0, 0])),
            .meta(MetaExpression(key: .mark, source: .r1))),
        // meta mark 10-20: host order turned into network order
        Case(
            "expression-byteorder", 0, meta(.mark),
            .byteorder(
                ByteorderExpression(
                    source: .r1, destination: .r1, operation: .hostToNetwork, length: 4, size: 4)),
            .compare(
                CompareExpression(source: .r1, operation: .greaterOrEqual, value: [0, 0, 0, 10])),
            .compare(
                CompareExpression(source: .r1, operation: .lessOrEqual, value: [0, 0, 0, 20]))),
        // ip saddr != @s
        Case(
            "expression-lookup", 1,
            .lookup(
                LookupExpression(
                    source: .r1, set: "s", setID: 1, flags: LookupExpression.inverted))),
        // ip saddr vmap @m
        Case(
            "expression-lookup", 2,
            .lookup(LookupExpression(source: .r1, destination: .verdict, set: "m", setID: 2))),
        // update @s { ip saddr timeout 30s }
        Case(
            "expression-dynset", 1,
            .dynamicSet(
                DynamicSetExpression(
                    key: .r1, operation: .update, timeoutMilliseconds: 30_000, set: "s",
                    setID: 1))),
        // update @s { ip daddr limit rate over 3/minute burst 7 packets counter } drop
        Case(
            "expression-dynset", 5,
            .dynamicSet(
                DynamicSetExpression(
                    key: .r1, operation: .update, set: "s", setID: 1,
                    expressions: [
                        .limit(
                            LimitExpression(
                                rate: 3, unitSeconds: 60, burst: 7, type: 0, flags: 1)),
                        .counter(CounterExpression()),
                    ])),
            verdict(.drop)),
        // tcp dport set 8080: the checksum at 16
        Case(
            "expression-payload", 1, constant(0x1F, 0x90),
            .payload(
                PayloadExpression(
                    source: .r1, base: .transport, offset: 2, length: 2, checksumType: 1,
                    checksumOffset: 16))),
        // tcp option maxseg size set 1400
        Case(
            "expression-exthdr", 1, constant(0x05, 0x78),
            .extensionHeader(
                ExtensionHeaderExpression(
                    source: .r1, type: 2, offset: 2, length: 2, operation: .tcpOption))),
        // reset tcp option sack-perm
        Case(
            "expression-exthdr", 4,
            .extensionHeader(ExtensionHeaderExpression(type: 4, operation: .tcpOption))),
        // ip option rr exists
        Case(
            "expression-exthdr", 7,
            .extensionHeader(
                ExtensionHeaderExpression(
                    destination: .r1, type: 7, offset: 0, length: 1, operation: .ip, flags: 1)),
            equal(1)),
        // meta iifname "eth0": sixteen bytes
        Case(
            "expression-meta", 0, meta(.inputInterfaceName),
            equal(0x65, 0x74, 0x68, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
        // meta oifname "eth*": as many bytes as are compared
        Case("expression-meta", 1, meta(.outputInterfaceName), equal(0x65, 0x74, 0x68)),
        // meta mark set 7, in host order
        Case(
            "expression-meta", 5, constant(7, 0, 0, 0),
            .meta(MetaExpression(key: .mark, source: .r1))),
        // ct original ip saddr 10.0.0.1
        Case(
            "expression-conntrack", 10,
            .conntrack(ConntrackExpression(key: .sourceIP, destination: .r1, direction: 0)),
            equal(10, 0, 0, 1)),
        // rt ip nexthop 10.0.0.1
        Case(
            "expression-routing", 1, .routing(RoutingExpression(key: 1, destination: .r1)),
            equal(10, 0, 0, 1)),
        // socket mark 7
        Case(
            "expression-socket", 1, .socket(SocketExpression(key: 1, destination: .r1)),
            equal(7, 0, 0, 0)),
        // tproxy ip to 127.0.0.1:80
        Case(
            "expression-redirect-packets", 0, constant(127, 0, 0, 1),
            constant(0, 80, in: .r2),
            .transparentProxy(TransparentProxyExpression(family: 2, address: .r1, port: .r2))),
        // fwd to "lo"
        Case(
            "expression-redirect-packets", 2, constant(1, 0, 0, 0),
            .forward(ForwardExpression(device: .r1))),
        // fib daddr type local
        Case(
            "expression-fib", 1,
            .fib(
                FibExpression(flags: .destinationAddress, result: .addressType, destination: .r1)),
            equal(2, 0, 0, 0)),
        // limit rate 10/minute burst 20 packets
        Case(
            "expression-limit", 1,
            .limit(LimitExpression(rate: 10, unitSeconds: 60, burst: 20, type: 0, flags: 0))),
        // limit rate over 1 mbytes/minute burst 4 kbytes
        Case(
            "expression-limit", 6,
            .limit(
                LimitExpression(
                    rate: 1_048_576, unitSeconds: 60, burst: 4_096, type: 1, flags: 1))),
        // ct count over 10 drop
        Case(
            "expression-limit", 8,
            .connectionLimit(ConnectionLimitExpression(count: 10, flags: 1)), verdict(.drop)),
        // counter packets 7 bytes 700
        Case("expression-counter", 1, .counter(CounterExpression(bytes: 700, packets: 7))),
        // quota 10 mbytes used 1 mbytes
        Case(
            "expression-counter", 4,
            .quota(QuotaExpression(bytes: 10_485_760, consumed: 1_048_576))),
        // log prefix "x" level emerg flags tcp sequence,options
        Case("expression-log", 3, .log(LogExpression(prefix: "x", level: 0, flags: 3))),
        // log group 5 prefix "group" snaplen 128 queue-threshold 10
        Case(
            "expression-log", 7,
            .log(
                LogExpression(
                    prefix: "group", group: 5, snapLengthBytes: 128, queueThreshold: 10))),
        // queue flags bypass,fanout to 1-4
        Case("expression-queue", 3, .queue(QueueExpression(number: 1, total: 4, flags: 3))),
        // reject with tcp reset
        Case("expression-reject", 1, .reject(RejectExpression(type: .tcpReset))),
        // reject with icmpx admin-prohibited
        Case("expression-reject", 2, .reject(RejectExpression(type: .icmpxUnreachable, code: 3))),
        // snat ip to 192.0.2.1-192.0.2.9
        Case(
            "expression-nat", 1, constant(192, 0, 2, 1), constant(192, 0, 2, 9, in: .r2),
            .nat(
                NATExpression(
                    type: .source, family: 2, addressMin: .r1, addressMax: .r2))),
        // dnat to :8080
        Case(
            "expression-nat", 8, constant(0x1F, 0x90),
            .nat(NATExpression(type: .destination, family: 1, portMin: .r1, flags: 2))),
        // masquerade fully-random,persistent
        Case("expression-masquerade", 2, .masquerade(MasqueradeExpression(flags: 0x18))),
        // redirect to :5300-5399 random
        Case(
            "expression-masquerade", 7,
            .redirect(RedirectExpression(portMin: .r1, portMax: .r2, flags: 6))),
        // counter name "n"
        Case(
            "expression-objref", 0, .objectReference(ObjectReferenceExpression(type: 1, name: "n"))
        ),
        // notrack
        Case("expression-notrack", 0, .notrack),
        // -m u32 … -j CONNMARK --set-mark 1
        Case(
            "expression-compat", 1, .counter(CounterExpression()),
            .compatTarget(
                CompatTargetExpression(
                    name: "CONNMARK", revision: 2,
                    info: [
                        1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0,
                    ]))),
    ]

    @Test(arguments: cases)
    func whatNftMeans(expected: Case) throws {
        let found = try rules(expected.fixture)[expected.rule].body.expressions
        #expect(Array(found.suffix(expected.expressions.count)) == expected.expressions)
    }

    @Test func rulesArePlacedByHandle() throws {
        let rules = try rules("rule-place")
        #expect(rules.map(\.position?.rawValue) == [2, nil, 3, nil, nil, nil])
        #expect(rules.map(\.handle?.rawValue) == [nil, nil, nil, 4, 5, nil])
        #expect(rules.allSatisfy { $0.table == "t" && $0.chain == "c" && $0.family == .ip })
        #expect(try UserData(rules[3].body.userData).comment == "in its place")
    }

    @Test func commentsAreUserdata() throws {
        let rules = try rules("rule-comment")
        #expect(try UserData(rules[0].body.userData).comment == "a comment")
        #expect(try UserData(rules[1].body.userData).comment == "äöü €")
    }

    @Test func anIptablesRuleNamesItsProtocol() throws {
        let rules = try rules("expression-compat")
        #expect(rules[0].body.compat == RuleCompat(transportProtocol: 6, flags: 0))
        #expect(rules[1].body.compat == RuleCompat(transportProtocol: 17, flags: 2))
    }

    @Test func baseChainsHookIn() throws {
        let chains = try Fixture("chain-base").sent.compactMap { message -> ChainMessage? in
            guard case .chain(let chain) = try TypedMessage(message) else { return nil }
            return chain
        }
        #expect(chains[0].name == "prerouting")
        #expect(
            chains[0].body
                == ChainBody(hook: Hook(number: 0, priority: -300), policy: .accept, type: "filter")
        )
        #expect(chains[1].body.policy == .drop)
        #expect(chains[2].body.policy == nil)
        #expect(chains[2].body.hook == Hook(number: 2, priority: -7))
        #expect(chains[4].body.type == "nat")
    }

    @Test func netdevChainsNameDevices() throws {
        let devices = try Fixture("chain-device").dumped.compactMap { message -> [String]? in
            guard case .chain(let chain) = try TypedMessage(message) else { return nil }
            return chain.body.hook?.devices.sorted()
        }
        #expect(devices == [["lo"], ["dummy0", "dummy1"], ["dummy0"], ["lo"]])
    }

    @Test func setsSayWhatTheyHold() throws {
        var sets: [String: SetBody] = [:]
        for message in try Fixture("set-kinds").sent {
            guard case .set(let set) = try TypedMessage(message) else { continue }
            sets[set.name] = set.body
        }
        #expect(sets["sized"]?.sizeElements == 100)
        #expect(sets["timed"]?.timeoutMilliseconds == 3_600_000)
        #expect(sets["timed"]?.collectionIntervalMilliseconds == 10_000)
        #expect(sets["ranges"]?.flags == [.interval, .concatenation])
        #expect(sets["ranges"]?.fieldLengths == [4, 2])
        #expect(sets["memory"]?.policy == 1)
        #expect(sets["names"]?.objectType == ObjectMessage.counterType)
        #expect(sets["verdicts"]?.dataType == SetBody.verdictType)
        #expect(sets["counted"]?.expressions == [.counter(CounterExpression())])
        #expect(sets["limited"]?.expressions.map(\.name) == ["limit", "counter"])
        #expect(sets["spans"]?.flags == [.interval, .map])
    }

    @Test func elementsSayWhatTheyMapTo() throws {
        var elements: [String: [SetElement]] = [:]
        for name in ["element-plain", "element-state", "element-interval", "element-catchall"] {
            for message in try Fixture(name).sent {
                guard case .elements(let list) = try TypedMessage(message) else { continue }
                elements["\(name) \(list.set)", default: []] += list.elements
            }
        }
        func first(_ key: String) -> SetElement? { elements[key]?.first }
        #expect(first("element-plain m")?.data == .value([7, 0, 0, 0]))
        #expect(first("element-plain verdict_j")?.data == .verdict(.jump("x")))
        #expect(first("element-plain o")?.object == "n")
        #expect(first("element-plain p")?.key == [10, 0, 0, 1, 0, 22, 0, 0])
        #expect(first("element-state short")?.timeoutMilliseconds == 3_600_000)
        #expect(
            first("element-state c")?.expressions == [
                .counter(CounterExpression(bytes: 600, packets: 5))
            ])
        #expect(first("element-interval s")?.flags == SetElement.intervalEnd)
        #expect(first("element-interval p")?.keyEnd == [10, 255, 255, 255, 0x07, 0xD0, 0, 0])
        #expect(first("element-catchall s") == SetElement(key: [], flags: 2))
    }

    @Test func objectsHaveATypeAndUserdata() throws {
        var objects: [String: ObjectMessage] = [:]
        for message in try Fixture("object-kinds").sent {
            guard case .object(let object) = try TypedMessage(message) else { continue }
            objects[object.name] = object
        }
        #expect(objects["c"]?.type == ObjectMessage.counterType)
        #expect(objects["q"]?.type == ObjectMessage.quotaType)
        #expect(objects["c"]?.handle == nil)
        #expect(try UserData(objects["noted"]?.userData ?? []).comment == "a counter")
        #expect(try objects["used"]?.withoutState().data == [])
        #expect(try objects["much"]?.withoutState() != objects["much"])
    }
}
