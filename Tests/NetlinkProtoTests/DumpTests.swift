import NetlinkProto
import TestSupport
import Testing

/// What the kernel dumps back must be the same value as what was sent: the canonical form that
/// versions are made of.
@Suite struct DumpTests {
    /// Fixtures that change objects which were there before, so that the dump shows more than what
    /// was sent.
    static let changing: Set = ["chain-change", "rule-place", "rule-flush", "set-delete"]

    static let names = Fixture.names.filter {
        !changing.contains($0) && (try? Fixture($0).dumped.isEmpty) == false
    }

    @Test(arguments: names)
    func tablesComeBack(name: String) throws {
        let (sent, dumped) = try rulesets(name)
        #expect(sent.tables == dumped.tables)
    }

    @Test(arguments: names)
    func chainsComeBack(name: String) throws {
        let (sent, dumped) = try rulesets(name)
        #expect(sent.chains == dumped.chains)
    }

    @Test(arguments: names)
    func rulesComeBack(name: String) throws {
        let (sent, dumped) = try rulesets(name)
        #expect(sent.rules.keys.sorted() == dumped.rules.keys.sorted())
        for (chain, rules) in sent.rules {
            let others = dumped.rules[chain] ?? []
            try #require(rules.count == others.count)
            for (rule, other) in zip(rules, others) { try compare(rule, other) }
        }
    }

    /// Values and bytes: the store keeps bytes.
    private func compare(_ sent: RuleBody, _ dumped: RuleBody) throws {
        let names = Set(sent.expressions.map(\.name))
        guard names.isDisjoint(with: DumpTests.expressionsKeptAsBytes) else { return }
        for (one, other) in zip(sent.expressions, dumped.expressions) { #expect(one == other) }
        #expect(sent == dumped)
        #expect(try sent.encoded() == dumped.encoded())
    }

    /// Of these the kernel leaves out or adds attributes that are 0, or has them in another order
    /// than libnftnl; without a type that cannot be known.
    static let expressionsKeptAsBytes: Set = ["hash", "osf", "xfrm"]

    @Test(arguments: names)
    func setsComeBack(name: String) throws {
        let (sent, dumped) = try rulesets(name)
        #expect(sent.sets.keys.sorted() == dumped.sets.keys.sorted())
        for (key, body) in sent.sets {
            #expect(body == dumped.sets[key])
            #expect(try body.encoded() == dumped.sets[key]?.encoded())
        }
    }

    @Test(arguments: names)
    func elementsComeBack(name: String) throws {
        let (sent, dumped) = try rulesets(name)
        #expect(sent.elements == dumped.elements)
    }

    @Test(arguments: names)
    func objectsComeBack(name: String) throws {
        let (sent, dumped) = try rulesets(name)
        #expect(sent.objects.keys.sorted() == dumped.objects.keys.sorted())
        for (key, object) in sent.objects where !DumpTests.objectsKeptAsBytes.contains(object.type)
        {
            #expect(object == dumped.objects[key])
        }
    }

    /// The data of these is opaque here, and the kernel orders or fills it in otherwise than nft:
    /// helpers and timeouts.
    static let objectsKeptAsBytes: Set<UInt32> = [3, 7]

    private func rulesets(_ name: String) throws -> (Ruleset, Ruleset) {
        let fixture = try Fixture(name)
        return (try Ruleset(fixture.sent), try Ruleset(fixture.dumped))
    }
}

/// The objects that a run of messages makes, by name, in the form that versions compare.
private struct Ruleset {
    var tables: [String: TableBody] = [:]
    var chains: [String: ChainBody] = [:]
    var rules: [String: [RuleBody]] = [:]
    var sets: [String: SetBody] = [:]
    var elements: [String: Set<SetElement>] = [:]
    var objects: [String: ObjectMessage] = [:]
    /// What the kernel calls the sets that a batch calls by number.
    private var setNames: [UInt32: String] = [:]

    init(_ messages: [[UInt8]]) throws {
        for message in messages {
            let isDelete = try header(of: message).type == .deleteSetElement
            add(try TypedMessage(message), isDelete: isDelete)
        }
        elements = elements.filter { !$0.value.isEmpty }
    }

    private mutating func add(_ message: TypedMessage, isDelete: Bool) {
        switch message {
        case .table(let table): tables["\(table.family.name) \(table.name)"] = table.body
        case .chain(let chain):
            let key = "\(chain.family.name) \(chain.table) \(chain.name ?? "")"
            chains[key] = chain.body.withDefaults
        case .rule(let rule):
            let key = "\(rule.family.name) \(rule.table) \(rule.chain ?? "")"
            rules[key, default: []].append(stored(rule.body))
        case .set(let set): add(set)
        case .elements(let list):
            let set = list.setID.flatMap { setNames[$0] } ?? list.set
            let key = "\(list.family.name) \(list.table) \(set)"
            if isDelete {
                elements[key, default: []].subtract(list.elements)
            } else {
                elements[key, default: []].formUnion(list.elements.map(\.withoutState))
            }
        case .object(let object):
            var object = object
            object.handle = nil
            let key = "\(object.family.name) \(object.table) \(object.name)"
            objects[key] = try? object.withoutState()
        case .generation, .untyped: break
        }
    }

    private mutating func add(_ set: SetMessage) {
        let prefix = "\(set.family.name) \(set.table) "
        var name = set.name
        if name.hasSuffix("%d") {
            name.removeLast(2)
            name += "\(sets.keys.count { $0.hasPrefix(prefix + name) })"
        }
        if let id = set.id { setNames[id] = name }
        sets[prefix + name] = set.body
    }

    private func stored(_ rule: RuleBody) -> RuleBody {
        var body = rule.withoutState
        body.expressions = body.expressions.map(named)
        // The kernel does not dump COMPAT; the extension's own proto match stands beside it.
        body.compat = nil
        return body
    }

    /// The same expression with its set called as the kernel calls it.
    private func named(_ expression: Expression) -> Expression {
        switch expression {
        case .lookup(var lookup):
            lookup.set = lookup.setID.flatMap { setNames[$0] } ?? lookup.set
            lookup.setID = nil
            return .lookup(lookup)
        case .dynamicSet(var update):
            update.setID = nil
            return .dynamicSet(update)
        case .objectReference(var reference):
            reference.set = reference.setID.flatMap { setNames[$0] } ?? reference.set
            reference.setID = nil
            return .objectReference(reference)
        default: return expression
        }
    }
}
