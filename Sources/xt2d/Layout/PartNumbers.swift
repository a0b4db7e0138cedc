import RuleStore

/// Gives numbers to the new parts of one batch.
struct PartNumbers {
    private let parts: ChainParts
    /// The last that was looked at, by table.
    private var last: [ObjectID: UInt16] = [:]

    init(_ parts: ChainParts) { self.parts = parts }

    /// The next number that no part of the table has, and no chain's name; nil if there is none.
    ///
    /// What goes in the same batch counts as there: so no name is given twice in it.
    mutating func next(in table: ObjectID) -> ChainPart? {
        var number = last[table] ?? 0
        while number < .max {
            number += 1
            let part = ChainPart(number: number)
            guard let jump = part.jump(in: table) else { return nil }
            if parts.handles[jump] == nil, !parts.hasChain(part.name, in: table) {
                last[table] = number
                return part
            }
        }
        last[table] = .max
        return nil
    }
}
