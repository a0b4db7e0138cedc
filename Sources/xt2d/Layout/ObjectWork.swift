import NetlinkProto
import RuleStore

/// The part of a diff that is about sets, elements, stateful objects and flowtables, sorted by what has to be done in the kernel.
///
/// The kernel deletes a set with its elements, so those need no messages. An element with other data, a set with another key or
/// other properties, a flowtable, and most stateful objects are deleted and made again: the kernel takes what is sent for one that
/// is there for a repetition. So are map elements that name what is made again.
struct ObjectWork {
    private(set) var deletedElements: [(set: ObjectID, elements: [StoredObject])] = []
    private(set) var deletedSets: [StoredObject] = []
    private(set) var deletedObjects: [StoredObject] = []
    private(set) var deletedFlowtables: [StoredObject] = []
    /// Objects and flowtables that come or change.
    private(set) var putObjects: [StoredObject] = []
    /// Sets that come or change.
    private(set) var putSets: [StoredObject] = []
    private(set) var addedElements: [(set: ObjectID, elements: [StoredObject])] = []

    init(_ changes: [Change], old: Ruleset, new: Ruleset) throws(LayoutError) {
        let lostTables = Set(
            changes.compactMap { change -> ObjectID? in
                if case .delete(let object) = change, object.kind == .table {
                    object.id
                } else {
                    nil
                }
            })
        for change in changes {
            let object = change.object
            guard [.set, .object, .flowtable].contains(object.kind) else { continue }
            guard change.after != nil else {
                if !lostTables.contains(object.parent ?? object.id) { delete(object) }
                continue
            }
            if let before = change.before, try before.mustBeRemade(as: object) { delete(before) }
            if object.kind == .set { putSets.append(object) } else { putObjects.append(object) }
        }
        sortElements(changes, old, new, lostTables)
    }

    private mutating func delete(_ object: StoredObject) {
        switch object.kind {
        case .set: deletedSets.append(object)
        case .object: deletedObjects.append(object)
        default: deletedFlowtables.append(object)
        }
    }

    private mutating func sortElements(
        _ changes: [Change], _ old: Ruleset, _ new: Ruleset, _ lostTables: Set<ObjectID>
    ) {
        let lostSets = Set(deletedSets.map(\.id))
        let remadeSets = lostSets.intersection(putSets.map(\.id))
        var deleted: [ObjectID: [StoredObject]] = [:]
        var added: [ObjectID: [StoredObject]] = [:]
        for change in changes where change.object.kind == .element {
            guard let set = change.object.parent else { continue }
            let isLost =
                lostSets.contains(set)
                || (old.object(set)?.parent).map(lostTables.contains) ?? false
            if let before = change.before, !isLost { deleted[set, default: []].append(before) }
            if let after = change.after, !remadeSets.contains(set) {
                added[set, default: []].append(after)
            }
        }
        for set in remadeSets { added[set] = Array(new.elements(of: set)) }
        // The end of a range has a greater key than its start; the kernel wants them in one message.
        deletedElements = deleted.sorted { $0.key < $1.key }.map { ($0.key, $0.value.inKeyOrder) }
        addedElements = added.sorted { $0.key < $1.key }.map { ($0.key, $0.value.inKeyOrder) }
    }

    /// Makes map elements anew that name what is made again, or what another takes the name of, and do not change themselves.
    mutating func releaseElements(
        of remade: Set<HeldName>, changed: Set<ObjectID>, old: Ruleset
    ) throws(LayoutError) {
        let lostSets = Set(deletedSets.map(\.id))
        for table in Set(remade.compactMap(\.table)) {
            for set in old.children(of: table, kind: .set) where !lostSets.contains(set.id) {
                let body: SetBody = try set.decoded()
                guard !body.flags.isDisjoint(with: [.map, .object]) else { continue }
                let elements = old.elements(of: set.id).filter { !changed.contains($0.id) }
                var held: [StoredObject] = []
                for element in elements {
                    if try element.holds(remade, in: table) { held.append(element) }
                }
                // A range goes with both of its ends.
                if !held.isEmpty, body.flags.contains(.interval) { held = elements }
                deletedElements.add(held, of: set.id)
                addedElements.add(held, of: set.id)
            }
        }
    }

    /// The names that go: what names them has to go before.
    var lostNames: Set<HeldName> {
        Set(
            (deletedSets + deletedObjects + deletedFlowtables).map {
                HeldName(table: $0.parent, kind: $0.kind, name: $0.name)
            })
    }

