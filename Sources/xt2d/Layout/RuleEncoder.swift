import NetlinkProto
import RuleStore

/// Writes a stored rule as the kernel takes it: the rule id goes into the userdata, anonymous sets become messages of their own.
///
/// The usual rule, without sets, is copied attribute by attribute and not decoded.
struct RuleEncoder {
    private let id: ObjectID
    private let body: [UInt8]
    private let userData: [UInt8]
    /// Set where expressions must be rewritten: a rule with anonymous sets, or one that names a renamed chain.
    private let decoded: RuleBody?

    private static let userDataAttribute: UInt16 = 7
    /// The kernel chooses the number; the set is then known by its id within the batch.
    static let anonymousName = "__set%d"

    /// - Parameters:
    ///   - names: chains that are renamed in the same batch, new name to the one that the kernel knows.
    ///   - counters: what it begins to count from; nil for 0.
    init(
        _ rule: StoredObject, names: [String: String], counters: [CounterExpression]? = nil
    ) throws(LayoutError) {
        id = rule.id
        body = rule.body
        do {
            var userData: [UInt8] = []
            var needsDecoding = !names.isEmpty || counters != nil
            var attributes = AttributeReader(rule.body.span.bytes)
            while let attribute = try attributes.next() {
                if attribute.type == RuleEncoder.userDataAttribute { userData = attribute.bytes() }
                if attribute.type == ExtensionAttribute.sets { needsDecoding = true }
            }
            // What another program keeps there may be no triples, or leave no room: then the rule goes without its id.
            self.userData = (try? RuleEncoder.identified(userData, id)) ?? userData
            var decoded =
                needsDecoding
                ? try RuleBody(encoded: rule.body).renamingChains(names) : nil
            if let counters, let body = decoded {
                decoded?.expressions = body.expressions.counting(counters)
            }
            self.decoded = decoded
        } catch {
            throw .damaged(rule.id, error)
        }
    }

    /// The userdata with the rule id in it.
    static func identified(_ userData: [UInt8], _ id: ObjectID) throws(WireError) -> [UInt8] {
        if userData.isEmpty { return [UserData.identityType, 8] + id.rawValue.bigEndianBytes }
        var parsed = try UserData(userData)
        parsed.identity = id.rawValue.bigEndianBytes
        return try parsed.encoded()
    }

    func write(
        _ flags: MessageFlags, _ place: ChainPlace, handle: Handle?, position: Handle?,
        to builder: inout KernelBatchBuilder
    ) {
        let rewritten = decoded.map { writeSets(of: $0, place, to: &builder) }
        let message = { (header: MessageHeader, writer: inout MessageWriter) in
            writer.message(header) { writer in
                writer.netfilterHeader(family: place.family)
                writer.attribute(1, string: place.table)
                writer.attribute(2, string: place.kernelChain)
                if let handle { writer.attribute(3, uint64: handle.rawValue) }
                if let position { writer.attribute(6, uint64: position.rawValue) }
                writer.attribute(RuleEncoder.userDataAttribute, bytes: userData)
                if let rewritten {
                    rewritten.write(to: &writer)
                } else {
                    copyBody(to: &writer)
                }
            }
        }
        builder.note(id, in: place.part)
        if handle == nil {
            builder.addRule(flags, id: id, table: place.tableID, message)
        } else {
            builder.addEchoed(.newRule, flags, id: id, message)
        }
    }

    /// Writes the messages that make the rule's anonymous sets; returns what is left for the rule's own message.
    private func writeSets(
        of rule: RuleBody, _ place: ChainPlace, to builder: inout KernelBatchBuilder
    ) -> RuleBody {
        var rule = rule
        var ids: [UInt32] = []
        for set in rule.sets { ids.append(write(set, place, to: &builder)) }
        rule.sets = []
        rule.userData = []
        rule.expressions = rule.expressions.map { $0.usingSets(ids) }
        return rule
    }

    private func copyBody(to writer: inout MessageWriter) {
        var attributes = AttributeReader(body.span.bytes)
        // It was read to the end when this value was made.
        while let attribute = try? attributes.next() {
            if attribute.type != RuleEncoder.userDataAttribute { writer.copy(attribute) }
        }
    }

    /// Writes NEWSET and NEWSETELEM for one anonymous set; returns its number within the batch.
    private func write(
        _ set: AnonymousSet, _ place: ChainPlace, to builder: inout KernelBatchBuilder
    ) -> UInt32 {
        let setID = builder.makeSetID()
        let message = SetMessage(
            family: place.family, table: place.table, name: RuleEncoder.anonymousName, id: setID,
            body: set.body)
        builder.add(.newSet, .create, subject: id) { message.write($0, to: &$1) }
        for elements in SetElement.portions(of: set.elements) where !elements.isEmpty {
            let message = SetElementMessage(
                family: place.family, table: place.table, set: RuleEncoder.anonymousName,
                setID: setID, elements: Array(elements))
            builder.add(.newSetElement, .create, subject: id) { message.write($0, to: &$1) }
        }
        return setID
    }
}

extension Expression {
    /// The same expression with the numbers of its anonymous sets, counted from 1 within the rule, exchanged for those in the batch.
    fileprivate func usingSets(_ ids: [UInt32]) -> Expression {
        func number(_ local: UInt32?) -> UInt32? {
            guard let local, local >= 1, Int(local) <= ids.count else { return local }
            return ids[Int(local) - 1]
        }
        switch self {
        case .lookup(var lookup):
            lookup.setID = number(lookup.setID)
            return .lookup(lookup)
        case .objectReference(var reference):
            reference.setID = number(reference.setID)
            return .objectReference(reference)
        case .dynamicSet(var dynamic):
            dynamic.setID = number(dynamic.setID)
            return .dynamicSet(dynamic)
        default: return self
        }
    }
}

extension RuleBody {
    /// The chains that the rule jumps or goes to.
    var targets: [String] {
        var targets = expressions.compactMap { expression -> String? in
            guard case .immediate(let immediate) = expression,
                case .verdict(let verdict) = immediate.data
            else { return nil }
            return verdict.chain
        }
        for element in sets.lazy.flatMap(\.elements) {
            if case .verdict(let verdict)? = element.data, let chain = verdict.chain {
                targets.append(chain)
            }
        }
        return targets
    }
}
