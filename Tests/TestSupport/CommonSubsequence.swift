/// What two lists have in common, by the definition: an oracle for what is found faster.
public enum CommonSubsequence {
    /// The length of a longest common subsequence.
    public static func length<Element: Equatable>(_ old: [Element], _ new: [Element]) -> Int {
        var row = [Int](repeating: 0, count: new.count + 1)
        for element in old {
            var corner = 0
            for (index, other) in new.enumerated() {
                let above = row[index + 1]
                row[index + 1] = element == other ? corner + 1 : max(above, row[index])
                corner = above
            }
        }
        return row[new.count]
    }
}
