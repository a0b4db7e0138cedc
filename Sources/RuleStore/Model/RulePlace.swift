/// Where a rule stands in its chain.
struct RulePlace: Hashable, Comparable, Sendable {
    let key: OrderKey
    let id: ObjectID

    // Keys are unique within a chain; the id only keeps the order total while a batch of changes
    // swaps two of them.
    static func < (left: RulePlace, right: RulePlace) -> Bool {
        left.key != right.key ? left.key < right.key : left.id < right.id
    }
}
