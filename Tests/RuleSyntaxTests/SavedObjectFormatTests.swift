import NetlinkProto
import RuleSyntax
import Testing

/// Sets, stateful objects and flowtables as lines of the save format.
@Suite struct SavedObjectFormatTests {
    private static func object(_ kind: SavedObject.Kind, _ name: String, _ body: some AttributeBody)
        throws -> SavedObject
    {
        SavedObject(kind: kind, name: name, body: try body.encoded())
    }

    private static func listing() throws -> RulesetListing {
        var counter = ObjectBody()
        counter.type = ObjectMessage.counterType
        var set = ObjectListing(
            SetMessage(
                family: .inet, table: "t", name: "a set",
                body: SetBody(flags: [.interval], keyType: 7, keyLength: 4)))
        set.add(SetElement(key: [10, 0, 0, 0]))
        set.add(SetElement(key: [11, 0, 0, 0], flags: SetElement.intervalEnd))
        let hits = ObjectListing(
            counter.message(family: .inet, table: "t", name: "hits"))
        return RulesetListing(tables: [
            TableListing(
                family: .inet, name: "t", policy: .observed, chains: [ChainListing(name: "c")],
                objects: [hits, set])
        ])
    }

    @Test func linesComeBack() throws {
        let listing = try Self.listing()
        let text = SaveFormat.write(listing)
        #expect(
            text == """
                add table --policy observed inet t
                add chain inet t c
                add object --attributes 0800030000000001 inet t hits
                add set --attributes 080003000000000408000400000000070800050000000004 inet t "a set"
                add element --attributes 0c000180080001000a000000 inet t "a set"
                add element --attributes 08000300000000010c000180080001000b000000 inet t "a set"

                """)
        let again = try SaveFormat.parse(text)
        #expect(SaveFormat.write(again) == text)
        #expect(again.tables[0].objects == listing.tables[0].objects)
        // nothing of it is left out of the JSON
        let json = RulesetJSON.render(listing)
        for part in [
            "\"attributes\": \"0800030000000001\"", "\"0c000180080001000a000000\"",
            "element_attributes",
        ] { #expect(json.contains(part), "\(json)") }
    }

    @Test(arguments: [
        ("add set inet t s", 3, "--attributes is missing"),
        ("add set --attributes 08 inet t s", 3, "bytes"),
        (
            "add set --attributes 080003000000000008000400000000070800050000000004 inet u s", 3,
            "no table"
        ),
        ("add element --attributes 0c000180080001000a000000 inet t s", 3, "no set"),
        ("add object --attributes 0800030000000001 inet t hits", 3, "there already"),
        ("add object --type 1 inet t more", 3, "unknown option"),
        ("add meter inet t m", 3, "no command"),
    ])
    func faults(line: String, number: Int, words: String) throws {
        let text = """
            add table inet t
            add object --attributes 0800030000000001 inet t hits
            \(line)
            """
        do {
            _ = try SaveFormat.parse(text)
            Issue.record("\(line) was taken")
        } catch {
            #expect(error.line == number)
            #expect(error.cause.message.contains(words), "\(error.cause.message)")
        }
    }
}
