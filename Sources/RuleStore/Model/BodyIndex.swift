import HashTreeCollections
import Synchronization

/// Which rules of a chain have a body, by the body's hash.
///
/// The index of a ruleset that was loaded as a whole is made when it is first asked: that is nearly half of the work of loading it, and most
/// rulesets of old versions are never asked. Edits do not wait for it.
/// - Cost: as for ``Ruleset``; the first look-up after a load makes the index, or waits for it.
struct BodyIndex: Sendable {
    private var rules = TreeDictionary<Key, Rules>()
    /// What `rules` is to come from.
    private var source: Source?
    /// What was done since the load, for as long as `rules` is not there.
    private var edits: [Edit] = []

    /// Makes the index of no rules.
    init() {}

    /// Has the index of objects made when it is needed.
    init(later objects: [StoredObject]) {
        source = Source(objects)
    }

    /// Has the index made now, if it is not; others who need it meanwhile wait.
    func make() {
        _ = source?.index
    }

    /// The rules of a chain whose bodies have the hash of this one, in order.
    func places(of chain: ObjectID, body: [UInt8]) -> SortedList<RulePlace> {
        if source != nil {
            var whole = self
            whole.resolve()
            return whole.places(of: chain, body: body)
        }
        return switch rules[Key(chain: chain, body: body)] {
        case .none: SortedList()
        case .one(let place): SortedList(ascending: [place]) ?? SortedList()
        case .many(let places): places
        }
    }
}

// MARK: - Edits

extension BodyIndex {
    /// A rule that comes or goes.
    fileprivate struct Edit {
        let place: RulePlace
        let key: Key
        let isInsertion: Bool
    }

    /// How many edits are kept for an index that is not there yet; the next one waits for it.
    private static let editLimit = 1_000

    /// Enters a rule.
    mutating func insert(_ place: RulePlace, of chain: ObjectID, body: [UInt8]) {
        take(Edit(place: place, key: Key(chain: chain, body: body), isInsertion: true))
    }

    /// Takes a rule out.
    mutating func remove(_ place: RulePlace, of chain: ObjectID, body: [UInt8]) {
        take(Edit(place: place, key: Key(chain: chain, body: body), isInsertion: false))
    }

    private mutating func take(_ edit: Edit) {
        if let source, edits.count < Self.editLimit, !source.isMade {
            edits.append(edit)
            return
        }
        resolve()
        rules.apply(edit)
    }

    private mutating func resolve() {
        guard let source else { return }
        rules = source.index
        self.source = nil
        for edit in edits { rules.apply(edit) }
        edits = []
    }
}

// MARK: - Shape

extension BodyIndex {
    /// A chain and the hash of a rule body in it.
    fileprivate struct Key: Hashable, Sendable {
        let chain: ObjectID
        let hash: Int

        init(chain: ObjectID, body: [UInt8]) {
            self.chain = chain
            // By the bytes: the array's own hash takes them one at a time.
            var hasher = Hasher()
            body.withUnsafeBytes { hasher.combine(bytes: $0) }
            self.hash = hasher.finalize()
        }

        /// Mixes what is a hash already, of which nobody outside can know anything.
        func _rawHashValue(seed: Int) -> Int {
            ObjectID.mix(UInt64(truncatingIfNeeded: hash ^ seed) ^ chain.rawValue)
        }
    }

    /// The rules of a chain whose bodies have one hash: almost always a single one, so that costs
    /// no list.
    fileprivate enum Rules: Sendable {
        case one(RulePlace)
        case many(SortedList<RulePlace>)
    }

    /// Objects and, once it was asked for, their index.
    ///
    /// Shared by the copies of a ruleset, so that it is made once.
    private final class Source: Sendable {
        private enum State {
            case objects([StoredObject])
            case made(TreeDictionary<Key, Rules>)
        }

        private let state: Mutex<State>

        init(_ objects: [StoredObject]) { state = Mutex(.objects(objects)) }

        /// Whether nobody has to wait for it.
        var isMade: Bool {
            state.withLockIfAvailable { if case .made = $0 { true } else { false } } ?? false
        }

        var index: TreeDictionary<Key, Rules> {
            state.withLock { state in
                switch state {
                case .made(let index): return index
                case .objects(let objects):
                    let index = Self.index(of: objects)
                    state = .made(index)
                    return index
                }
            }
        }

        private static func index(of objects: [StoredObject]) -> TreeDictionary<Key, Rules> {
            var index = TreeDictionary<Key, Rules>()
            for rule in objects where rule.kind == .rule {
                guard let chain = rule.parent, let key = rule.orderKey else { continue }
                index.insert(
                    RulePlace(key: key, id: rule.id), BodyIndex.Key(chain: chain, body: rule.body))
            }
            return index
        }
    }
}

extension TreeDictionary<BodyIndex.Key, BodyIndex.Rules> {
    fileprivate mutating func apply(_ edit: BodyIndex.Edit) {
        if edit.isInsertion {
            insert(edit.place, edit.key)
        } else if self[edit.key, default: .one(edit.place)].remove(edit.place) {
            self[edit.key] = nil
        }
    }

    fileprivate mutating func insert(_ place: RulePlace, _ key: Key) {
        // Almost every body is the only one of its kind, so that is tried first.
        guard var others = updateValue(.one(place), forKey: key) else { return }
        others.insert(place)
        self[key] = others
    }
}

extension BodyIndex.Rules {
    fileprivate mutating func insert(_ place: RulePlace) {
        var places = SortedList<RulePlace>()
        switch consume self {
        case .one(let other): places.insert(other)
        case .many(let others): places = others
        }
        places.insert(place)
        self = .many(places)
    }

    /// Takes a rule out and says whether none is left.
    fileprivate mutating func remove(_ place: RulePlace) -> Bool {
        switch consume self {
        case .one(let other):
            self = .one(other)
            return true
        case .many(var places):
            places.remove(place)
            let isEmpty = places.isEmpty
            self = .many(places)
            return isEmpty
        }
    }
}
