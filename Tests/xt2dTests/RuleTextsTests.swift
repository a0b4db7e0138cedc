import NetlinkProto
import RuleStore
import Testing

@testable import xt2d

/// What is known about the texts of rules, and who is told.
@Suite struct RuleTextsTests {
    private let texts = RuleTexts()
    private let text = ContentDigest(of: "-j ACCEPT")
    private let other = ContentDigest(of: "-j DROP")

    private func rule(_ id: UInt64, _ body: [UInt8] = [1, 2, 3]) -> StoredObject {
        StoredObject(
            id: ObjectID(rawValue: id), kind: .rule, parent: ObjectID(rawValue: 1),
            orderKey: .initial, body: body)
    }

    private func known(_ rule: StoredObject, to uid: UInt32) -> ContentDigest? {
        texts.outlines(of: [rule], for: uid)[0].text
    }

    @Test func outlinesTellIdAndBody() {
        let outlines = texts.outlines(of: [rule(7), rule(9, [4])], for: 0)
        #expect(outlines.map(\.id) == [7, 9])
        #expect(outlines.map(\.body) == [ContentDigest(of: [1, 2, 3]), ContentDigest(of: [4])])
        #expect(outlines.allSatisfy { $0.text == nil })
    }

    @Test func onlyRootIsTrustedByOthers() {
        texts.follow([.add(rule(300))], texts: [ObjectID(rawValue: 300): text], uid: 0)
        #expect(known(rule(300), to: 0) == text)
        #expect(known(rule(300), to: 1_000) == text)
        texts.follow([.add(rule(301))], texts: [ObjectID(rawValue: 301): text], uid: 1_000)
        #expect(known(rule(301), to: 1_000) == text)
        #expect(known(rule(301), to: 0) == nil, "who may edit must not make root pass over a line")
        #expect(known(rule(301), to: 1_001) == nil)
    }

    @Test func aTextBelongsToOneBody() {
        texts.note(text, of: ObjectID(rawValue: 5), body: ContentDigest(of: [1, 2, 3]), uid: 0)
        #expect(known(rule(5), to: 0) == text)
        #expect(known(rule(5, [9]), to: 0) == nil)
    }

    @Test func textsGoAlongWithVersions() throws {
        let (old, new) = (rule(5), rule(5, [9]))
        var moved = old
        moved.orderKey = try #require(OrderKey.between(.initial, nil, newer: .lower))
        texts.follow([.add(old)], texts: [old.id: text], uid: 0)
        texts.follow([.modify(from: old, to: moved)], texts: [:], uid: 0)
        #expect(known(old, to: 0) == text, "a rule that is moved says the same")
        texts.follow([.modify(from: old, to: new)], texts: [old.id: other], uid: 0)
        #expect(known(new, to: 0) == other)
        texts.follow([.modify(from: new, to: old)], texts: [:], uid: 0)
        #expect(known(old, to: 0) == nil)
        texts.follow([.modify(from: old, to: new)], texts: [old.id: other], uid: 0)
        texts.follow([.delete(new)], texts: [:], uid: 0)
        #expect(known(new, to: 0) == nil)
    }
}
