import HashTreeCollections
import NetlinkProto

/// The whole logical ruleset at one version: an immutable value that shares what it has in common
/// with its neighbours.
///
/// - Cost: a copy is O(1); a change is O(log n) and leaves copies as they were; each look-up is
///   O(1) or O(log n), but for the first by a body after all of it was loaded.
/// - Invariants: each parent is there and of the right kind; names are free of duplicates within a
///   parent and kind (of stateful objects: and type, as in nf_tables), element keys within a set,
///   order keys within a chain; an object's id, kind, parent, family and element key never change.
public struct Ruleset: Sendable {
    var objects = ObjectMap<StoredObject>()
    var names = TreeDictionary<Name, ObjectID>()
    var children = TreeDictionary<Family, SortedList<ObjectID>>()
    var places = ObjectMap<SortedList<RulePlace>>()
    var bodies = BodyIndex()

    /// Makes the empty ruleset.
    public init() {}

    /// How many objects of all kinds there are.
    public var count: Int { objects.count }

    /// Whether there is nothing.
    public var isEmpty: Bool { objects.isEmpty }
}

extension Ruleset {
    /// What an object is known by within its parent.
    enum Name: Hashable, Sendable {
        case table(family: UInt8, name: ExactText)
        case child(parent: ObjectID, kind: ObjectKind, name: ExactText)
        case stateful(table: ObjectID, type: UInt32, name: ExactText)
        case element(set: ObjectID, key: [UInt8])

        /// The name of an object; `nil` for a rule, which has a place instead.
        init?(of object: StoredObject) {
            switch (object.kind, object.parent) {
            case (.table, _): self = .table(family: object.family, name: ExactText(object.name))
            case (.element, let set?): self = .element(set: set, key: object.elementKey)
            case (.rule, _), (_, nil): return nil
            case (.object, let table?):
                self = .stateful(
                    table: table, type: object.statefulType, name: ExactText(object.name))
            case (let kind, let parent?):
                self = .child(parent: parent, kind: kind, name: ExactText(object.name))
            }
        }
    }

    /// The objects of one kind in one parent; no parent, for tables.
    struct Family: Hashable, Sendable {
        let parent: ObjectID?
        let kind: ObjectKind
    }
}

extension Ruleset: Equatable {
    /// Whether two rulesets have the same objects with the same contents.
    public static func == (left: Ruleset, right: Ruleset) -> Bool {
        // Everything else is derived from the objects.
        left.objects == right.objects
    }
}

extension StoredObject {
    /// `NFT_OBJECT_*` of a stateful object; 0 if its body does not say.
    fileprivate var statefulType: UInt32 { (try? ObjectBody(encoded: body))?.type ?? 0 }
}
