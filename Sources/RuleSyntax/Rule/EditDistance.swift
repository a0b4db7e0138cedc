/// Finds what was perhaps meant.
enum EditDistance {
    /// The name that is nearest to `word`, if one is near enough to be a slip of the hand.
    static func nearest(to word: String, among names: [String]) -> String? {
        let lowered = Array(word.lowercased().utf8)
        guard lowered.count <= 64 else { return nil }
        let limit = max(1, lowered.count / 3)
        var best: (name: String, distance: Int)?
        for name in names {
            let distance = between(lowered, Array(name.lowercased().utf8))
            if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// How many bytes must be put in, left out or changed to turn one into the other (Levenshtein).
    static func between(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (index, byte) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, otherByte) in other.enumerated() {
                let change = diagonal + (byte == otherByte ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}
