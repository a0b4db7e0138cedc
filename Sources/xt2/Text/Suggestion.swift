/// Finds the word that somebody meant.
enum Suggestion {
    /// The candidate that is most like `word`, if one is like it at all.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let limit = max(1, word.count / 3)
        let scored = candidates.map { ($0, distance(word, $0)) }
        return scored.min { $0.1 < $1.1 }.flatMap { $0.1 <= limit ? $0.0 : nil }
    }

    /// How many letters must be added, left out, changed or swapped with their neighbour.
    static func distance(_ first: String, _ second: String) -> Int {
        let from = Array(first.lowercased())
        let to = Array(second.lowercased())
        var beforeLast: [Int] = []
        var last = Array(0...to.count)
        for row in from.indices {
            var line = [row + 1]
            for column in to.indices {
                let change = from[row] == to[column] ? 0 : 1
                var best = min(last[column] + change, last[column + 1] + 1, line[column] + 1)
                if row > 0, column > 0, from[row] == to[column - 1], from[row - 1] == to[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                line.append(best)
            }
            (beforeLast, last) = (last, line)
        }
        return last[to.count]
    }
}
