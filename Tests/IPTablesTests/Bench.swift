import Foundation
import Glibc
import IPTables
import NetlinkProto
import RuleSyntax
import TestSupport
import XTables

/// The kernel's answers about revisions, asked by a socket of the calling thread's namespace.
let kernelRevisions: RevisionAnswer = { query in
    guard let kernel = try? KernelRules(family: .ip, table: "filter") else { return EIO }
    return kernel.revision(
        CompatMessage(
            family: Family(rawValue: query.family), name: query.name,
            revision: UInt32(query.revision), isTarget: query.kind == .target))
}

/// The same lines given to iptables-nft and to this code, in the calling thread's namespace.
struct Bench {
    let family: Family
    let table: String
    let chain: String
    let rules: IPTablesRules

    init(family: Family, table: String, chain: String) throws {
        self.family = family
        self.table = table
        self.chain = chain
        rules = IPTablesRules(
            extensions: try XTables(revisions: kernelRevisions), family: family)
    }

    private var program: String { family == .ip ? "iptables-nft" : "ip6tables-nft" }

    /// What one of the two made of the lines.
    struct Outcome {
        /// The lines that were refused, by themselves or by the kernel, with the words that were said.
        var refused: [Int: String] = [:]
        /// The rules that the kernel has now.
        var bodies: [RuleBody] = []
        /// `iptables -S`.
        var saved: [String] = []
        /// `iptables -L -n -v`.
        var listed: [String] = []
        /// `nft list chain`.
        var native = ""
    }

    // MARK: iptables-nft

    func byIPTables(_ lines: [String]) throws -> Outcome {
        var outcome = Outcome()
        var left = Array(lines.indices)
        while true {
            let result = try restore(left.map { "-A \(chain) \(lines[$0])" })
            if result.status == 0 { break }
            let wrong = Bench.linesAtFault(result.errors)
            guard !wrong.isEmpty else { throw CommandFailure(result.errors) }
            for (place, message) in wrong {
                // Lines are counted from 1.
                let index = place - Bench.linesInFront - 1
                guard left.indices.contains(index) else { throw CommandFailure(result.errors) }
                outcome.refused[left[index]] = message
            }
            left.removeAll { outcome.refused[$0] != nil }
        }
        return try observed(outcome)
    }

    private func restore(_ lines: [String]) throws -> CommandResult {
        let chains = [":\(chain) ACCEPT [0:0]", ":side - [0:0]", ":other - [0:0]"]
        let script = ["*\(table)"] + chains + lines + ["COMMIT", ""]
        return try Command.run("\(program)-restore", input: script.joined(separator: "\n"))
    }

    /// The table and its chains.
    private static let linesInFront = 4

    /// The numbers of lines that a message names.
    private static func linesAtFault(_ errors: String) -> [(Int, String)] {
        errors.matches(of: #/line:? (\d+)/#).compactMap { match in
            Int(match.output.1).map { ($0, errors) }
        }
    }

    // MARK: This code

    func byOurs(_ lines: [String]) throws -> Outcome {
        var outcome = Outcome()
        _ = try restore([])
        var parsed: [(line: Int, bodies: [RuleBody])] = []
        for (index, line) in lines.enumerated() {
            do {
                let words = try CommandLine.split(line)
                parsed.append((index, try parse(words)))
            } catch {
                outcome.refused[index] = "\(error)"
            }
        }
        while !parsed.isEmpty {
            // A socket of its own for each attempt: a refused batch leaves replies behind.
            do {
                let kernel = try KernelRules(family: family, table: table)
                try kernel.append(parsed.flatMap(\.bodies), to: chain)
                break
            } catch let failure as CommandFailure {
                guard let match = failure.description.firstMatch(of: #/rule (\d+) of the batch/#),
                    let number = Int(match.output.1)
                else { throw failure }
                let owners = parsed.indices.flatMap { index in
                    parsed[index].bodies.map { _ in index }
                }
                let place = owners[number - 1]
                outcome.refused[parsed[place].line] = failure.description
                parsed.remove(at: place)
            }
        }
        return try observed(outcome)
    }

    func parse(_ words: [String]) throws -> [RuleBody] {
        try rules.parse(words, table: table, chain: chain) { ["side", "other"].contains($0) }
    }

    // MARK: What can be seen

    private func observed(_ outcome: Outcome) throws -> Outcome {
        var outcome = outcome
        outcome.bodies = try KernelRules(family: family, table: table).rules(of: chain)
        outcome.saved = try Command.check(program, "-t", table, "-S", chain)
            .split(separator: "\n").filter { $0.hasPrefix("-A") }.map(Bench.trimmed)
        outcome.listed = try Command.check(program, "-t", table, "-L", chain, "-n", "-v")
            .split(separator: "\n").dropFirst(2).map(Bench.trimmed)
        // nft 1.0.6 translates xt expressions, and falls over some; what it wrote by then must be the same all the same.
        outcome.native = try Command.run("nft", "list", "chain", family.name, table, chain).output
        return outcome
    }

    static func trimmed(_ line: some StringProtocol) -> String {
        line.trimmingCharacters(in: .whitespaces)
    }

    /// A rule as `iptables -S` writes it.
    func saved(_ body: RuleBody) -> String {
        Bench.trimmed("-A \(chain) \(rules.text(body))")
    }

    /// A rule as `iptables -L -n -v` writes it.
    func listed(_ body: RuleBody) -> String {
        let columns = rules.columns(body, numeric: true, exact: false)
        let left = [Bench.right(columns.packets, 5), Bench.right(columns.bytes, 5)]
        let middle = [(columns.target, 9), (columns.transport, 5)].map(Bench.left)
        let right = [
            (columns.input, 6), (columns.output, 6),
            (columns.source, 20), (columns.destination, 20),
        ].map(Bench.left)
        let row =
            (left + middle + [columns.options + " "]).joined(separator: " ") + " "
            + (right + [columns.extra]).joined(separator: " ")
        return Bench.trimmed(row)
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
