import NetlinkProto
import RuleStore

/// The bodies of objects as the kernel tells them, in the form in which they are stored.
///
/// Unlike what clients send, these are not checked: the kernel has taken them.
enum ForeignBody {
    /// A rule, with the anonymous sets of its table that it uses.
    static func rule(
        _ rule: RuleBody, sets: [String: AnonymousSet]
    ) throws(WireError) -> [UInt8] {
        var body = rule
        for index in body.expressions.indices {
            guard let name = body.expressions[index].setName, let set = sets[name] else { continue }
            body.sets.append(set)
            body.expressions[index].useSet(UInt32(body.sets.count))
        }
        body = body.canonical
        body.userData = withoutIdentity(body.userData)
        return try body.encoded()
    }

    /// Userdata without the rule id; what is not made of triples is left as it is.
    private static func withoutIdentity(_ bytes: [UInt8]) -> [UInt8] {
        guard var userData = try? UserData(bytes), userData.identity != nil else { return bytes }
        userData.identity = nil
        return (try? userData.encoded()) ?? bytes
    }

    /// Whether an element is content: those that expire are state.
    ///
    /// Of those that packets make the kernel does not tell; in a dump they look like others: ``KernelImage`` tells them apart.
    static func isContent(_ element: SetElement, of set: SetBody) -> Bool {
        element.timeoutMilliseconds == nil && set.timeoutMilliseconds == nil
    }

    /// Whether an element counts connections, which only packets put there.
    static func countsConnections(_ element: SetElement) -> Bool {
        element.expressions.contains { if case .connectionLimit = $0 { true } else { false } }
    }
}

extension Expression {
    /// The set that the expression looks something up in; nil if it is named by a number of the same message.
    var setName: String? {
        switch self {
        case .lookup(let lookup): lookup.setID == nil ? lookup.set : nil
        case .objectReference(let reference): reference.setID == nil ? reference.set : nil
        case .dynamicSet(let dynamic): dynamic.setID == nil ? dynamic.set : nil
        default: nil
        }
    }

    /// Makes the expression name an anonymous set of its rule.
    fileprivate mutating func useSet(_ number: UInt32) {
        switch self {
        case .lookup(var lookup):
            lookup.set = AnonymousSet.name
            lookup.setID = number
            self = .lookup(lookup)
        case .objectReference(var reference):
            reference.set = AnonymousSet.name
            reference.setID = number
            self = .objectReference(reference)
        case .dynamicSet(var dynamic):
            dynamic.set = AnonymousSet.name
            dynamic.setID = number
            self = .dynamicSet(dynamic)
        default: break
        }
    }
}
