import Foundation
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Rulesets as text, as JSON and in the save format.
@Suite struct ListingTests {
    private static func rule(_ line: String, _ id: UInt64, packets: UInt64 = 0) throws
        -> RuleListing
    {
        let body = try RuleText.parse(line: line, context: RuleContext(family: .inet)).body
        return RuleListing(
            id: id, handle: id + 100, body: body,
            counter: .init(packets: packets, bytes: packets * 60))
    }

    static func example() throws -> RulesetListing {
        let input = ChainListing(
            name: "input", id: 2,
            body: try SaveFormat.chainBody(
                hook: "input", priority: "filter", policy: "drop", family: .inet),
            rules: [
                try rule("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", 17, packets: 1200),
                try rule("-p tcp --dport 22 -m comment --comment \"two words\" -j web", 18),
            ])
        let web = ChainListing(name: "web", id: 3, rules: [try rule("-j DROP", 105, packets: 3)])
        let filter = TableListing(
            family: .inet, name: "filter", id: 1, policy: .owned,
            body: TableBody(flags: [.owner, .persist]), chains: [input, web],
            objects: [ObjectListing(kind: "set", name: "blocked", id: 9, summary: "12 elements")])
        let empty = TableListing(family: .ip6, name: "empty", id: 4, policy: .observed)
        return RulesetListing(version: 7, tables: [filter, empty])
    }

