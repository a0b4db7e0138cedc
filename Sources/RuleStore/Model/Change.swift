/// What one version, or one diff, does to one object.
public enum Change: Hashable, Sendable {
    /// The object was not there and is.
    case add(StoredObject)
    /// The object was there and is not.
    case delete(StoredObject)
    /// The object has another name, place or body.
    ///
    /// Both sides have the same id, kind, parent, family and element key. Moving a rule is a
    /// modification with another order key; moving it to another chain is a deletion and an
    /// addition under a new id.
    case modify(from: StoredObject, to: StoredObject)

    /// The object as it was; `nil` if it is added.
    public var before: StoredObject? {
        switch self {
        case .add: nil
        case .delete(let object), .modify(from: let object, to: _): object
        }
    }

    /// The object as it becomes; `nil` if it is deleted.
    public var after: StoredObject? {
        switch self {
        case .delete: nil
        case .add(let object), .modify(from: _, to: let object): object
        }
    }

    /// The object that changes, as it is after the change if it is still there.
    public var object: StoredObject {
        switch self {
        case .add(let object), .delete(let object), .modify(from: _, to: let object): object
        }
    }

    /// The object's lasting number.
    public var id: ObjectID { object.id }

    /// The change that undoes this one.
    public var inverse: Change {
        switch self {
        case .add(let object): .delete(object)
        case .delete(let object): .add(object)
        case .modify(let before, let after): .modify(from: after, to: before)
        }
    }
}
