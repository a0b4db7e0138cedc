import NetlinkProto
import RuleStore

/// The part of a diff that is about sets, elements, stateful objects and flowtables, sorted by what has to be done in the kernel.
///
/// The kernel deletes a set with its elements, so those need no messages. An element with other data, and a set with another
/// key, is deleted and made again.
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

    init(_ changes: [Change], old: Ruleset, new: Ruleset) {
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
            if object.kind == .set { putSets.append(object) } else { putObjects.append(object) }
        }
        sortElements(changes, old, lostTables)
    }

    private mutating func delete(_ object: StoredObject) {
        switch object.kind {
        case .set: deletedSets.append(object)
        case .object: deletedObjects.append(object)
        default: deletedFlowtables.append(object)
        }
    }

    private mutating func sortElements(
        _ changes: [Change], _ old: Ruleset, _ lostTables: Set<ObjectID>
    ) {
        let lostSets = Set(deletedSets.map(\.id))
        var deleted: [ObjectID: [StoredObject]] = [:]
        var added: [ObjectID: [StoredObject]] = [:]
        for change in changes where change.object.kind == .element {
            guard let set = change.object.parent else { continue }
            let isLost =
                lostSets.contains(set)
                || (old.object(set)?.parent).map(lostTables.contains) ?? false
            if let before = change.before, !isLost { deleted[set, default: []].append(before) }
            if let after = change.after { added[set, default: []].append(after) }
        }
        // The end of a range has a greater key than its start; the kernel wants them in one message.
        deletedElements = deleted.sorted { $0.key < $1.key }.map { ($0.key, $0.value.inKeyOrder) }
        addedElements = added.sorted { $0.key < $1.key }.map { ($0.key, $0.value.inKeyOrder) }
    }

    /// Makes elements anew that lead to a deleted chain and do not change, because another takes its name.
    mutating func release(
        _ remade: Set<HeldName>, changed: Set<ObjectID>, old: Ruleset
    ) throws(LayoutError) {
        let lost = Set(deletedSets.map(\.id))
        for table in Set(remade.filter { $0.kind == .chain }.compactMap(\.table)) {
            for set in old.children(of: table, kind: .set) where !lost.contains(set.id) {
                var holders: [StoredObject] = []
                for element in old.elements(of: set.id) where !changed.contains(element.id) {
                    guard case .verdict(let verdict)? = try ObjectEncoder.element(element).data,
                        let chain = verdict.chain,
                        remade.contains(HeldName(table: table, kind: .chain, name: chain))
                    else { continue }
                    holders.append(element)
                }
                guard !holders.isEmpty else { continue }
                ObjectWork.add(holders, of: set.id, to: &deletedElements)
                ObjectWork.add(holders, of: set.id, to: &addedElements)
            }
        }
    }

    private static func add(
        _ elements: [StoredObject], of set: ObjectID,
        to work: inout [(set: ObjectID, elements: [StoredObject])]
    ) {
        guard let index = work.firstIndex(where: { $0.set == set }) else {
            return work.append((set, elements.inKeyOrder))
        }
        work[index].elements = (work[index].elements + elements).inKeyOrder
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
