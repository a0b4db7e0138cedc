import NetlinkProto
import RuleStore

/// In which parts of their chains rules stand, and new ones are to stand.
///
/// A chain of up to ``size`` rules is one chain in the kernel. What comes to a longer one goes into parts, of about that many rules
/// each; no rule is moved for that. So a chain has, one behind the other, rules of its own and jumps to parts, and:
/// - of the rules of a part, nothing else stands between in the logical chain;
/// - rules that may leave the chain (``ChainExit``) are in no part. Where one comes in the middle of a part, what stands behind it in
///   the part leaves it (``rulesCutOff(by:in:)``). Rules that could not be moved so without a loss are in no part either. Else what
///   comes into the middle of a part stays there, however much it is;
/// - a part without rules is taken away.
///
/// Only tables that xt2d owns get parts, because there nobody else meets them, and no path of more than eight chains, because the kernel
/// counts a part as a level of jumps and follows 16.
struct ChainParts {
    /// About how many rules stand together.
    static let size = 1_024

    let old: Ruleset
    let new: Ruleset
    let handles: RuleHandles
    let graph: ChainGraph
    let ownership: TableBody.Flags

    /// The part in which a rule stands that the kernel has.
    func part(of rule: ObjectID) -> ChainPart {
        handles[rule]?.part ?? .chain
    }

    /// Whether a rule of `new` must stand in the chain itself.
    func isOwn(_ rule: StoredObject) -> Bool {
        new.table(of: rule).map { isOwn(rule, $0) } ?? true
    }

    private func isOwn(_ rule: StoredObject, _ table: StoredObject) -> Bool {
        switch ChainExit(rule.body, family: Family(rawValue: table.family)) {
        case .stays: false
        case .mayLeave, .remembers: true
        // Without its rule, a chain that belongs to it is lost: such a rule cannot be taken out of a part again.
        case .jumps: !new.boundTargets(of: rule.body, in: rule).isEmpty
        }
    }

    /// Whether a table has a chain of this name, before or after.
    func hasChain(_ name: String, in table: ObjectID) -> Bool {
        [old, new].contains { $0.child(of: table, kind: .chain, name: name) != nil }
    }

    // MARK: What stands together

    /// The parts of a chain of `old` of which no rule stays when these go.
    func emptied(by rules: [StoredObject], in chain: ObjectID, isFlushed: Bool) -> Set<ChainPart> {
        guard handles.hasParts else { return [] }
        var gone: [ChainPart: (count: Int, rule: ObjectID)] = [:]
        for rule in rules {
            let part = part(of: rule.id)
            if part != .chain { gone[part] = ((gone[part]?.count ?? 0) + 1, rule.id) }
        }
        if isFlushed { return Set(gone.keys) }
        return Set(
            gone.filter { _, gone in
                old.ruleIndex(of: gone.rule).map {
                    range(ofPartAt: $0, in: chain).count == gone.count
                } ?? false
            }.keys)
    }

    /// The indices, in a chain of `old`, of all rules of the part in which the one at `index` stands.
    func range(ofPartAt index: Int, in chain: ObjectID) -> Range<Int> {
        guard let id = old.ruleID(at: index, of: chain) else { return index..<index }
        let part = part(of: id)
        func isInPart(_ index: Int) -> Bool {
            old.ruleID(at: index, of: chain).map { self.part(of: $0) == part } ?? false
        }
        let start = ChainParts.last(from: index, towards: -1, isInPart)
        return start..<ChainParts.last(from: index, towards: 1, isInPart) + 1
    }

    /// The last of the indices in a direction for which `holds` is true, which it is up to there and not behind.
    private static func last(from index: Int, towards step: Int, _ holds: (Int) -> Bool) -> Int {
        var known = index
        var distance = 1
        while holds(known + step * distance) {
            known += step * distance
            distance *= 2
        }
        while distance > 1 {
            distance /= 2
            if holds(known + step * distance) { known += step * distance }
        }
        return known
    }

