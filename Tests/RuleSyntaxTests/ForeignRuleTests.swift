import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Rules that others made: shown readably, never dropped, and read back exactly.
@Suite struct ForeignRuleTests {
    private static let script = """
        add table inet t
        add set inet t blocked { type ipv4_addr; }
        add counter inet t hits
        add chain inet t other
        add chain inet t c { type filter hook input priority 0; }
        add rule inet t c tcp dport 22 accept
        add rule inet t c iifname "lo" accept
        add rule inet t c iifname "eth0" ip saddr 10.0.0.0/8 tcp dport 22 accept
        add rule inet t c tcp dport 22 ip saddr 10.0.0.1 counter drop
        add rule inet t c ip saddr @blocked drop
        add rule inet t c tcp dport vmap { 22 : accept, 80 : jump other }
        add rule inet t c counter name "hits"
        add rule inet t c tcp dport 25 quota over 25 mbytes drop
        add rule inet t c icmp type echo-request limit rate over 10/second drop
        add rule inet t c ip dscp cs1 counter
        add rule inet t c counter tcp dport 22 accept
        add rule inet t c meta mark set 5 accept comment "mine"
        add rule inet t c tcp dport { 22, 80 } ct state new accept
        add rule inet t c log prefix "a] b" accept
        """

    private func dump() throws -> [RuleBody] {
        try Namespace().run {
            try Command.check("nft", "-f", "-", input: ForeignRuleTests.script)
            return try KernelRules(family: .inet, table: "t").rules(of: "c")
        }
    }

    @Test func whatIsShownReadsBackExactly() throws {
        for body in try dump() {
            let text = RuleText.print(body, family: .inet)
            let back = try RuleText.parse(line: text, context: RuleContext(family: .inet)).body
            #expect(back == body.withoutState, "\(text)")
        }
    }

    @Test func whatCanBeSaidIsSaid() throws {
        let texts = try dump().map { RuleText.print($0, family: .inet) }
        #expect(texts[0] == "--no-counter -p tcp --dport 22 -j ACCEPT")
        #expect(texts[1] == "--no-counter -i lo -j ACCEPT")
        #expect(
            texts[2]
                == "--as-written --no-counter -i eth0 -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT")
        #expect(texts[3] == "--as-written -p tcp --dport 22 -s 10.0.0.1/32 -j DROP")
        #expect(
            texts[12]
                == "--no-counter -p tcp -m multiport --dports 22,80 -m conntrack --ctstate NEW -j ACCEPT"
        )
    }

    @Test func whatCannotBeSaidIsShownAsExpressions() throws {
        let texts = try dump().map { RuleText.print($0, family: .inet) }
        #expect(texts[4].contains("lookup reg 1 in set blocked"))
        #expect(texts[4].contains("immediate reg 0 drop"))
        #expect(texts[6].contains("objref type 1 name hits"))
        #expect(texts[7].hasPrefix("--no-counter -p tcp --dport 25 -m nft --expr"))
        #expect(texts[7].contains("[ quota over 26214400 bytes ]"))
        #expect(texts[7].hasSuffix("-j DROP"))
        #expect(texts[11].contains("-m comment --comment mine"))
    }

    @Test func aRuleWithUnknownPartsKeepsThem() throws {
        var body = RuleBody(
            expressions: [
                .unknown(UnknownExpression(name: "future", data: [8, 0, 1, 0, 1, 2, 3, 4])),
                .unknown(UnknownExpression(name: "nothing", data: nil)),
                .counter(CounterExpression()),
            ],
            compat: RuleCompat(transportProtocol: 6, flags: 2), userData: [7, 2, 1, 2])
        body.unknown = [8, 0, 0x50, 0, 9, 9, 9, 9]
        let text = RuleText.print(body, family: .ip)
        #expect(text.contains("[ future 0x0800010001020304 ]"))
        #expect(try RuleText.parse(line: text, context: RuleContext(family: .ip)).body == body)
    }

    @Test func textFromOthersCannotCommandTheTerminal() throws {
        let body = RuleBody(
            expressions: [
                .counter(CounterExpression()), .log(LogExpression(prefix: "\u{1B}[2Jgone\n")),
            ])
        let text = RuleText.print(body, family: .ip)
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect(try RuleText.parse(line: text, context: RuleContext(family: .ip)).body == body)
    }
}
