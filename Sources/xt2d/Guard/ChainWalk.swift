import NetlinkProto
import RuleStore

/// Which part of a ruleset decides about a packet.
enum Decider: Sendable, Hashable {
    /// A rule.
    case rule(ObjectID)
    /// The policy of a base chain.
    case policy(ObjectID)
    /// A chain that is not looked into.
    case chain(ObjectID)
}

/// What cannot be told, and which rule is to blame.
struct Doubt: Sendable, Equatable {
    var decider: Decider
    /// The expression that is not decided by what is known of the packet.
    var reason: String
}

/// What a chain may do with a packet.
struct ChainResult: Equatable {
    var mayAccept = false
    var mayReturn = false
    /// Who may drop it; nil if nobody does.
    var dropper: Decider?
    /// The first that could not be told.
    var doubt: Doubt?

    /// Takes in what a chain that it went through may do.
    mutating func take(_ other: ChainResult) {
        mayAccept = mayAccept || other.mayAccept
        dropper = dropper ?? other.dropper
        doubt = doubt ?? other.doubt
    }
}

/// Walks chains, from a base chain on, as nf_tables would for one packet.
///
/// - Cost: each chain is walked once for what is known of the packet, however many rules jump to it.
struct ChainWalk {
    private struct Key: Hashable {
        let chain: ObjectID
        let epoch: Int
    }

    let ruleset: Ruleset
    private(set) var packet: GuardedPacket
    /// A rule that sends the packet somewhere else, or may.
    private(set) var redirector: Decider?
    private var known: [Key: ChainResult] = [:]
    private var sets = GuardSets()
    private var place: RuleWalk.Place
    private var rulesLeft = ChainWalk.ruleLimit

    /// Rules that are looked at for one packet: nothing else is committed meanwhile.
    private static let ruleLimit = 250_000

    init(_ ruleset: Ruleset, _ packet: GuardedPacket) {
        self.ruleset = ruleset
        self.packet = packet
        place = RuleWalk.Place(hook: 0, priority: 0)
    }

    /// Sends the packet into a base chain.
    mutating func enter(
        _ chain: StoredObject, _ body: ChainBody, _ place: RuleWalk.Place
    ) -> ChainResult {
        // The same chain may stand at another place of the next packet's way, where other things are known.
        known = [:]
        self.place = place
        var result = walk(chain, depth: 0)
        if result.mayReturn {
            if body.policy == .drop {
                result.dropper = result.dropper ?? .policy(chain.id)
            } else {
                result.mayAccept = true
            }
        }
        return result
    }

    private mutating func walk(_ chain: StoredObject, depth: Int) -> ChainResult {
        let key = Key(chain: chain.id, epoch: packet.epoch)
        if let result = known[key] { return result }
        var result = ChainResult()
        var goesOn = true
        // What the packet was when it may have gone back: behind that, it may be another.
        var returned: GuardedPacket?
        for rule in ruleset.rules(of: chain.id) where goesOn {
            goesOn = pass(rule, in: chain, depth, &result)
            if result.mayReturn && returned == nil { returned = packet }
        }
        if goesOn { result.mayReturn = true }
        if let returned { packet.forgetDifferences(from: returned) }
        known[key] = result
        return result
    }

    /// Lets a rule decide.
    ///
    /// - Returns: whether the packet may come to the next rule.
    private mutating func pass(
        _ rule: StoredObject, in chain: StoredObject, _ depth: Int, _ result: inout ChainResult
    ) -> Bool {
        rulesLeft -= 1
        guard rulesLeft > 0 else {
            blur(&result, rule, "too many rules")
            return false
        }
        let step = run(rule, in: chain)
        if let reason = step.doubt, result.doubt == nil {
            result.doubt = Doubt(decider: .rule(rule.id), reason: reason)
        }
        var goesOn = step.mayContinue
        for verdict in step.verdicts {
            switch verdict {
            case .accept: result.mayAccept = true
            case .drop: result.dropper = result.dropper ?? .rule(rule.id)
            case .continue, .break: goesOn = true
            case .return: result.mayReturn = true
            case .jump(let name):
                let inner = call(name, step, rule, chain, depth)
                result.take(inner)
                goesOn = goesOn || inner.mayReturn
            case .goto(let name):
                let inner = call(name, step, rule, chain, depth)
                result.take(inner)
                result.mayReturn = result.mayReturn || inner.mayReturn
            case .queue, .other: blur(&result, rule, "queue")
            }
        }
        return goesOn
    }

    private mutating func run(_ rule: StoredObject, in chain: StoredObject) -> RuleResult {
        guard let body = try? RuleBody(encoded: rule.body) else {
            return RuleResult(
                verdicts: [.accept, .drop], mayContinue: true, doubt: "what cannot be read")
        }
        var redirected = false
        let result = RuleWalk.run(
            body, on: &packet, at: place, redirected: &redirected,
            findSet: { sets.find($0, of: chain.parent, in: ruleset) })
        if redirected {
            redirector = redirector ?? .rule(rule.id)
            packet.forgetEnds()
        }
        return result
    }

    /// Goes into another chain of the table.
    private mutating func call(
        _ name: String, _ step: RuleResult, _ rule: StoredObject, _ chain: StoredObject,
        _ depth: Int
    ) -> ChainResult {
        guard depth < ChainWalk.depthLimit, let table = chain.parent,
            let target = ruleset.child(of: table, kind: .chain, name: name)
        else {
            var result = ChainResult()
            blur(&result, rule, "a jump to \(name)")
            return result
        }
        let before = packet
        let result = walk(target, depth: depth + 1)
        if step.mayContinue || step.verdicts.count > 1 { packet.forgetDifferences(from: before) }
        return result
    }

    /// More than the kernel allows.
    private static let depthLimit = 32

    private func blur(_ result: inout ChainResult, _ rule: StoredObject, _ reason: String) {
        result.mayAccept = true
        result.dropper = result.dropper ?? .rule(rule.id)
        result.doubt = result.doubt ?? Doubt(decider: .rule(rule.id), reason: reason)
    }
}