    /// About how many rules stand together around a place of `new`, as far as that matters; new ones are not counted.
    ///
    /// Why: to be exact, each rule of the chain itself would have to be looked at.
    private func count(around index: Int, in chain: ObjectID, part: ChainPart) -> Int {
        func isSame(_ index: Int) -> Bool {
            new.ruleID(at: index, of: chain).flatMap { handles[$0]?.part } == part
        }
        var count = 0
        for step in [-ChainParts.stride, ChainParts.stride] {
            var place = index
            while count < ChainParts.size, isSame(place + step) {
                place += step
                count += ChainParts.stride
            }
        }
        return count
    }

    private static let stride = 32

    // MARK: Rules that leave their part

    /// The rules that have to leave their part, as a new rule that can be in none comes in front of them and behind others of that
    /// part: those that stand behind it.
    ///
    /// - Parameter added: the new rules of a chain with their indices in it, in order; what is moved is among them.
    func rulesCutOff(
        by added: [(index: Int, rule: StoredObject)], in chain: ObjectID
    ) -> [StoredObject] {
        let new = Set(added.lazy.map(\.rule.id))
        var done: Set<ChainPart> = []
        var rules: [StoredObject] = []
        for run in ChainParts.runs(added) {
            guard let part = part(around: run, in: chain), !done.contains(part),
                run.contains(where: { isOwn($0.rule) })
            else { continue }
            done.insert(part)
            rules += self.rules(of: part, from: run.following, in: chain, without: new)
        }
        return rules
    }

    /// The part that rules on both sides of a run stand in; nil if that is none.
    private func part(around run: Run, in chain: ObjectID) -> ChainPart? {
        guard let next = new.ruleID(at: run.following, of: chain),
            let previous = new.ruleID(at: run.preceding, of: chain),
            part(of: next) != .chain, part(of: next) == part(of: previous)
        else { return nil }
        return part(of: next)
    }

    /// The rules of a part that stand in `new` from an index on.
    private func rules(
        of part: ChainPart, from index: Int, in chain: ObjectID, without others: Set<ObjectID>
    ) -> [StoredObject] {
        var rules: [StoredObject] = []
        var index = index
        while let id = new.ruleID(at: index, of: chain), let rule = new.object(id) {
            index += 1
            if others.contains(id) { continue }
            guard self.part(of: id) == part else { break }
            rules.append(rule)
        }
        return rules
    }

    /// Splits rules, given with their indices in ascending order, where others stand between them.
    static func runs(_ rules: [(index: Int, rule: StoredObject)]) -> [Run] {
        var runs: [Run] = []
        var start = 0
        for end in rules.indices.dropFirst() where rules[end].index != rules[end - 1].index + 1 {
            runs.append(rules[start..<end])
            start = end
        }
        if start < rules.count { runs.append(rules[start...]) }
        return runs
    }

    // MARK: Where new rules go

    /// Rules with their indices in their chain, in order.
    typealias Run = ArraySlice<(index: Int, rule: StoredObject)>

    /// Where rules go that stand side by side.
    enum Home {
        /// Into the chain itself or a part of it, in front of a rule or jump; without one, to the end.
        case inside(ChainPart, position: Handle?)
        /// Into a new part; the jump to it stands in front of a rule or jump of the chain, without one at its end.
        case newPart(position: Handle?)
    }

    /// Where the new rules of a run go: between two rules that stay, or at the start or end of the chain.
    ///
    /// - Throws: ``LayoutError`` `unknownHandle`.
    func homes(
        of run: Run, in chain: StoredObject, _ table: StoredObject
    ) throws(LayoutError) -> [(home: Home, rules: Run)] {
        guard let first = run.first, let last = run.last else { return [] }
        let next = try place(of: new.ruleID(at: last.index + 1, of: chain.id))
        let previous = try place(of: new.ruleID(at: first.index - 1, of: chain.id))
        if next?.part ?? .chain == .chain, previous?.part ?? .chain == .chain,
            new.ruleCount(of: chain.id) <= ChainParts.size
        {
            return [(.inside(.chain, position: next?.handle), run)]
        }
        if let next, next.part != .chain, previous?.part == next.part {
            return [(.inside(next.part, position: next.handle), run)]
        }
        return try homes(of: run, between: previous, next, in: chain, table)
    }

