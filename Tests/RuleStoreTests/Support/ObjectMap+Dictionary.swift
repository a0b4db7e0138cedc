import RuleStore

extension ObjectMap {
    /// The same as a dictionary.
    var dictionary: [ObjectID: Value] {
        Dictionary(uniqueKeysWithValues: map { ($0.id, $0.value) })
    }
}
