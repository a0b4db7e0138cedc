// The log keeps a scope together with all that contains it, so that each filter is one equality on
// an index.

extension AuditScope {
    /// The table of a chain, the family of a table; `nil` for a family.
    fileprivate var container: AuditScope? {
        if chain != nil { return AuditScope(family: family, table: table) }
        return table == nil ? nil : AuditScope(family: family)
    }

    fileprivate var sortKey: (UInt8, ExactText, ExactText) {
        (family, ExactText(table ?? ""), ExactText(chain ?? ""))
    }
}

extension AuditScope: Comparable {
    /// Orders scopes by family, then by the bytes of the table's and the chain's name.
    public static func < (left: AuditScope, right: AuditScope) -> Bool {
        left.sortKey < right.sortKey
    }

    /// Whether two scopes are equal in every byte.
    public static func == (left: AuditScope, right: AuditScope) -> Bool {
        left.sortKey == right.sortKey
    }

    /// Hashes the bytes of the names.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(family)
        hasher.combine(ExactText(table ?? ""))
        hasher.combine(ExactText(chain ?? ""))
    }
}

extension [AuditScope] {
    /// The scopes and all that contain them, each once, in order.
    var withContainers: [AuditScope] {
        var all = Set(self)
        for scope in self {
            var container = scope.container
            while let found = container {
                all.insert(found)
                container = found.container
            }
        }
        return all.sorted()
    }

    /// The scopes that contain no other.
    var withoutContainers: [AuditScope] {
        let containers = Set(compactMap(\.container))
        return filter { !containers.contains($0) }
    }
}