    private func place(of rule: ObjectID?) throws(LayoutError) -> KernelPlace? {
        guard let rule else { return nil }
        guard let place = handles[rule] else { throw .unknownHandle(rule) }
        return place
    }

    /// The same at a place of the chain itself: not inside of a part.
    private func homes(
        of run: Run, between previous: KernelPlace?, _ next: KernelPlace?, in chain: StoredObject,
        _ table: StoredObject
    ) throws(LayoutError) -> [(home: Home, rules: Run)] {
        func room(_ index: Int, _ part: ChainPart) -> Int {
            ChainParts.size - count(around: index, in: chain.id, part: part)
        }
        var position = next?.handle
        if let next, next.part != .chain {
            let jump = next.part.jump(in: table.id)
            position = try place(of: jump ?? chain.id)?.handle
            if run.count <= room(run.following, next.part),
                !run.contains(where: { isOwn($0.rule, table) })
            {
                return [(.inside(next.part, position: next.handle), run)]
            }
        }
        // Between rules of the chain itself, a part is only worth its jump if it has some rules.
        let isAtEnd = previous == nil || next == nil
        lazy var makesParts =
            (isAtEnd || run.count >= ChainParts.stride) && self.makesParts(in: chain, table)
        let own = Home.inside(.chain, position: position)
        var home = own
        var space = ChainParts.size
        if let previous {
            if previous.part != .chain { home = .inside(previous.part, position: nil) }
            space = room(run.preceding, previous.part)
        } else if let next {
            space = next.part == .chain ? room(run.following, .chain) : 0
        }
        var homes: [(home: Home, rules: Run)] = []
        var start = run.startIndex
        func end(at index: Int) {
            if start < index { homes.append((home, run[start..<index])) }
            start = index
        }
        for index in run.indices {
            if isOwn(run[index].rule, table) {
                if !home.isChain {
                    end(at: index)
                    home = own
                    space = ChainParts.size
                }
            } else if space <= 0, makesParts {
                end(at: index)
                home = .newPart(position: position)
                space = ChainParts.size
            }
            space -= 1
        }
        end(at: run.endIndex)
        return homes
    }

    /// Whether a chain is split when it is long.
    private func makesParts(in chain: StoredObject, _ table: StoredObject) -> Bool {
        guard table.watch == nil, !ownership.isEmpty, !chain.name.hasPrefix(ChainPart.prefix),
            let body = try? ChainBody(encoded: chain.body), body.flags & ChainParts.wholeFlags == 0
        else { return false }
        var path = ChainPath(ruleset: new, graph: graph)
        // Each of them may be split, and all of that must fit.
        let chains = (path.depthAbove(chain) ?? 0) + 1 + path.depthBelow(chain)
        return 2 * chains <= WireLimits.jumpDepth
    }

    /// NFT_CHAIN_HW_OFFLOAD (2): devices do not know jumps; NFT_CHAIN_BINDING (4): the kernel lets nobody change such a chain.
    private static let wholeFlags: UInt32 = 2 | 4
}

extension ChainParts.Home {
    fileprivate var isChain: Bool {
        if case .inside(.chain, _) = self { return true }
        return false
    }
}

extension ChainParts.Run {
    /// The index in the chain of the rule in front of them.
    fileprivate var preceding: Int { (first?.index ?? 0) - 1 }

    /// The index in the chain of the rule behind them.
    fileprivate var following: Int { (last?.index ?? 0) + 1 }
}