    @Test func peopleReadTheListing() throws {
        #expect(
            ListingText.render(try ListingTests.example()) == """
                table inet filter { # owned
                    set blocked # 12 elements

                    chain input { type filter hook input priority filter; policy drop; }
                        1  -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                        2  -p tcp --dport 22 -m comment --comment "two words" -j web

                    chain web
                        1  -j DROP
                }

                table ip6 empty { # observed
                }

                """)
    }

    @Test func countersAndIDsStandInColumns() throws {
        let listing = try ListingTests.example()
        #expect(
            ListingText.render(
                listing.tables[0].chains[0], in: listing.tables[0],
                options: ListingOptions(counters: true, ids: true)) == """
                        chain input { type filter hook input priority filter; policy drop; } # id 2
                               id  packets  bytes  rule
                            1  17     1200  72000  -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                            2  18        0      0  -p tcp --dport 22 -m comment --comment "two words" -j web

                    """)
        #expect(
            ListingText.rule(
                listing.tables[0].chains[1].rules[0], family: .inet,
                options: ListingOptions(counters: true, ids: true)) == "id 105  [3:180]  -j DROP")
    }

    @Test func programsReadTheJSON() throws {
        let text = RulesetJSON.render(
            try ListingTests.example(), options: ListingOptions(counters: true, ids: true))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(json["version"] as? Int == 7)
        let tables = try #require(json["tables"] as? [[String: Any]])
        #expect(tables.map { $0["name"] as? String } == ["filter", "empty"])
        #expect(tables[0]["policy"] as? String == "owned")
        let chains = try #require(tables[0]["chains"] as? [[String: Any]])
        #expect(chains[0]["hook"] as? String == "input")
        #expect(chains[0]["priority"] as? Int == 0)
        #expect(chains[0]["policy"] as? String == "drop")
        #expect(chains[1]["hook"] == nil)
        let rules = try #require(chains[0]["rules"] as? [[String: Any]])
        #expect(rules.map { $0["position"] as? Int } == [1, 2])
        #expect(rules.map { $0["id"] as? Int } == [17, 18])
        #expect(rules[0]["packets"] as? Int == 1200)
        #expect(rules[1]["comment"] as? String == "two words")
        #expect(
            rules[1]["words"] as? [String] == [
                "-p", "tcp", "--dport", "22", "-m", "comment", "--comment", "two words", "-j",
                "web",
            ])
    }

    @Test func jsonIsReadBackByAnother() throws {
        var generator = SeededGenerator()
        for _ in 0..<500 {
            let count = Int.random(in: 0...40, using: &generator)
            let text = String(decoding: generator.bytes(count), as: UTF8.self)
            let value = JSONValue.object([
                ("text", .string(text)),
                ("list", .array([.null, .bool(true), .int(-5), .uint(.max)])),
                ("empty", .object([])),
            ])
            for indent in [true, false] {
                let data = Data(value.encoded(indent: indent).utf8)
                let back = try #require(
                    try JSONSerialization.jsonObject(with: data) as? [String: Any])
                #expect(back["text"] as? String == text)
                #expect((back["list"] as? [Any])?.count == 4)
            }
        }
        #expect(
            JSONValue.array([.int(1), .object([("a", .array([]))])]).encoded(indent: false)
                == #"[1,{"a":[]}]"#)
    }

    @Test func aSavedRulesetIsTheCommandsThatMakeIt() throws {
        #expect(
            SaveFormat.write(try ListingTests.example()) == """
                add table --policy owned inet filter
                add chain --type filter --hook input --priority filter --policy drop inet filter input
                add chain inet filter web
                append inet filter input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                append inet filter input -p tcp --dport 22 -m comment --comment "two words" -j web
                append inet filter web -j DROP
                add table --policy observed ip6 empty

                """)
    }

    /// What a saved ruleset keeps: no ids, no counters, no objects.
    private static func plain(_ listing: RulesetListing) -> RulesetListing {
        var listing = listing
        listing.version = nil
        for table in listing.tables.indices {
            listing.tables[table].id = nil
            listing.tables[table].objects = []
            listing.tables[table].body.flags.subtract([.owner, .persist])
            for chain in listing.tables[table].chains.indices {
                listing.tables[table].chains[chain].id = nil
                let rules = listing.tables[table].chains[chain].rules
                listing.tables[table].chains[chain].rules = rules.map {
                    RuleListing(body: $0.body.withoutState)
                }
            }
        }
        return listing
    }

    @Test func aSavedRulesetReadsBack() throws {
        let example = try ListingTests.example()
        #expect(try SaveFormat.parse(SaveFormat.write(example)) == ListingTests.plain(example))
    }

    @Test func randomRulesetsReadBack() throws {
        var generator = SeededGenerator()
        for round in 0..<30 {
            var listing = RulesetListing()
            for (index, family) in [Family.ip, .ip6, .inet, .bridge, .arp, .netdev].enumerated() {
                var table = TableListing(family: family, name: "t\(index) \(round)")
                table.policy = TablePolicy.allCases.randomElement(using: &generator)
                if generator.oneIn(3) { table.body.flags.insert(.dormant) }
                if generator.oneIn(4) { table.body.userData = [0, 2, 0x78, 0] }
                table.chains = (0..<3).map { chain in
                    ListingTests.randomChain("c\(chain)", family, &generator)
                }
                listing.tables.append(table)
            }
            let text = SaveFormat.write(listing)
            #expect(try SaveFormat.parse(text) == listing, "\(text)")
            #expect(SaveFormat.write(try SaveFormat.parse(text)) == text)
        }
    }

    private static func randomChain(
        _ name: String, _ family: Family, _ generator: inout SeededGenerator
    ) -> ChainListing {
        var chain = ChainListing(name: name)
        if let hook = HookName.names(family: family).randomElement(using: &generator),
            generator.oneIn(2)
        {
            let priority = Int32.random(in: -400...400, using: &generator)
            let devices = hook == "ingress" || hook == "egress" ? ["eth0", "eth1"] : []
            chain.body = ChainBody(
                hook: Hook(
                    number: HookName.number(hook, family: family) ?? 0, priority: priority,
                    devices: devices),
                policy: generator.oneIn(2) ? .drop : .accept, type: "filter")
        }
        if generator.oneIn(5) { chain.body.userData = [0, 3, 0x68, 0x69, 0] }
        if [.ip, .ip6, .inet].contains(family), chain.body.hook == nil {
            for _ in 0..<5 {
                let line = RandomRule.line(family, &generator)
                if let rule = try? RuleText.parse(line: line, context: RuleContext(family: family))
                {
                    chain.rules.append(RuleListing(body: rule.body))
                }
            }
        }
        return chain
    }

    @Test(
        arguments: [
            (
                "add tabel inet filter", 1, 0,
                "there are: add table, add chain, add object, add flowtable, add set, add element, append"
            ),
            ("add table inet filter\nadd table inet filter", 2, 3, "is there already"),
            ("add table --policy mine inet f", 1, 3, "owned, observed, enforced"),
            ("add table ipx f", 1, 2, "is not a family"),
            ("add table", 1, 2, "[FAMILY] NAME belongs here"),
            ("add table --polcy owned f", 1, 2, "did you mean --policy?"),
            ("add table f\nadd chain inet f c\nappend inet f d -j DROP", 3, 3, "there is no chain"),
            ("append inet f c -j DROP", 1, 2, "there is no table"),
            ("append inet f", 1, 3, "append takes"),
            (
                "\nadd table f\n# x\nadd chain f c\nappend f c -p tcp --dprot 1", 5, 5,
                "did you mean --dport?"
            ),
            (
                "add table f\nadd chain --hook input --type nat --policy maybe f c", 2, nil,
                "is not a policy"
            ),
            ("add table f\nadd chain --hook nowhere f c", 2, nil, "has no hook"),
            (
                "add table f\nadd chain --hook input --priority high f c", 2, nil,
                "is not a priority"
            ),
            (
                "add table f\nadd chain --hook forward --type nat f c", 2, nil,
                "cannot hook into forward"
            ),
            ("add table f\nadd chain --policy drop f c", 2, nil, "belong to base chains"),
            ("add table netdev f\nadd chain --hook ingress netdev f c", 2, nil, "needs --device"),
            ("add table f\nadd chain --hook f c", 2, nil, "[FAMILY] TABLE CHAIN"),
            ("add table --attributes 00 f", 1, 3, "damaged"),
            ("add table f\nadd chain f 'a b'", 2, 3, "no blanks"),
            ("add table 'f", 1, 2, "not closed"),
        ] as [(String, Int, Int?, String)])
    func aFaultIsNamedByLineAndWord(
        _ text: String, _ line: Int, _ word: Int?, _ says: String
    ) throws {
        let error = try #require(throws: SourceError.self) { try SaveFormat.parse(text) }
        #expect(error.line == line, "\(error)")
        if let word { #expect(error.cause.wordIndex == word, "\(error)") }
        #expect("\(error)".contains(says), "\(error)")
        #expect("\(error)".hasPrefix("line \(line): "))
    }
}
