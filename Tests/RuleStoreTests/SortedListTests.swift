import TestSupport
import Testing

@testable import RuleStore

@Suite struct SortedListTests {
    @Test func randomEditsEqualAPlainArray() throws {
        var generator = SeededGenerator()
        var list = SortedList<Int>()
        var model: [Int] = []
        for _ in 0..<20_000 {
            let element = generator.below(6_000)
            let index = model.firstIndex { $0 >= element } ?? model.count
            let isThere = index < model.count && model[index] == element
            if generator.below(5) < 3 {
                #expect(list.insert(element) == !isThere)
                if !isThere { model.insert(element, at: index) }
            } else {
                #expect(list.remove(element) == isThere)
                if isThere { model.remove(at: index) }
            }
            try #require(list.count == model.count)
        }
        #expect(Array(list) == model)
        for (index, element) in model.enumerated() { #expect(list.index(of: element) == index) }
        for element in 0..<6_000 {
            #expect(list.rank(of: element) == model.count { $0 < element })
        }
        for element in model { list.remove(element) }
        #expect(list.isEmpty)
    }

    @Test func aCopyDoesNotChange() {
        var list = SortedList<Int>()
        for element in 0..<2_000 { list.insert(element * 2) }
        let copy = list
        for element in 0..<2_000 {
            list.insert(element * 2 + 1)
            list.remove(element * 2)
        }
        #expect(Array(copy) == (0..<2_000).map { $0 * 2 })
        #expect(Array(list) == (0..<2_000).map { $0 * 2 + 1 })
    }

    @Test func onlyAscendingElementsMakeAList() {
        #expect(SortedList(ascending: [1, 2, 2]) == nil)
        #expect(SortedList(ascending: [2, 1]) == nil)
        let list = SortedList(ascending: Array(0..<1_000))
        #expect(list.map(Array.init) == Array(0..<1_000))
    }

    @Test func aMillionElementsCanBeEdited() throws {
        var list = try #require(SortedList(ascending: Array(0..<1_000_000)))
        for element in stride(from: 0, to: 1_000_000, by: 1_000) { list.remove(element) }
        #expect(list.count == 999_000)
        #expect(list.index(of: 999_999) == 998_999)
        #expect(list[500_000 - 501] == 499_999)
    }
}
