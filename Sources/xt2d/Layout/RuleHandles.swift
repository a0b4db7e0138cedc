import HashTreeCollections
import NetlinkProto
import RuleStore

/// Where rules and chains live in the kernel: the handle of each object id.
///
/// Handles are state of one kernel, not of a version: a rule that is replaced keeps its handle, one that is deleted and brought
/// back gets another.
///
/// A copy shares its contents, so that readers can keep one while the committer goes on.
struct RuleHandles: Sendable {
    private var handles: TreeDictionary<ObjectID, Handle> = [:]

    init() {}

    init(_ stored: [ObjectID: UInt64]) {
        for (id, handle) in stored { handles[id] = Handle(handle) }
    }

    subscript(_ id: ObjectID) -> Handle? {
        get { handles[id] }
        set { handles[id] = newValue }
    }
}
