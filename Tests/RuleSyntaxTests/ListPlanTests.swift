import RuleSyntax
import TestSupport
import Testing

/// Plans for lists, carried out one step after the other on a list of named elements.
@Suite struct ListPlanTests {
    /// An element, with the name that it has been given once.
    private struct Named: Equatable {
        var name: Int
        var element: Int
    }

    /// Carries a plan out as the daemon would: places are named by elements that are there.
    private func carriedOut(_ plan: ListPlan, _ old: [Int], _ new: [Int]) -> [Named]? {
        var list = old.enumerated().map { Named(name: $0, element: $1) }
        var nextName = old.count
        func index(_ name: Int) -> Int? { list.firstIndex { $0.name == name } }
        for step in plan.steps {
            switch step {
            case .delete(let name):
                guard let index = index(name) else { return nil }
                list.remove(at: index)
            case .replace(let name, let element):
                guard let index = index(name) else { return nil }
                list[index].element = new[element]
            case .insert(let element, let before):
                guard let place = before.map(index) ?? list.count else { return nil }
                list.insert(Named(name: nextName, element: new[element]), at: place)
                nextName += 1
            case .move(let name, let element, let before):
                guard let index = index(name) else { return nil }
                let moved = list.remove(at: index)
                guard moved.element == new[element] else { return nil }
                guard
                    let place = before.map({ name in list.firstIndex { $0.name == name } })
                        ?? list.count
                else { return nil }
                list.insert(moved, at: place)
            }
        }
        return list
    }

    /// How many elements two lists have in common, in whatever order.
    private func shared(_ old: [Int], _ new: [Int]) -> Int {
        var counts: [Int: Int] = [:]
        for element in old { counts[element, default: 0] += 1 }
        return new.reduce(into: 0) { shared, element in
            guard let count = counts[element], count > 0 else { return }
            counts[element] = count - 1
            shared += 1
        }
    }

    @Test func plansAreRightAndSmall() {
        var random = SeededGenerator()
        for round in 0..<4_000 {
            let kinds = [2, 4, 12, 100].randomElement(using: &random) ?? 2
            func list() -> [Int] {
                (0..<Int.random(in: 0...16, using: &random)).map { _ in
                    Int.random(in: 0..<kinds, using: &random)
                }
            }
            let (old, new) = (list(), list())
            let plan = ListPlan(from: old, to: new)
            let note: Comment =
                "seed \(random.seed), round \(round): \(old) → \(new): \(plan.steps)"
            let result = carriedOut(plan, old, new)
            #expect(result?.map(\.element) == new, note)
            // Whatever is in both lists is still the same thing afterwards.
            var (kept, moves, replaced) = (0, 0, 0)
            for step in plan.steps {
                if case .move = step { moves += 1 }
                if case .replace = step { replaced += 1 }
            }
            kept = plan.kept
            #expect(kept == CommonSubsequence.length(old, new), note)
            #expect(kept + moves == shared(old, new), note)
            // No step too many: what goes and what comes share their steps as far as they stand in one place.
            #expect(plan.steps.count <= old.count + new.count - 2 * kept - moves - replaced, note)
        }
    }

    @Test func whatOnlyMovesIsMoved() {
        let plan = ListPlan(from: [1, 2, 3, 4, 5], to: [5, 1, 2, 3, 4])
        #expect(plan.steps == [.move(old: 4, new: 0, before: 0)])
        let other = ListPlan(from: [1, 2, 3], to: [2, 3, 1])
        #expect(other.steps == [.move(old: 0, new: 2, before: nil)])
    }

    @Test func whatComesTakesThePlaceOfWhatGoes() {
        let plan = ListPlan(from: [1, 2, 3], to: [1, 9, 8, 3])
        #expect(
            plan.steps == [.replace(old: 1, new: 1), .insert(new: 2, before: 2)])
    }
}
