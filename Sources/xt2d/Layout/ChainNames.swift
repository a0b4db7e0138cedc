import RuleStore

/// The chains that a batch renames, and what the kernel calls them meanwhile.
///
/// The kernel takes a new name over when it commits; until then every message of the batch must use the old one.
struct ChainNames {
    /// Old and new state of each renamed chain.
    private(set) var renamed: [(before: StoredObject, after: StoredObject)] = []
    private var oldNames: [ObjectID: String] = [:]

    init(_ changes: [Change]) {
        for case .modify(let before, let after) in changes
        where after.kind == .chain && before.name != after.name {
            renamed.append((before, after))
            oldNames[after.id] = before.name
        }
    }

    /// What the kernel calls a chain while it reads the batch.
    func kernelName(of chain: StoredObject) -> String {
        oldNames[chain.id] ?? chain.name
    }

    /// For the renamed chains of one table: new name to old name.
    func before(in table: ObjectID) -> [String: String] {
        guard !renamed.isEmpty else { return [:] }
        let pairs = renamed.filter { $0.after.parent == table }
            .map { ($0.after.name, $0.before.name) }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}
