import NetlinkProto
import RuleStore

/// Where rules and chains live in the kernel, by object id; and the rules that jump to parts of chains, by ``ChainPart/jump(in:)``.
///
/// Handles are state of one kernel, not of a version: a rule that is replaced keeps its handle, one that is deleted and brought
/// back gets another.
///
/// A copy shares its contents, so that readers can keep one while the committer goes on.
struct RuleHandles: Sendable {
    private var places = ObjectMap<KernelPlace>()
    /// Apart, since they are few, and are asked for together.
    private var jumpPlaces = ObjectMap<KernelPlace>()

    init() {}

    init(_ stored: ObjectMap<UInt64>) {
        for (id, place) in stored { self[id] = KernelPlace(rawValue: place) }
    }

    subscript(_ id: ObjectID) -> KernelPlace? {
        get { id < ChainPart.firstJump ? places[id] : jumpPlaces[id] }
        set {
            if id < ChainPart.firstJump {
                places[id] = newValue
            } else {
                jumpPlaces[id] = newValue
            }
        }
    }

    /// Whether any chain has parts.
    var hasParts: Bool { !jumpPlaces.isEmpty }

    /// The jumps to parts of chains.
    var jumps: [ObjectID] { Array(jumpPlaces.keys) }

    /// The jumps to parts of a table's chains.
    func jumps(in table: ObjectID) -> [ObjectID] {
        hasParts ? jumpPlaces.keys.filter { ChainPart.isJump($0, in: table) } : []
    }

    /// Where changed objects are, as the store keeps it; with a table that comes, the jumps to parts of its chains.
    func rows(of changes: [Change]) -> [(id: ObjectID, handle: UInt64?)] {
        var ids = changes.map(\.id)
        for case .add(let table) in changes where table.kind == .table {
            ids += jumps(in: table.id)
        }
        return ids.map { ($0, self[$0]?.rawValue) }
    }

    /// Takes over what changes in the store's table.
    mutating func take(_ rows: [(id: ObjectID, handle: UInt64?)]) {
        for (id, place) in rows { self[id] = place.map { KernelPlace(rawValue: $0) } }
    }

    /// Takes over where objects of an image are, and the jumps to parts of their chains.
    mutating func take(_ image: RuleHandles, of objects: some Sequence<StoredObject>) {
        for object in objects {
            if let place = image[object.id] { self[object.id] = place }
        }
        for (id, place) in image.jumpPlaces { jumpPlaces[id] = place }
    }
}
