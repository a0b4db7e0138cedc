import NetlinkProto
import RuleStore
import Synchronization

/// Which text each rule was made of, as far as clients have told: only the digests.
///
/// A client that compares a file with the ruleset need not read lines whose text is known. What it is told decides which rules it
/// leaves alone, so it is told only what it, or root, has said. Nothing of this is in the database: after a restart it is learnt
/// anew.
final class RuleTexts: Sendable {
    /// What is known about one rule.
    private struct Entry {
        var text = ContentDigest(high: 0, low: 0)
        /// A part of the digest of the body that it is the text of.
        var body: UInt32 = 0
        var uid: UInt32 = 0

        var isEmpty: Bool { text == ContentDigest(high: 0, low: 0) }
    }

    /// Rule ids lie close together, so entries stand in pages: 24 bytes a rule, without a hash table's gaps.
    private struct Pages {
        var pages: [UInt64: [Entry]] = [:]

        subscript(_ id: ObjectID) -> Entry {
            get { pages[id.rawValue / Pages.size]?[Int(id.rawValue % Pages.size)] ?? Entry() }
            set {
                let (number, index) = id.rawValue.quotientAndRemainder(dividingBy: Pages.size)
                if pages[number] == nil {
                    if newValue.isEmpty { return }
                    pages[number] = [Entry](repeating: Entry(), count: Int(Pages.size))
                }
                pages[number]?[Int(index)] = newValue
                // Ids are not used twice: a page that has become empty stays so, but for rollbacks.
                if newValue.isEmpty, pages[number]?.allSatisfy(\.isEmpty) == true {
                    pages[number] = nil
                }
            }
        }

        static let size: UInt64 = 256
    }

    private let known = Mutex(Pages())

    /// Takes note of what a client says.
    func note(_ text: ContentDigest, of rule: ObjectID, body: ContentDigest, uid: UInt32) {
        known.withLock {
            $0[rule] = Entry(text: text, body: RuleTexts.tag(body), uid: uid)
        }
    }

    /// Forgets rules that are gone or say something else.
    func forget(_ rules: some Sequence<ObjectID>) {
        known.withLock { known in
            for rule in rules { known[rule] = Entry() }
        }
    }

    /// What is to be told about rules to a user.
    func outlines(of rules: [StoredObject], for uid: UInt32) -> [RuleOutline] {
        var outlines = rules.map {
            RuleOutline(id: $0.id.rawValue, body: ContentDigest(of: $0.body))
        }
        known.withLock { known in
            for (index, rule) in rules.enumerated() {
                let entry = known[rule.id]
                guard entry.body == RuleTexts.tag(outlines[index].body), !entry.isEmpty,
                    entry.uid == uid || entry.uid == 0
                else { continue }
                outlines[index].text = entry.text
            }
        }
        return outlines
    }

    private static func tag(_ body: ContentDigest) -> UInt32 {
        UInt32(truncatingIfNeeded: body.low)
    }
}

extension RuleTexts {
    /// Goes along with a version: what its author said about new and changed rules, and nothing about those that are gone.
    ///
    /// Must be called before the version is published, so that nobody sees a rule with the text of its predecessor.
    func follow(_ changes: [Change], texts: [ObjectID: ContentDigest], uid: UInt32) {
        forget(changes.lazy.filter { $0.losesText && texts[$0.id] == nil }.map(\.id))
        for change in changes {
            guard let text = texts[change.id], let after = change.after else { continue }
            note(text, of: change.id, body: ContentDigest(of: after.body), uid: uid)
        }
    }
}

extension Change {
    /// Whether a rule is gone or says something else; one that was only moved is the same.
    fileprivate var losesText: Bool {
        object.kind == .rule && before != nil && before?.body != after?.body
    }
}
