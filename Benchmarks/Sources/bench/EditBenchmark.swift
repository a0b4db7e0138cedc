/// Single edits of a chain of N rules, as whole commands, by all programs in turn.
struct EditBenchmark {
    let contenders: [any Contender]
    let rules: Int
    let runs: Int
    let results: Results

    /// Loads N rules everywhere, then inserts and deletes at the head, at the tail and in the middle.
    func run() throws {
        try load()
        try insertAndDelete("insert at the head", at: 0)
        try insertAndDelete("append", at: -1)
        try insertAndDelete("insert in the middle", at: rules / 2)
    }

    private func load() throws {
        let lines = (0..<rules).map(RuleLine.init(number:))
        for contender in contenders {
            let path = contender.folder + "/ruleset"
            try contender.writeRuleset(lines, to: path)
            _ = try contender.load(path)
            try verify(contender, Array(lines.map(\.address)), "after the load")
        }
    }

    /// Every run puts one rule in at `position`, by each program in turn; then all are taken out again, the same way.
    private func insertAndDelete(_ work: String, at position: Int) throws {
        let extras = (0..<runs).map(RuleLine.extra)
        try measure(work) { contender, run in try contender.insertion(extras[run], at: position) }
        var keys: [ObjectIdentifier: [String: String]] = [:]
        for contender in contenders {
            let found = try contender.keys()
            try check(
                contender, found.map(\.address), inserted: extras.map(\.address), at: position,
                by: work)
            keys[ObjectIdentifier(contender)] = Dictionary(
                found, uniquingKeysWith: { first, _ in first })
        }
        try measure("delete (\(work))") { contender, run in
            guard let key = keys[ObjectIdentifier(contender)]?[extras[run].address] else {
                throw Failure("\(contender.name): a rule is gone")
            }
            return contender.deletion(key)
        }
        for contender in contenders {
            try verify(
                contender, (0..<rules).map { RuleLine(number: $0).address }, "after deleting")
        }
    }

    private func measure(_ work: String, _ command: (any Contender, Int) throws -> [String]) throws
    {
        var samples = contenders.map { _ in Sample() }
        for run in 0..<runs {
            for turn in contenders.indices {
                // Each run begins with another program, so that none always comes behind the same one.
                let index = (turn + run) % contenders.count
                let words = try command(contenders[index], run)
                samples[index].add(try contenders[index].run(words).microseconds)
            }
        }
        for (contender, sample) in zip(contenders, samples) {
            results.add(work, rules, contender.name, sample, unit: "ms", scale: 1_000)
        }
    }

    private func check(
        _ contender: any Contender, _ found: [String], inserted: [String], at position: Int,
        by work: String
    ) throws {
        var expected = (0..<rules).map { RuleLine(number: $0).address }
        switch position {
        case -1: expected += inserted
        // Each new one stands in front of the one before; nft's "position" keeps to its rule, so there they follow each other.
        case 0: expected = inserted.reversed() + expected
        default:
            let block = contender is NFT ? inserted : inserted.reversed()
            expected.insert(contentsOf: block, at: position)
        }
        guard found == expected else {
            throw Failure("\(contender.name): \(work): the rules are not where they should be")
        }
    }

    private func verify(_ contender: any Contender, _ addresses: [String], _ moment: String) throws
    {
        let found = try contender.keys().map(\.address)
        guard found == addresses else {
            throw Failure(
                "\(contender.name) \(moment): \(found.count) rules, \(addresses.count) expected, or another order"
            )
        }
    }
}
