import NetlinkProto
import RuleSyntax

/// The sets, stateful objects and flowtables of a table in a file beside those that there are.
struct ObjectComparison {
    private let table: TableName
    /// How much is changed.
    private(set) var objects = PlanCounts.Changes()
    private(set) var elements = PlanCounts.Changes()
    /// The edits: what goes first, so that a name is free for what comes.
    private(set) var edits: [LineEdit] = []
    private var additions: [LineEdit] = []

    /// Compares them.
    ///
    /// - Throws: ``SourceError`` if the file's bytes are damaged.
    init(
        _ wanted: [SavedRuleset.Object], with old: [SavedObject], in table: TableName
    ) throws(SourceError) {
        self.table = table
        let there = Dictionary(old.map { ($0.title, $0) }) { first, _ in first }
        let names = Set(wanted.map { $0.saved.title })
        for object in old where !names.contains(object.title) {
            objects.deleted += 1
            edits.append(LineEdit(edit: edit(object).delete()))
        }
        for object in wanted {
            do throws(WireError) {
                try compare(object, there[object.saved.title])
            } catch {
                throw SourceError(
                    line: object.line, cause: RuleSyntaxError("these bytes are damaged: \(error)"))
            }
        }
        edits += additions
    }

    private func edit(_ object: SavedObject) -> ObjectEdit {
        ObjectEdit(table: table, kind: object.kind, name: object.name)
    }

    private mutating func compare(
        _ object: SavedRuleset.Object, _ old: SavedObject?
    ) throws(WireError) {
        let edit = edit(object.saved)
        guard let old, old.body == object.saved.body else {
            // Nothing of such a thing can be changed: it is made anew.
            if old != nil { edits.append(LineEdit(edit: edit.delete())) }
            if old == nil { objects.added += 1 } else { objects.changed += 1 }
            additions.append(LineEdit(edit: try edit.add(object.saved.body), line: object.line))
            return try compareElements(object, [], edit)
        }
        try compareElements(object, old.elements, edit)
    }

    private mutating func compareElements(
        _ object: SavedRuleset.Object, _ old: [[UInt8]], _ edit: ObjectEdit
    ) throws(WireError) {
        if object.saved.elements == old { return }
        let (before, after) = (Set(old), Set(object.saved.elements))
        var new: [SetElement] = []
        for bytes in object.saved.elements where !before.contains(bytes) {
            new.append(try SetElement(encoded: bytes))
        }
        let kept = Set(new.map(\.identity))
        var gone: [SetElement] = []
        for bytes in old where !after.contains(bytes) {
            let element = try SetElement(encoded: bytes)
            // One with the same key takes its place.
            if !kept.contains(element.identity) { gone.append(element) }
        }
        let changed = old.count { !after.contains($0) } - gone.count
        elements.deleted += gone.count
        elements.changed += changed
        elements.added += new.count - changed
        edits += edit.elements(gone, isAddition: false).map { LineEdit(edit: $0) }
        additions += edit.elements(new, isAddition: true)
            .map { LineEdit(edit: $0, line: object.line) }
    }
}
