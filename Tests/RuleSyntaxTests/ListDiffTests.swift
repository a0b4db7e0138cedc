import RuleSyntax
import TestSupport
import Testing

/// Differences of lists, against the textbook's table of all prefixes.
@Suite struct ListDiffTests {
    /// Carries a diff out: what the new list is, made of what stays and what comes.
    private func carriedOut(_ diff: ListDiff, _ old: [Int], _ new: [Int]) -> [Int] {
        var result: [Int] = []
        var position = 0
        for gap in diff.gaps {
            result += old[position..<gap.old.lowerBound]
            result += new[gap.new]
            position = gap.old.upperBound
        }
        return result + old[position...]
    }

    private func check(_ diff: ListDiff, _ old: [Int], _ new: [Int], _ note: Comment) {
        #expect(carriedOut(diff, old, new) == new, note)
        var (oldEnd, newEnd) = (0, 0)
        for match in diff.matches {
            #expect(match.count > 0 && match.old >= oldEnd && match.new >= newEnd, note)
            #expect(match.old > oldEnd || match.new > newEnd || oldEnd == 0, note)
            for offset in 0..<match.count {
                #expect(old[match.old + offset] == new[match.new + offset], note)
            }
            (oldEnd, newEnd) = (match.old + match.count, match.new + match.count)
        }
        #expect(diff.kept == diff.matches.reduce(0) { $0 + $1.count }, note)
    }

    /// A list and another that came of it by a few edits; numbers below `kinds`.
    private func pair(
        _ random: inout SeededGenerator, count: Int, kinds: Int
    ) -> (old: [Int], new: [Int]) {
        let old = (0..<count).map { _ in Int.random(in: 0..<kinds, using: &random) }
        var new = old
        for _ in 0..<Int.random(in: 0...max(1, count / 3), using: &random) {
            let index = Int.random(in: 0...new.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: new.insert(Int.random(in: 0..<kinds, using: &random), at: index)
            case 1 where index < new.count: new.remove(at: index)
            case 2 where index < new.count:
                let element = new.remove(at: index)
                new.insert(element, at: Int.random(in: 0...new.count, using: &random))
            default:
                if index < new.count { new[index] = Int.random(in: 0..<kinds, using: &random) }
            }
        }
        return (old, new)
    }

    @Test func smallListsAreComparedExactly() {
        var random = SeededGenerator()
        for round in 0..<3_000 {
            let kinds = [2, 3, 10, 1_000].randomElement(using: &random) ?? 2
            let count = Int.random(in: 0...40, using: &random)
            let (old, new) = pair(&random, count: count, kinds: kinds)
            let diff = ListDiff(from: old, to: new)
            let note: Comment = "seed \(random.seed), round \(round): \(old) → \(new)"
            check(diff, old, new, note)
            #expect(diff.kept == CommonSubsequence.length(old, new), note)
        }
    }

    @Test func listsWithoutEqualElementsAreComparedExactly() {
        var random = SeededGenerator()
        for round in 0..<200 {
            let count = Int.random(in: 0...300, using: &random)
            let old = Array(0..<count).shuffled(using: &random)
            var new = old
            for _ in 0..<Int.random(in: 0...40, using: &random) where !new.isEmpty {
                let element = new.remove(at: Int.random(in: 0..<new.count, using: &random))
                if Bool.random(using: &random) {
                    new.insert(element, at: Int.random(in: 0...new.count, using: &random))
                }
            }
            new.insert(contentsOf: count..<count + 20, at: new.count / 2)
            // No place is small enough for the table, so this is patience sorting alone.
            let diff = ListDiff(from: old, to: new, exactCells: 0)
            let note: Comment = "seed \(random.seed), round \(round): \(old) → \(new)"
            check(diff, old, new, note)
            #expect(diff.kept == CommonSubsequence.length(old, new), note)
        }
    }

    @Test func manyEqualElementsAreComparedWell() {
        var random = SeededGenerator()
        for round in 0..<300 {
            let kinds = [1, 2, 5, 50, 500].randomElement(using: &random) ?? 2
            let count = Int.random(in: 0...400, using: &random)
            let (old, new) = pair(&random, count: count, kinds: kinds)
            let diff = ListDiff(from: old, to: new, exactCells: 64)
            let note: Comment = "seed \(random.seed), round \(round): \(old) → \(new)"
            check(diff, old, new, note)
            #expect(diff.kept <= CommonSubsequence.length(old, new), note)
        }
    }

    @Test func equalListsHaveNoGaps() {
        let list = Array(0..<1_000) + Array(0..<1_000)
        #expect(ListDiff(from: list, to: list).gaps.isEmpty)
        #expect(ListDiff(from: [Int](), to: []).matches.isEmpty)
        #expect(ListDiff(from: list, to: []).gaps == [.init(old: 0..<2_000, new: 0..<0)])
        #expect(ListDiff(from: [], to: list).gaps == [.init(old: 0..<0, new: 0..<2_000)])
    }

    /// A rule that moves from one end of many to the other is one that goes and one that comes.
    @Test func oneMoveAmongManyIsOneMove() {
        let list = Array(0..<200_000)
        let moved = Array(list.dropFirst()) + [0]
        let diff = ListDiff(from: list, to: moved)
        #expect(diff.kept == list.count - 1)
        #expect(diff.gaps.count == 2)
    }

    /// Lists that have nothing in common, and ones of equal elements only, do not take quadratic time: this test would not end.
    @Test func worstCasesEnd() {
        let many = 100_000
        #expect(ListDiff(from: Array(0..<many), to: Array(many..<2 * many)).kept == 0)
        let same = [Int](repeating: 7, count: many)
        #expect(ListDiff(from: same, to: Array(same.dropLast(500))).kept == many - 500)
        let reversed = ListDiff(from: Array(0..<many), to: Array((0..<many).reversed()))
        #expect(reversed.kept == 1)
        let pattern = (0..<many).map { $0 % 3 }
        let shifted = (0..<many).map { ($0 + 1) % 3 }
        #expect(ListDiff(from: pattern, to: shifted).kept > many / 2)
    }
}
