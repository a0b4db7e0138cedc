import Dispatch
import RuleStore
import TestSupport
import Testing

@Suite struct RulesetTests {
    private func sample() throws -> Ruleset {
        var ruleset = Ruleset()
        try ruleset.apply([
            .add(.rule(4, of: 2, .at(200), [4])), .add(.rule(5, of: 2, .at(100), [5])),
            .add(.chain(3, of: 1, "output")), .add(.chain(2, of: 1, "input")), .add(.table(1)),
            .add(.set(6, of: 1, "input")), .add(.element(7, of: 6, [1])),
            .add(.rule(8, of: 2, .at(300), [4])),
        ])
        return ruleset
    }

    private func id(_ number: UInt64) -> ObjectID { ObjectID(rawValue: number) }

    @Test func everythingIsFound() throws {
        let ruleset = try sample()
        #expect(ruleset.count == 8)
        #expect(ruleset.object(id(3))?.name == "output")
        #expect(ruleset.table(family: 1, name: "filter")?.id == id(1))
        #expect(ruleset.table(family: 2, name: "filter") == nil)
        #expect(ruleset.child(of: id(1), kind: .chain, name: "input")?.id == id(2))
        #expect(ruleset.child(of: id(1), kind: .set, name: "input")?.id == id(6))
        #expect(ruleset.children(of: id(1), kind: .chain).map(\.id) == [id(2), id(3)])
        #expect(ruleset.elements(of: id(6)).map(\.elementKey) == [[1]])
        #expect(ruleset.element(of: id(6), key: [1])?.id == id(7))
        #expect(ruleset.tables.map(\.name) == ["filter"])
    }

    @Test func rulesStandInOrder() throws {
        let ruleset = try sample()
        #expect(ruleset.rules(of: id(2)).map(\.id) == [id(5), id(4), id(8)])
        #expect(ruleset.ruleCount(of: id(2)) == 3)
        #expect(ruleset.ruleID(at: 1, of: id(2)) == id(4))
        #expect(ruleset.ruleID(at: 3, of: id(2)) == nil)
        #expect(ruleset.ruleID(at: -1, of: id(2)) == nil)
        #expect(ruleset.ruleIndex(of: id(8)) == 2)
        #expect(ruleset.ruleIndex(of: id(2)) == nil)
        #expect(ruleset.neighbours(of: id(4)) == (id(5), id(8)))
        #expect(ruleset.neighbours(of: id(5)) == (nil, id(4)))
        #expect(Array(ruleset.ruleIDs(of: id(2), body: [4])) == [id(4), id(8)])
        #expect(ruleset.ruleIDs(of: id(2), body: [9]).isEmpty)
        #expect(ruleset.ruleCount(of: id(3)) == 0)
        let key = try #require(ruleset.orderKey(forRuleAt: 1, of: id(2)))
        #expect(.at(100) < key && key < .at(200))
        #expect(ruleset.orderKey(forRuleAt: 4, of: id(2)) == nil)
    }

    @Test func aCopyKeepsWhatItHad() throws {
        var ruleset = try sample()
        let copy = ruleset
        let rules = Array(copy.rules(of: id(2)))
        try ruleset.apply(.delete(rules[0]))
        try ruleset.apply(.modify(from: rules[1], to: rules[1].with(orderKey: .at(900))))
        #expect(ruleset.ruleIDs(of: id(2)).map { $0 } == [id(8), id(4)])
        #expect(Array(copy.rules(of: id(2))) == rules)
        #expect(copy == (try sample()))
        #expect(ruleset != copy)
    }

    @Test func whatDoesNotFitIsRefusedAndNamed() throws {
        let table = StoredObject.table(1)
        let input = StoredObject.chain(2, of: 1, "input")
        let cases: [(Change, RulesetError.Code, UInt64)] = [
            (.add(.table(4)), .exists, 4),
            (.add(.table(9)), .exists, 9),
            (.add(.chain(9, of: 1, "input")), .exists, 9),
            (.add(.chain(9, of: 2, "deep")), .noSuchObject, 9),
            (.add(.rule(9, of: 3, .at(1)).with(name: "x")), .malformed, 9),
            (.add(.rule(9, of: 2, .at(100))), .exists, 9),
            (.add(.rule(9, of: 77, .at(1))), .noSuchObject, 9),
            (.add(.element(9, of: 6, [1])), .exists, 9),
            (.delete(table), .notEmpty, 1),
            (.delete(input), .notEmpty, 2),
            (.delete(.set(6, of: 1, "input")), .notEmpty, 6),
            (.delete(.chain(9, of: 1, "nope")), .noSuchObject, 9),
            (.delete(.rule(4, of: 2, .at(200), [0])), .differs, 4),
            (.modify(from: input, to: .chain(3, of: 1, "x")), .malformed, 3),
            (.modify(from: input, to: input.with(name: "output")), .exists, 2),
            (.modify(from: input, to: input.with(name: "")), .malformed, 2),
        ]
        for (change, code, object) in cases {
            var ruleset = try sample()
            let error = #expect(throws: RulesetError.self) { try ruleset.apply(change) }
            #expect(error?.code == code, "\(change)")
            #expect(error?.object == id(object))
            #expect(error?.message.contains("id \(object)") == true)
            #expect(ruleset == (try sample()))
            // Nothing of the indexes was lost either.
            #expect(ruleset.child(of: id(1), kind: .chain, name: "input")?.id == id(2))
            #expect(ruleset.ruleCount(of: id(2)) == 3)
        }
    }