    /// The names that come.
    var newNames: Set<HeldName> {
        Set(
            (putSets + putObjects).map {
                HeldName(table: $0.parent, kind: $0.kind, name: $0.name)
            })
    }
}

extension StoredObject {
    /// Whether the kernel cannot turn a set, stateful object or flowtable into another of the same name.
    ///
    /// - Source: linux `nf_tables_api.c`, `nft_set_is_same`, `nf_tables_commit` for sets; `nft_obj_type_get` and `update` in
    ///   `nft_quota.c` and `nft_synproxy.c`, the only objects that have one.
    fileprivate func mustBeRemade(as after: StoredObject) throws(LayoutError) -> Bool {
        switch kind {
        case .set:
            var one: SetBody = try decoded()
            let other: SetBody = try after.decoded()
            one.timeoutMilliseconds = other.timeoutMilliseconds
            one.collectionIntervalMilliseconds = other.collectionIntervalMilliseconds
            if other.sizeElements != nil { one.sizeElements = other.sizeElements }
            return one != other
        case .object:
            var one: ObjectBody = try decoded()
            let other: ObjectBody = try after.decoded()
            if ObjectBody.updatableTypes.contains(one.type) { one.data = other.data }
            return one != other
        default: return body != after.body
        }
    }

    /// Whether a map element names one of these chains or stateful objects.
    fileprivate func holds(
        _ names: Set<HeldName>, in table: ObjectID
    ) throws(LayoutError) -> Bool {
        let element: SetElement = try decoded()
        if let object = element.object {
            return names.contains(HeldName(table: table, kind: .object, name: object))
        }
        guard case .verdict(let verdict)? = element.data, let chain = verdict.chain else {
            return false
        }
        return names.contains(HeldName(table: table, kind: .chain, name: chain))
    }

    fileprivate func decoded<Body: AttributeBody>() throws(LayoutError) -> Body {
        do {
            return try Body(encoded: body)
        } catch {
            throw .damaged(id, error)
        }
    }
}

extension ObjectBody {
    /// The types of which the kernel can change an object that is there: quota and synproxy.
    fileprivate static let updatableTypes: Set<UInt32> = [ObjectMessage.quotaType, 10]
}

extension [(set: ObjectID, elements: [StoredObject])] {
    /// Adds elements to those of the set that are there.
    fileprivate mutating func add(_ elements: [StoredObject], of set: ObjectID) {
        guard !elements.isEmpty else { return }
        if let index = firstIndex(where: { $0.set == set }) {
            self[index].elements = (self[index].elements + elements).inKeyOrder
        } else {
            append((set, elements.inKeyOrder))
        }
    }
}

/// A chain, set or object by what rules call it.
struct HeldName: Hashable {
    let table: ObjectID?
    let kind: ObjectKind
    let name: String
}

extension RuleBody {
    /// The chains, sets and objects that a rule names.
    func heldNames(in table: ObjectID?) -> [HeldName] {
        var names = targets.map { HeldName(table: table, kind: .chain, name: $0) }
        for expression in expressions {
            if let set = expression.setName {
                names.append(HeldName(table: table, kind: .set, name: set))
            }
            if case .objectReference(let reference) = expression, let object = reference.name {
                names.append(HeldName(table: table, kind: .object, name: object))
            }
            if let flowtable = expression.flowtableName {
                names.append(HeldName(table: table, kind: .flowtable, name: flowtable))
            }
        }
        return names
    }
}

extension Expression {
    /// The flowtable that a `flow_offload` names (NFTA_FLOW_TABLE_NAME, 1).
    fileprivate var flowtableName: String? {
        guard case .unknown(let body) = self, body.name == "flow_offload", let data = body.data
        else { return nil }
        var attributes = AttributeReader(data.span.bytes)
        guard let name = try? attributes.next(), name.type == 1 else { return nil }
        return try? name.string()
    }
}

extension [StoredObject] {
    /// Elements in the order of their keys; the end of a range in front of a start at the same place.
    fileprivate var inKeyOrder: [StoredObject] {
        sorted { left, right in
            let (one, other) = (left.elementKey.dropFirst(), right.elementKey.dropFirst())
            if one != other { return one.lexicographicallyPrecedes(other) }
            return (left.elementKey.first ?? 0) > (right.elementKey.first ?? 0)
        }
    }
}

