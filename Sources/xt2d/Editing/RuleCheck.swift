import Glibc
import NetlinkProto
import RuleStore

/// Checks of a rule by itself, and the form in which it is stored.
enum RuleCheck {
    /// The canonical bytes of a rule: without counter values and xt2's own userdata, sets in the order of their keys.
    ///
    /// - Throws: ``Refusal`` if the rule is larger than a kernel rule can be, or its parts do not go together.
    static func canonical(_ body: RuleBody) throws(Refusal) -> [UInt8] {
        do {
            return try encoded(body.canonical)
        } catch {
            throw Refusal(EINVAL, "The rule cannot be stored: \(error.message).")
        }
    }

    private static func encoded(_ rule: RuleBody) throws(WireError) -> [UInt8] {
        var body = rule
        var userData = try UserData(body.userData)
        userData.identity = nil
        body.userData = try userData.encoded()
        // With the rule id it must fit as well.
        _ = try RuleEncoder.identified(body.userData, .first)
        try checkSets(body)
        try checkExtensions(body)
        let bytes = try body.encoded()
        guard bytes.count <= StoreLimits.bodyBytes else {
            throw WireError(.tooLarge, "a rule of \(bytes.count) bytes")
        }
        return bytes
    }

    /// Greatest size of an xt extension's structure; the largest of the kernel's own, cgroup's with a path, has 4,120 bytes.
    private static let extensionBytes = 8_192

    /// What the kernel cuts off or refuses without a word: names, revisions and sizes out of bounds.
    private static func checkExtensions(_ body: RuleBody) throws(WireError) {
        for expression in body.expressions {
            switch expression {
            case .compatMatch(let match):
                try checkExtension(match.name, match.revision, match.info)
            case .compatTarget(let target):
                try checkExtension(target.name, target.revision, target.info)
            default: continue
            }
        }
    }

    private static func checkExtension(
        _ name: String, _ revision: UInt32, _ info: [UInt8]
    ) throws(WireError) {
        guard !name.isEmpty, name.utf8.count <= CompatMessage.nameBytes else {
            throw WireError(
                .badValue, "the name of an xt extension has 1 to \(CompatMessage.nameBytes) bytes")
        }
        guard revision <= UInt32(UInt8.max) else {
            throw WireError(.badValue, "the xt extension \(name) has no revision \(revision)")
        }
        guard info.count <= extensionBytes else {
            throw WireError(
                .tooLarge, "the structure of the xt extension \(name) has \(info.count) bytes")
        }
    }

    /// What names an anonymous set must name one that the rule has, and each set must be named.
    private static func checkSets(_ body: RuleBody) throws(WireError) {
        var named = Set<UInt32>()
        for expression in body.expressions {
            guard let id = expression.setID else { continue }
            guard id >= 1, id <= UInt32(body.sets.count) else {
                throw WireError(
                    .badValue, "it looks up anonymous set \(id), and has \(body.sets.count)")
            }
            named.insert(id)
        }
        guard named.count == body.sets.count else {
            throw WireError(.badValue, "it has anonymous sets that no lookup names")
        }
        for set in body.sets {
            guard set.body.flags.contains([.anonymous, .constant]), !set.elements.isEmpty else {
                throw WireError(.badValue, "an anonymous set must be constant and have elements")
            }
        }
    }
}

extension Expression {
    /// The anonymous set of its rule that the expression names.
    fileprivate var setID: UInt32? {
        switch self {
        case .lookup(let lookup): lookup.setID
        case .objectReference(let reference): reference.setID
        case .dynamicSet(let dynamic): dynamic.setID
        default: nil
        }
    }
}