    @Test func aBatchSwapsNamesAndPlaces() throws {
        var ruleset = try sample()
        let (input, output) = (
            StoredObject.chain(2, of: 1, "input"), StoredObject.chain(3, of: 1, "output")
        )
        let rules = Array(ruleset.rules(of: id(2)))
        try ruleset.apply([
            .modify(from: input, to: input.with(name: "output")),
            .modify(from: output, to: output.with(name: "input")),
            .modify(from: rules[0], to: rules[0].with(orderKey: .at(200))),
            .modify(from: rules[1], to: rules[1].with(orderKey: .at(100))),
        ])
        #expect(ruleset.child(of: id(1), kind: .chain, name: "input")?.id == id(3))
        #expect(ruleset.ruleIDs(of: id(2)).map { $0 } == [id(4), id(5), id(8)])
    }

    @Test func aBatchIsAllOrNothing() throws {
        var ruleset = try sample()
        #expect(throws: RulesetError.self) {
            try ruleset.apply([.add(.table(9, "nat")), .add(.chain(10, of: 77, "x"))])
        }
        #expect(ruleset == (try sample()))
        #expect(ruleset.table(family: 1, name: "nat") == nil)
    }

    @Test func namesAreComparedByTheirBytes() throws {
        var ruleset = try sample()
        try ruleset.apply([.add(.chain(20, of: 1, "\u{e9}")), .add(.chain(21, of: 1, "e\u{301}"))])
        #expect(ruleset.child(of: id(1), kind: .chain, name: "e\u{301}")?.id == id(21))
    }

    @Test func loadingNeedsNoOrder() throws {
        let ruleset = try sample()
        #expect(try Ruleset(ruleset.allObjects.shuffled()) == ruleset)
        let orphan = [StoredObject.rule(1, of: 2, .at(1))]
        #expect(throws: RulesetError.self) { try Ruleset(orphan) }
        let twins = try sample().allObjects + [.rule(9, of: 2, .at(100))]
        #expect(throws: RulesetError.self) { try Ruleset(Array(twins)) }
    }

    /// Its index of bodies is made when it is needed: edits before that, copies and others who ask must not notice.
    @Test(arguments: [0, 1, 10, 2_000]) func aLoadedRulesetIsFoundByItsBodies(edits: Int) throws {
        var objects: [StoredObject] = [.table(1), .chain(2, of: 1, "input")]
        for number in UInt64(3)..<3_000 {
            objects.append(.rule(number, of: 2, .at(number), [UInt8(number % 200)]))
        }
        let loaded = try Ruleset(objects)
        var edited = loaded
        var model = Array(objects.dropFirst(2))
        for _ in 0..<edits {
            try edited.apply(.delete(model.removeFirst()))
            let number = try #require(model.last).id.rawValue + 1
            let rule = StoredObject.rule(number, of: 2, .at(number), [UInt8(number % 7)])
            try edited.apply(.add(rule))
            model.append(rule)
        }
        DispatchQueue.concurrentPerform(iterations: 4) { [edited, model, objects] _ in
            expectBodies(of: edited, model)
            expectBodies(of: loaded, objects.dropFirst(2))
        }
    }

    private func expectBodies(of ruleset: Ruleset, _ model: some Sequence<StoredObject>) {
        for body in 0..<UInt8(200) {
            #expect(
                Array(ruleset.ruleIDs(of: id(2), body: [body]))
                    == model.filter { $0.body == [body] }.map(\.id))
        }
    }

    /// Chains of random edits against a plain array of (key, id, body).
    @Test func randomEditsOfAChainEqualAPlainArray() throws {
        var generator = SeededGenerator()
        var ruleset = Ruleset()
        try ruleset.apply([.add(.table(1)), .add(.chain(2, of: 1, "input"))])
        var model: [StoredObject] = []
        for number in 3..<3_000 {
            if model.isEmpty || generator.below(3) > 0 {
                let index = generator.below(model.count + 1)
                let key = try #require(ruleset.orderKey(forRuleAt: index, of: id(2)))
                let rule = StoredObject.rule(
                    UInt64(number), of: 2, key, [UInt8(generator.below(4))])
                try ruleset.apply(.add(rule))
                model.insert(rule, at: index)
            } else {
                let index = generator.below(model.count)
                try ruleset.apply(.delete(model.remove(at: index)))
            }
            // One that was loaded goes on like the one that grew.
            guard number % 500 == 0 else { continue }
            ruleset = try Ruleset(Array(ruleset.allObjects))
            if generator.below(2) == 0 { ruleset.makeBodyIndex() }
        }
        #expect(Array(ruleset.rules(of: id(2))) == model)
        expectBodies(of: ruleset, model)
        for (index, rule) in model.enumerated() { #expect(ruleset.ruleIndex(of: rule.id) == index) }
    }
}
