extension RuleBody {
    /// The same rule with other names for the chains that it jumps to.
    public func renamingChains(_ names: [String: String]) -> RuleBody {
        guard !names.isEmpty else { return self }
        var body = self
        body.expressions = expressions.map { $0.renamingChains(names) }
        for set in body.sets.indices {
            for element in body.sets[set].elements.indices {
                if case .verdict(let verdict)? = body.sets[set].elements[element].data {
                    body.sets[set].elements[element].data = .verdict(verdict.renaming(names))
                }
            }
        }
        return body
    }
}

extension Expression {
    fileprivate func renamingChains(_ names: [String: String]) -> Expression {
        guard case .immediate(var immediate) = self, case .verdict(let verdict) = immediate.data
        else { return self }
        immediate.data = .verdict(verdict.renaming(names))
        return .immediate(immediate)
    }
}

extension Verdict {
    /// The same verdict with other names for the chain that it jumps or goes to.
    public func renaming(_ names: [String: String]) -> Verdict {
        switch self {
        case .jump(let chain): .jump(names[chain] ?? chain)
        case .goto(let chain): .goto(names[chain] ?? chain)
        default: self
        }
    }
}
