import RuleStore

/// The chains that a batch renames, and what the kernel calls them meanwhile.
///
/// The kernel takes a new name over when it commits; until then every message of the batch must use the old one. So a name that a
/// rename frees cannot be taken in the same batch: of two chains that change names, or one that takes the name of another which gets
/// a new one, the kernel would say EEXIST. The chain whose name is wanted is deleted and made anew instead: what a deletion frees
/// can be taken at once.
///
/// - Source: linux `nf_tables_api.c`, `nf_tables_updchain`, `nft_chain_commit_update`.
struct ChainNames {
    /// Old and new state of each renamed chain.
    private(set) var renamed: [(before: StoredObject, after: StoredObject)] = []
    /// Old and new state of each chain that gets another name and has to be made anew.
    private(set) var remade: [(before: StoredObject, after: StoredObject)] = []
    private var oldNames: [ObjectID: String] = [:]

    init(_ changes: [Change]) {
        let chains = changes.filter { $0.object.kind == .chain }
        let pairs = chains.compactMap { change in
            change.before.flatMap { before in change.after.map { (before: before, after: $0) } }
        }.filter { $0.before.name != $0.after.name }
        guard !pairs.isEmpty else { return }
        let taken = Set(
            chains.compactMap { change in
                change.after.flatMap { $0.name == change.before?.name ? nil : HeldName(chain: $0) }
            })
        for pair in pairs {
            if taken.contains(HeldName(chain: pair.before)) {
                remade.append(pair)
            } else {
                renamed.append(pair)
                oldNames[pair.after.id] = pair.before.name
            }
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

extension HeldName {
    /// What rules call a chain.
    init(chain: StoredObject) {
        self.init(table: chain.parent, kind: .chain, name: chain.name)
    }
}
