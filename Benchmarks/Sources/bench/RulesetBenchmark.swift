import Glibc

/// Whole rulesets with a small difference: `apply` and `rollback` of xt2 beside loading the whole file by the others.
struct RulesetBenchmark {
    let programs: String
    let rules: Int
    let runs: Int
    let results: Results

    private var lines: [RuleLine] { (0..<rules).map(RuleLine.init(number:)) }

    func run() throws {
        try compare(changed: 10, name: "10 rules changed")
        if rules >= 1_000 { try compare(changed: rules / 100, name: "1 % changed") }
    }

    /// The rules with `count` of them, evenly spread, exchanged for others.
    private func changed(_ count: Int) -> [RuleLine] {
        var changed = lines
        let step = max(1, rules / count)
        for index in 0..<count { changed[index * step] = RuleLine.extra(index) }
        return changed
    }

    private func compare(changed count: Int, name: String) throws {
        let states = [lines, changed(count)]
        let others: [any Contender] = [try NFT(), try IPTables("iptables-nft")]
        let ours = try XT2(programs: programs)
        defer {
            ours.stop()
            for other in others { other.stop() }
        }
        for contender in [ours] + others {
            for (index, state) in states.enumerated() {
                try contender.writeRuleset(state, to: contender.folder + "/state\(index)")
            }
        }
        _ = try ours.load(ours.folder + "/state0")
        var samples: [String: Sample] = [:]
        for run in 0..<runs {
            // Back and forth; each time all programs go to the same state.
            let state = (run + 1) % 2
            let applied = try ours.run(
                ours.command(["apply", "--force", ours.folder + "/state\(state)"]))
            samples["apply, \(name) xt2", default: Sample()].add(applied.microseconds)
            try verify(ours, states[state])
            let back = try ours.run(ours.command(["rollback", "HEAD~1"]))
            samples["rollback, \(name) xt2", default: Sample()].add(back.microseconds)
            try verify(ours, states[1 - state])
            try ours.run(ours.command(["rollback", "HEAD~1"]))
            for other in others {
                let time = try other.load(other.folder + "/state\(state)")
                samples[other.name, default: Sample()].add(time)
                try verify(other, states[state])
            }
        }
        for work in ["apply, \(name)", "rollback, \(name)"] {
            results.add(
                work, rules, "xt2", samples[work + " xt2"] ?? Sample(), unit: "ms", scale: 1_000)
            for other in others {
                results.add(
                    work, rules, other.name + ", whole file", samples[other.name] ?? Sample(),
                    unit: "ms",
                    scale: 1_000)
            }
        }
    }

    private func verify(_ contender: any Contender, _ state: [RuleLine]) throws {
        guard try contender.keys().map(\.address) == state.map(\.address) else {
            throw Failure("\(contender.name): the rules are not those of the file")
        }
    }
}
