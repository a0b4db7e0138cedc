/// A bulk load of N rules into nothing, by each program in turn; each time in new namespaces.
struct LoadBenchmark {
    let programs: String
    let floor: String
    let rules: Int
    let runs: Int
    let results: Results

    func run() throws {
        let lines = (0..<rules).map(RuleLine.init(number:))
        var samples: [String: Sample] = [:]
        var names: [String] = []
        for run in 0..<runs {
            let contenders = try makeContenders()
            names = contenders.map(\.name)
            for turn in contenders.indices {
                let contender = contenders[(turn + run) % contenders.count]
                let path = contender.folder + "/ruleset"
                try contender.writeRuleset(lines, to: path)
                samples[contender.name, default: Sample()].add(try contender.load(path))
                guard try contender.keys().count == rules else {
                    throw Failure("\(contender.name) did not load \(rules) rules")
                }
                contender.stop()
            }
            try Namespace().enter()
            let output = try Program.run([floor, "load", "\(rules)"]).output
            samples["floor", default: Sample()].add(
                (Double(output.split(separator: "\n").first ?? "") ?? .nan) * 1_000)
        }
        for name in names + ["floor"] {
            results.add(
                "bulk load", rules, name, samples[name] ?? Sample(), unit: "ms", scale: 1_000)
        }
    }

    private func makeContenders() throws -> [any Contender] {
        [
            try XT2(programs: programs), try NFT(), try IPTables("iptables-nft"),
            try IPTables("iptables-legacy"),
        ]
    }
}
