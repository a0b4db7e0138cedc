/// Finds the word that somebody meant.
public enum Suggestion {
    /// The name that is nearest to `word`, whatever the case, if one is near enough to be a slip of the hand: one letter in three.
    ///
    /// Words of more than 64 bytes have none.
    public static func nearest(to word: String, among names: [String]) -> String? {
        let lowered = Array(word.lowercased().utf8)
        guard lowered.count <= 64 else { return nil }
        let limit = max(1, lowered.count / 3)
        var best: (name: String, distance: Int)?
        for name in names {
            let distance = distance(lowered, Array(name.lowercased().utf8))
            if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// How many bytes must be put in, left out, changed or swapped with their neighbour to turn one into the other.
    ///
    /// - Source: the "optimal string alignment" form of Damerau's distance.
    static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var before = [Int](repeating: 0, count: other.count + 1)
        var row = Array(0...other.count)
        for (index, byte) in one.enumerated() {
            var next = row
            next[0] = index + 1
            for (column, otherByte) in other.enumerated() {
                let change = row[column] + (byte == otherByte ? 0 : 1)
                next[column + 1] = min(change, next[column] + 1, row[column + 1] + 1)
                if index > 0, column > 0, byte == other[column - 1], otherByte == one[index - 1] {
                    next[column + 1] = min(next[column + 1], before[column - 1] + 1)
                }
            }
            (before, row) = (row, next)
        }
        return row[other.count]
    }
}