/// Writes the messages that ``ObjectWork`` asks for.
struct ObjectEncoder {
    let old: Ruleset
    let new: Ruleset
    let work: ObjectWork
    let names: ChainNames

    /// After rules, before chains: elements and sets name chains.
    func writeRemovals(to builder: inout KernelBatchBuilder) throws(LayoutError) {
        for (set, elements) in work.deletedElements {
            try write(elements, of: set, in: old, .deleteSetElement, to: &builder)
        }
        for set in work.deletedSets {
            let (family, table) = try place(of: set, in: old)
            builder.add(.deleteSet, subject: set.id) { header, writer in
                SetMessage(family: family, table: table, name: set.name).write(header, to: &writer)
            }
        }
        for object in work.deletedObjects {
            let (family, table) = try place(of: object, in: old)
            let body = try ObjectEncoder.body(object, ObjectBody.self)
            builder.add(.deleteObject, subject: object.id) { header, writer in
                ObjectMessage(family: family, table: table, name: object.name, type: body.type)
                    .write(header, to: &writer)
            }
        }
        for flowtable in work.deletedFlowtables {
            let (family, table) = try place(of: flowtable, in: old)
            builder.add(.deleteFlowtable, subject: flowtable.id) { header, writer in
                FlowtableMessage(family: family, table: table, name: flowtable.name)
                    .write(header, to: &writer)
            }
        }
    }

    /// After tables and chains, before rules: objects first, which elements name.
    func writeAdditions(to builder: inout KernelBatchBuilder) throws(LayoutError) {
        for object in work.putObjects { try write(object, to: &builder) }
        for set in work.putSets {
            let (family, table) = try place(of: set, in: new)
            let message = SetMessage(
                family: family, table: table, name: set.name, id: builder.makeSetID(),
                body: try ObjectEncoder.body(set, SetBody.self))
            builder.add(.newSet, .create, subject: set.id) { message.write($0, to: &$1) }
        }
        for (set, elements) in work.addedElements {
            try write(elements, of: set, in: new, .newSetElement, to: &builder)
        }
    }

    private func write(
        _ object: StoredObject, to builder: inout KernelBatchBuilder
    ) throws(LayoutError) {
        let (family, table) = try place(of: object, in: new)
        if object.kind == .flowtable {
            let message = FlowtableMessage(
                family: family, table: table, name: object.name,
                body: try ObjectEncoder.body(object, FlowtableBody.self))
            return builder.add(.newFlowtable, .create, subject: object.id) {
                message.write($0, to: &$1)
            }
        }
        let message = try ObjectEncoder.body(object, ObjectBody.self)
            .message(family: family, table: table, name: object.name)
        builder.add(.newObject, .create, subject: object.id) { message.write($0, to: &$1) }
    }

    private func write(
        _ elements: [StoredObject], of set: ObjectID, in ruleset: Ruleset, _ type: MessageType,
        to builder: inout KernelBatchBuilder
    ) throws(LayoutError) {
        guard let object = ruleset.object(set) else { throw .unknownHandle(set) }
        let (family, table) = try place(of: object, in: ruleset)
        // What goes names chains as the kernel does already.
        let renamed =
            type == .newSetElement ? object.parent.map { names.before(in: $0) } ?? [:] : [:]
        var bodies: [SetElement] = []
        for element in elements {
            var body = try ObjectEncoder.body(element, SetElement.self)
            if case .verdict(let verdict)? = body.data {
                body.data = .verdict(verdict.renaming(renamed))
            }
            bodies.append(body)
        }
        let flags: MessageFlags = type == .newSetElement ? [.create] : []
        for part in SetElement.portions(of: bodies) {
            let message = SetElementMessage(
                family: family, table: table, set: object.name, elements: Array(part))
            builder.add(type, flags, subject: set) { message.write($0, to: &$1) }
        }
    }

    private func place(
        of object: StoredObject, in ruleset: Ruleset
    ) throws(LayoutError) -> (Family, String) {
        guard let table = object.parent.flatMap({ ruleset.object($0) }) else {
            throw .unknownHandle(object.id)
        }
        return (Family(rawValue: table.family), table.name)
    }

    /// What an element says.
    static func element(_ object: StoredObject) throws(LayoutError) -> SetElement {
        try body(object, SetElement.self)
    }

    private static func body<Body: AttributeBody>(
        _ object: StoredObject, _: Body.Type
    ) throws(LayoutError) -> Body {
        do {
            return try Body(encoded: object.body)
        } catch {
            throw .damaged(object.id, error)
        }
    }
}
