import RuleStore
import TestSupport
import Testing

/// Inserts that wear a place out, against a plain array.
@Suite struct RespacingTests {
    /// Where the next of many inserts goes.
    enum Pattern: CaseIterable {
        /// Between the last two, now behind the one, now in front of the other.
        case toAndFro
        /// Into the middle of the chain.
        case middle
        /// Between the last two, by chance.
        case nested
        /// Anywhere.
        case anywhere
        /// Between two that stay, after the one before was deleted.
        case replaced
    }

    private static let chain = ObjectID(rawValue: 2)

    /// A chain and what it has to be.
    private struct Bench {
        var ruleset = Ruleset()
        var order: [ObjectID] = []
        var next = ObjectID(rawValue: 3)
        /// The last insert, and those beside it.
        var gap = 0
        var respaced = 0
        var respacings = 0

        init() throws {
            try ruleset.apply([.add(.table(1)), .add(.chain(2, of: 1, "c"))])
            for index in 0..<2 { try insert(at: index) }
            gap = 1
        }

        @discardableResult
        mutating func insert(at index: Int) throws -> [Change] {
            let before = ruleset
            var changes: [Change] = []
            var key = ruleset.orderKey(forRuleAt: index, of: RespacingTests.chain)
            if key == nil {
                changes = ruleset.respacing(at: index, of: RespacingTests.chain)
                respaced += changes.count
                respacings += 1
                try ruleset.apply(changes)
                #expect(ruleset.ruleIDs(of: RespacingTests.chain).elementsEqual(order))
                key = ruleset.orderKey(forRuleAt: index, of: RespacingTests.chain)
            }
            let free: OrderKey = try #require(key)
            let rule = StoredObject(
                id: next, kind: .rule, parent: RespacingTests.chain, orderKey: free)
            next = next.next
            try ruleset.apply(.add(rule))
            order.insert(rule.id, at: index)
            changes.append(.add(rule))
            if changes.count > 1 {
                let moves = RuleMoves(changes, from: before, to: ruleset)
                #expect(changes.visible(from: before, to: ruleset) == [.add(rule)])
                #expect(moves.respacedChains == [RespacingTests.chain])
            }
            return changes
        }

        mutating func step(_ pattern: Pattern, _ number: Int, _ random: inout SeededGenerator)
            throws
        {
            switch pattern {
            case .toAndFro:
                try insert(at: gap)
                if number.isMultiple(of: 2) { gap += 1 }
            case .middle: try insert(at: order.count / 2)
            case .nested:
                try insert(at: gap)
                if random.below(2) == 0 { gap += 1 }
            case .anywhere: try insert(at: random.below(order.count + 1))
            case .replaced:
                try insert(at: 1)
                let index = number.isMultiple(of: 2) ? 0 : 2
                let rule = try #require(ruleset.object(order.remove(at: index)))
                try ruleset.apply(.delete(rule))
            }
        }

        var longest: Int {
            ruleset.rules(of: RespacingTests.chain).compactMap { $0.orderKey?.bytes.count }.max()
                ?? 0
        }
    }

    @Test(arguments: Pattern.allCases) func noPlaceIsEverWornOut(_ pattern: Pattern) throws {
        var random = SeededGenerator()
        var bench = try Bench()
        for number in 0..<10_000 { try bench.step(pattern, number, &random) }
        #expect(bench.ruleset.ruleIDs(of: Self.chain).elementsEqual(bench.order))
        #expect(bench.longest <= StoreLimits.orderKeyDigits * 8)
        print("\(pattern): \(bench.respacings) respacings of \(bench.respaced) rules")
        // Each insert pays for a rule or two at most.
        #expect(bench.respaced < 30_000)
        #expect((bench.respacings > 0) == (pattern != .anywhere), "\(bench.respacings)")
    }

    @Test func twoRulesThatAnOldDatabaseHasSideBySide() throws {
        // The longest keys that there are, with nothing between them.
        let digits = [UInt8](repeating: 0xFF, count: 31 * 8)
        let keys = [UInt8(1), 2].compactMap {
            OrderKey(bytes: digits + [0, 0, 0, 0, 0, 0, 0, $0])
        }
        var ruleset = try Ruleset([
            .table(1), .chain(2, of: 1, "c"), .rule(3, of: 2, keys[0]), .rule(4, of: 2, keys[1]),
        ])
        #expect(ruleset.orderKey(forRuleAt: 1, of: Self.chain) == nil)
        let changes = ruleset.respacing(at: 1, of: Self.chain)
        #expect(changes.count == 2)
        try ruleset.apply(changes)
        #expect(ruleset.ruleIDs(of: Self.chain).map(\.rawValue) == [3, 4])
        #expect(ruleset.orderKey(forRuleAt: 1, of: Self.chain) != nil)
        #expect(ruleset.rules(of: Self.chain).allSatisfy { $0.orderKey?.bytes.count == 8 })
    }

    /// Which rules have moved, in random changes of random chains, against the longest common subsequence of the two.
    @Test func whatHasMovedIsWhatDoesNotStandInOrder() throws {
        var random = SeededGenerator()
        for _ in 0..<2_000 {
            let count = 1 + random.below(12)
            let keys = (0..<count).map { OrderKey.at(UInt64($0 + 1) << 32) }
            var old = try Ruleset([.table(1), .chain(2, of: 1, "c")])
            for (index, key) in keys.enumerated() {
                try old.apply(.add(.rule(UInt64(3 + index), of: 2, key)))
            }
            // Some go, some get other keys, and of those some other places.
            var changes: [Change] = []
            for rule in old.rules(of: Self.chain) {
                switch random.below(4) {
                case 0: changes.append(.delete(rule))
                case 1:
                    let near =
                        (rule.orderKey?.bytes ?? []).dropLast() + [UInt8(1 + random.below(200))]
                    changes.append(
                        .modify(
                            from: rule,
                            to: rule.with(orderKey: OrderKey(bytes: Array(near)) ?? .initial)))
                case 2:
                    changes.append(
                        .modify(from: rule, to: rule.with(orderKey: .at(random.next() | 1))))
                default: break
                }
            }
            var new = old
            try new.apply(changes)
            let moves = RuleMoves(changes, from: old, to: new)
            let stays = { (ruleset: Ruleset) in
                ruleset.ruleIDs(of: Self.chain).filter {
                    old.object($0) != nil && new.object($0) != nil && !moves.hasMoved($0)
                }
            }
            // What stays stands in the same order; what kept its key stays.
            #expect(stays(old) == stays(new))
            for rule in old.rules(of: Self.chain) where new.object(rule.id) == rule {
                #expect(!moves.hasMoved(rule.id))
            }
            for change in changes where moves.isHidden(change) {
                #expect(!moves.hasMoved(change.id))
            }
        }
    }

    /// A random history with a place that wears out: each version, and the difference of each pair, is what a plain array says.
    @Test func historyIsWhatItWas() throws {
        var random = SeededGenerator()
        let directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        var bench = try Bench()
        try store.commitNext(Array(bench.ruleset.allObjects).map(Change.add).inApplicationOrder())
        var orders = [[], bench.order]
        for round in 0..<40 {
            // Many inserts, that is, in one version, so that there are respacings.
            let before = bench.ruleset
            for number in 0..<100 { try bench.step(.nested, number, &random) }
            if random.below(4) == 0,
                let id = bench.order.dropFirst().dropLast().randomElement(using: &random),
                let rule = bench.ruleset.object(id)
            {
                try bench.ruleset.apply(.delete(rule))
                bench.order.removeAll { $0 == id }
                bench.gap = min(max(1, bench.gap), bench.order.count - 1)
            }
            let changes =
                bench.ruleset.allObjects.compactMap { object -> Change? in
                    guard let old = before.object(object.id) else { return .add(object) }
                    return old == object ? nil : .modify(from: old, to: object)
                }
                + before.allObjects.filter { bench.ruleset.object($0.id) == nil }.map(Change.delete)
            try store.commitNext(changes)
            orders.append(bench.order)
            guard round % 10 == 9 else { continue }
            // A rollback to any version brings its keys back, too.
            let target = 1 + random.below(orders.count - 1)
            let head = try store.head()
            try store.commitNext(
                try store.diff(from: head, to: VersionID(rawValue: UInt64(target))))
            bench.ruleset = try store.loadRuleset(at: try store.head())
            bench.order = orders[target]
            bench.gap = max(1, bench.order.count / 2)
            orders.append(bench.order)
        }
        #expect(bench.respacings > 0)
        let rulesets = try orders.indices.map {
            try store.loadRuleset(at: VersionID(rawValue: UInt64($0)))
        }
        for (version, order) in orders.enumerated() {
            #expect(
                rulesets[version].ruleIDs(of: Self.chain).elementsEqual(order), "version \(version)"
            )
        }
        for _ in 0..<300 {
            let (from, to) = (random.below(orders.count), random.below(orders.count))
            let changes = try store.diff(
                from: VersionID(rawValue: UInt64(from)), to: VersionID(rawValue: UInt64(to)))
            var result = rulesets[from]
            try result.apply(changes)
            #expect(result == rulesets[to])
            // Rules are only put in and taken out, so nobody sees anything else.
            for change in changes.visible(from: rulesets[from], to: rulesets[to]) {
                if case .modify = change { Issue.record("\(from) to \(to): \(change.id)") }
            }
        }
        #expect(try store.verifyAudit().faults == [])
    }
}
