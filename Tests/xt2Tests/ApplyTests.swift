import Foundation
import Glibc
import NetlinkProto
import RuleSyntax
import Synchronization
import TestSupport
import Testing

/// `xt2 apply` with the daemon, the kernel, and nft as the judge.
@Suite struct ApplyTests {
    private func apply(
        _ text: String, _ options: String..., to daemon: LiveDaemon
    ) throws -> CommandResult {
        try daemon.run(["apply"] + options + ["-"], input: text)
    }

    /// A transcript of command lines, each with what it reads.
    private func transcript(_ daemon: LiveDaemon, _ lines: [(String, String)]) throws -> String {
        var text = ""
        for (line, input) in lines {
            let result = try daemon.run(RuleSyntax.CommandLine.split(line), input: input)
            text += "$ xt2 \(line)\n\(result.output)\(result.errors)[\(result.status)]\n\n"
        }
        return text.replacing(daemon.directory, with: "DIR")
            .replacing(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)/, with: "TIME")
            .replacing(/"time": "[^"]*"/, with: "\"time\": \"TIME\"")
            .replacing(/"pid": \d+/, with: "\"pid\": PID")
    }

    private static let small = """
        add table filter
        add chain --type filter --hook input --priority filter --policy drop filter input
        add chain filter lan
        append filter input -i lo -j ACCEPT
        append filter input -p tcp --dport 22 -j ACCEPT
        append filter input -p tcp --dport 80 -m comment --comment "web # server" -j ACCEPT
        append filter input -j lan
        append filter lan -s 10.0.0.0/8 -j ACCEPT

        """

    @Test func story() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let small = ApplyTests.small
        let moved =
            small.replacing("append filter input -i lo -j ACCEPT\n", with: "")
            .replacing("10.0.0.0/8", with: "10.0.0.0/9").replacing(
                "policy drop", with: "policy accept")
            + "append filter input -i lo -j ACCEPT\nadd chain filter wan\n"
        let other = "add table ip raw\nadd chain ip raw pre\nappend ip raw pre -j ACCEPT\n"
        let again = small.replacing(
            "add chain filter lan", with: "add chain --type filter --hook output filter lan"
        )
        .replacing("append filter input -j lan\n", with: "")
        let text = try transcript(
            daemon,
            [
                ("apply --dry-run -", small), ("apply -m 'the first' -", small),
                ("apply -", small), ("apply --dry-run -", small), ("apply --dry-run -", moved),
                ("apply --dry-run --json -", moved), ("apply --dry-run --stat -", moved),
                ("apply --json -", moved), ("list --ids", ""), ("diff 1 2", ""),
                ("apply --dry-run -", again), ("apply -", again), ("list --ids", ""),
                ("apply -", other), ("apply --dry-run -", other), ("apply --force -", other),
                ("apply --table inet filter -", small), ("list", ""),
                ("apply --table 'ip raw' -", other + "append ip raw pre -j DROP\n"),
                ("apply --table 'ip raw' --force -", small), ("list", ""),
                ("apply --confirm 1h -", moved), ("confirm", ""), ("save", ""), ("log", ""),
                ("apply -", "add table filter\nadd chain filter input\nappend filter input -p tpc"),
                ("apply -", "add table filter\nadd chain --hook x filter input"),
                ("apply -", small + "append filter input -j nowhere"),
                ("apply -", small + "append filter input -j input"), ("apply", ""),
                ("apply a b", ""), ("apply /nonexistent", ""), ("apply --tx 1 --dry-run -", small),
                ("apply --table nosuch filter -", small), ("apply --help", ""),
            ])
        try Golden.expect(text, "live-apply.txt")
    }

    @Test func whatWasSavedChangesNothing() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        #expect(try apply(ApplyTests.small, to: daemon).status == 0)
        try daemon.check("append filter lan -p udp -m multiport --dports 53,67 -j ACCEPT")
        try daemon.check("append filter lan -m owner --uid-owner root -j ACCEPT")
        try daemon.check("add table --dormant ip other")
        let saved = try daemon.check("save")
        let result = try apply(saved, to: daemon)
        #expect(result.status == 0 && result.output.hasPrefix("nothing to change"))
        #expect(try daemon.check("log").split(separator: "\n").count == 4)
    }

    /// A saved file has other texts than those that were typed, of rules that resemble each other.
    @Test func ofASavedFileOnlyWhatDiffersIsSent() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        func rule(_ address: String, _ port: Int) -> String {
            "append ip shop door -s \(address) -p tcp --dport \(port) -j ACCEPT"
        }
        let typed = (1...12).map { rule("10.0.0.\($0)", $0) }
        let lines = ["add table ip shop", "add chain ip shop door"] + typed
        #expect(
            try daemon.run(["batch", "-"], input: lines.joined(separator: "\n") + "\n").status == 0)
        let saved = try daemon.check("save")
        #expect(saved.contains(rule("10.0.0.12/32", 12)), "\(saved)")
        #expect(try apply(saved, to: daemon).output.hasPrefix("nothing to change"))
        let moved = saved.replacing("10.0.0.7/32", with: "10.9.0.7/32")
            .replacing("--dport 8 ", with: "--dport 808 ")
        let result = try apply(moved, to: daemon)
        #expect(result.output.contains("+0 -0 ~2 rules, 0 moved, 10 kept"), "\(result)")
        let chain = try daemon.namespace.run {
            try Command.check("nft", "-n", "list", "chain", "ip", "shop", "door")
        }
        let found = chain.split(separator: "\n").filter { $0.contains("saddr") }
        let wanted = (1...12).map { number in
            (number == 7 ? "10.9.0.7" : "10.0.0.\(number)", number == 8 ? 808 : number)
        }
        #expect(found.count == wanted.count)
        for (line, (address, port)) in zip(found, wanted) {
            #expect(line.contains("saddr \(address) tcp dport \(port) "), "\(line)")
        }
    }

    /// A table of another program, with things that are no rules.
    private static let shop = """
        table inet shop {
            comment "made by hand"
            counter hits { }
            set block { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 } }
            map doors { type inet_service : verdict; elements = { 25 : drop, 26 : jump side } }
            chain side { counter return; }
            chain in {
                type filter hook input priority 5; policy accept;
                iifname "lo" counter comment "lo"
                ip saddr @block counter drop
                tcp dport 80 counter name "hits" accept
                tcp dport vmap @doors
                tcp dport { 1-5, 9 } drop
                ct state vmap { established : accept, invalid : drop }
            }
        }

        """

    @Test func anObservedTableKeepsWhatAFileDoesNotSay() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        try daemon.namespace.run {
            _ = try Command.check("nft", "-f", "-", input: ApplyTests.shop)
        }
        try daemon.check("adopt inet shop")
        let before = try daemon.namespace.run {
            try Command.check("nft", "-a", "list", "table", "inet", "shop")
        }
        let saved = try daemon.check("save")
        #expect(saved.contains("--policy observed"), "\(saved)")
        #expect(try apply(saved, to: daemon).output.hasPrefix("nothing to change"))
        // Without a policy it stays what it is; the end of the chain goes to its beginning, and all else stays.
        var lines = saved.replacing(" --policy observed", with: "").split(separator: "\n")
        let rules = lines.indices.filter { lines[$0].hasPrefix("append inet shop in ") }
        let (first, last) = (try #require(rules.first), try #require(rules.last))
        lines.insert(lines.remove(at: last), at: first)
        let moved = try apply(lines.joined(separator: "\n") + "\n", to: daemon)
        #expect(moved.output.contains("+0 -0 ~0 rules, 1 moved, 6 kept"), "\(moved)")
        try daemon.check("rollback 1")
        let after = try daemon.namespace.run {
            try Command.check("nft", "-a", "list", "table", "inet", "shop")
        }
        func withoutHandle(_ text: String) -> [Substring] {
            text.split(separator: "\n").map { line in
                line.contains("ct state") ? line.prefix { $0 != "#" } : line
            }
        }
        #expect(withoutHandle(after) == withoutHandle(before))
        // Another policy is a change of the table, and nothing else.
        let enforced = saved.replacing("--policy observed", with: "--policy enforced")
        let result = try apply(enforced, to: daemon)
        #expect(result.status == 0, "\(result)")
        #expect(try daemon.check("save") == enforced)
    }

    @Test func aCandidateTakesIt() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let id = try daemon.check("begin").trimmingCharacters(in: .newlines)
        #expect(try apply(ApplyTests.small, "--tx", id, to: daemon).status == 0)
        let more = ApplyTests.small + "append filter lan -j DROP\n"
        let result = try apply(more, "--tx", id, to: daemon)
        #expect(result.output.contains("+1 -0 ~0 rules, 0 moved, 5 kept"), "\(result)")
        #expect(try daemon.check("list").isEmpty)
        try daemon.check("commit \(id)")
        #expect(try apply(more, to: daemon).output.hasPrefix("nothing to change"))
    }

    /// A daemon that has just started does not know the texts of its rules; it learns them.
    @Test func aMovedWordIsNoChange() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        #expect(try apply(ApplyTests.small, to: daemon).status == 0)
        let other = ApplyTests.small.replacing("-p tcp --dport 22", with: "-p 6  --dport ssh")
            .replacing("-i lo -j ACCEPT", with: "-j ACCEPT --in-interface lo")
        for _ in 0..<2 {
            #expect(try apply(other, to: daemon).output.hasPrefix("nothing to change"))
        }
        #expect(try apply(ApplyTests.small, to: daemon).output.hasPrefix("nothing to change"))
    }

    /// Somebody else makes a version between the outline and the batch, once or again and again.
    @Test(arguments: [1, 3, 1_000])
    func itIsComparedAgainWhenSomebodyWasFaster(times: Int) throws {
        let left = Mutex(times)
        let daemon = try ScriptedDaemon { request in
            let first = ReplyWriter(to: request[0])
            if request[0].header.type == .getOutline {
                let version = OutlineMessage(version: UInt64(1_000 - left.withLock { $0 }))
                return first.part(.newOutline, version, multipart: true).done().bytes
            }
            let isLate = left.withLock { left in
                left -= 1
                return left >= 0
            }
            return isLate
                ? first.acknowledged(ERESTART, "Somebody was faster.").bytes
                : first.part(.newVersion, Sample.version).acknowledged().bytes
        }
        defer { daemon.stop() }
        let result = try Xt2.run("apply", "-", daemon: daemon, input: ApplyTests.small)
        let batches = daemon.requests.count { $0.header.type == .batchBegin }
        if times < 20 {
            #expect(result.status == 0 && batches == times + 1, "\(result)")
        } else {
            #expect(result.status == 75 && batches == 20, "\(result)")
            #expect(result.errors.contains("Somebody was faster."))
        }
        let expected = try daemon.requests.filter { $0.header.type == .batchBegin }.map { request in
            var reader = MessageReader(request.bytes.span.bytes)
            guard let view = try reader.next() else { return UInt64(0) }
            return try BatchOptions(view).expectedHead ?? 0
        }
        #expect(expected == (0..<batches).map { UInt64(1_000 - times + $0) })
    }

    /// Two terminals at once, and a script that appends: each file is applied as a whole.
    @Test func writersBesideIt() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        #expect(try apply(ApplyTests.small, to: daemon).status == 0)
        let files = (0..<4).map { number in
            ApplyTests.small
                + (0..<20).map { "append filter lan -s 10.\(number).\($0).0/24\n" }.joined()
        }
        let threads = files.map { file in
            let done = DispatchSemaphore(value: 0)
            let thread = Thread {
                for _ in 0..<5 {
                    let result = try? daemon.run(["apply", "--force", "-"], input: file)
                    if result?.status != 0 { Issue.record("\(String(describing: result))") }
                }
                done.signal()
            }
            thread.start()
            return done
        }
        for thread in threads { thread.wait() }
        let saved = try daemon.check("save").split(separator: "\n").filter {
            $0.hasPrefix("append")
        }
        let whole = files.map { file in
            file.replacing(" filter ", with: " inet filter ").split(separator: "\n")
                .filter { $0.hasPrefix("append") }.sorted()
        }
        #expect(whole.contains(saved.sorted()))
        #expect(try daemon.check("audit --verify").contains("intact"))
    }

    @Test func aTerminalIsAsked() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        #expect(try apply(ApplyTests.small, to: daemon).status == 0)
        let file = daemon.directory + "/other.xt2"
        try "add table ip other\n".write(toFile: file, atomically: true, encoding: .utf8)
        func answered(_ answer: String) throws -> CommandResult {
            try ChildProcess(
                "script", ["-qec", "\(Xt2.path) apply \(file)", "/dev/null"],
                input: answer + "\n", environment: ["XT2_SOCKET": daemon.socket]
            ).wait()
        }
        for answer in ["n", "", "no"] {
            let result = try answered(answer)
            #expect(
                result.status == 1
                    && result.output.contains("removes 5 of 5 rules (100 %). Go on? [y/N]"))
            #expect(result.output.contains("nothing was changed"), "\(result)")
        }
        #expect(try daemon.check("list").contains("table inet filter"))
        let result = try answered("y")
        #expect(result.status == 0 && result.output.contains("version 2: "), "\(result)")
        #expect(!(try daemon.check("list").contains("table inet filter")))
    }

    // MARK: Against nft

    /// A rule in both languages.
    private struct Rule: Hashable {
        var text: String
        var native: String
    }

    private func rule(_ random: inout SeededGenerator) -> Rule {
        let number = Int.random(in: 1...5, using: &random)
        let verdicts = [("ACCEPT", "accept"), ("DROP", "drop"), ("side", "jump side"), ("", "")]
        let (target, verdict) = verdicts.randomElement(using: &random) ?? ("", "")
        let tail = (target.isEmpty ? "" : " -j \(target)", verdict.isEmpty ? "" : " \(verdict)")
        let matches = [
            ("-p tcp --dport \(number)", "tcp dport \(number)"),
            ("-s 192.0.2.\(number)/32", "ip saddr 192.0.2.\(number)"),
            ("-p udp -m multiport --sports \(number),99", "udp sport { \(number), 99 }"),
            ("-i eth\(number)", "iifname \"eth\(number)\""),
        ]
        let (match, native) = matches.randomElement(using: &random) ?? ("", "")
        let comment = Bool.random(using: &random)
        return Rule(
            text: match + (comment ? " -m comment --comment \"c \(number)\"" : "") + tail.0,
            native: native + " counter packets 0 bytes 0" + tail.1
                + (comment ? " comment \"c \(number)\"" : ""))
    }

    /// A ruleset in both languages.
    private struct Ruleset {
        var chains: [(name: String, rules: [Rule])] = []

        var text: String {
            var lines = ["add table inet t"]
            for chain in chains {
                let base = chain.name == "in" ? "--type filter --hook input --policy accept " : ""
                lines.append("add chain \(base)inet t \(chain.name)")
            }
            for chain in chains {
                lines += chain.rules.map { "append inet t \(chain.name) \($0.text)" }
            }
            return lines.joined(separator: "\n") + "\n"
        }

        var native: String {
            var lines = ["add table inet t"]
            for chain in chains {
                let base = " { type filter hook input priority 0; policy accept; }"
                lines.append("add chain inet t \(chain.name)\(chain.name == "in" ? base : "")")
            }
            for chain in chains {
                lines += chain.rules.map { "add rule inet t \(chain.name) \($0.native)" }
            }
            return lines.joined(separator: "\n") + "\n"
        }
    }

    private func ruleset(_ random: inout SeededGenerator, from old: Ruleset?) -> Ruleset {
        guard var new = old else {
            return Ruleset(
                chains: ["in", "side", "other"].map { name in
                    (
                        name,
                        (0..<Int.random(in: 0...14, using: &random)).map { _ in
                            var rule = self.rule(&random)
                            while name == "side" && rule.text.hasSuffix("side") {
                                rule = self.rule(&random)
                            }
                            return rule
                        }
                    )
                })
        }
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let chain = [0, 2].randomElement(using: &random) ?? 0
            let place = Int.random(in: 0...new.chains[chain].rules.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: new.chains[chain].rules.insert(self.rule(&random), at: place)
            case 1 where place < new.chains[chain].rules.count:
                new.chains[chain].rules.remove(at: place)
            default: new.chains[chain].rules.shuffle(using: &random)
            }
        }
        return new
    }

    /// The lines of each chain.
    private func chains(_ listing: String) -> [String: [String]] {
        var chains: [String: [String]] = [:]
        var chain = ""
        for line in listing.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
            switch words.first {
            case "chain": chain = words[1]; chains[chain] = []
            case "table", "flags", "}", "#": continue
            default: chains[chain, default: []].append(words.joined(separator: " "))
            }
        }
        return chains
    }

    /// The kernel's handles of the rules of a chain, in order.
    private func handles(_ daemon: LiveDaemon, _ chain: String) throws -> [String] {
        let listing = try daemon.namespace.run {
            try Command.check("nft", "-a", "list", "chain", "inet", "t", chain)
        }
        return listing.split(separator: "\n").filter {
            $0.hasPrefix("\t\t") && !$0.contains("hook")
        }
        .compactMap { $0.split(separator: "# handle ").last.map(String.init) }
    }

    @Test func theKernelHasWhatTheFileSays() throws {
        var random = SeededGenerator()
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        var old: Ruleset?
        for round in 0..<25 {
            let new = ruleset(&random, from: round % 6 == 0 ? nil : old)
            let before = try old.map { try handles(daemon, $0.chains[0].name) } ?? []
            let result = try apply(new.text, "--force", to: daemon)
            let note: Comment = "seed \(random.seed), round \(round): \(result)\n\(new.text)"
            #expect(result.status == 0, note)
            let kernel = try daemon.kernelRules("t")
            let judge = try Namespace()
            let expected = try judge.run {
                try Command.check("nft", "-f", "-", input: new.native)
                return try Command.check("nft", "list", "table", "inet", "t")
            }
            #expect(chains(kernel) == chains(expected), note)
            if let old {
                let kept = Set(try handles(daemon, "in")).intersection(before).count
                #expect(
                    kept >= CommonSubsequence.length(old.chains[0].rules, new.chains[0].rules), note
                )
            }
            old = new
        }
    }

    /// Rules that are in both files count on, wherever they stand; new ones begin at 0.
    @Test func countersGoOn() throws {
        var random = SeededGenerator()
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        let head = "add table t\nadd chain --type filter --hook input t in\n"
        func text(_ names: [Int]) -> String {
            head + names.map { "append t in -i lo -m comment --comment r\($0)\n" }.joined()
        }
        try daemon.namespace.run { _ = try Command.check("ip", "link", "set", "lo", "up") }
        var counts: [Int: [Int]] = [:]
        var order: [Int] = []
        for round in 0..<12 {
            let names = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                Int.random(in: 0..<8, using: &random)
            }
            #expect(try apply(text(names), "--force", to: daemon).status == 0)
            var left = counts
            var expected: [Int: [Int]] = [:]
            for name in names {
                expected[name, default: []].append(left[name]?.popLast() ?? 0)
            }
            let found = try packets(daemon)
            let note: Comment = "seed \(random.seed), round \(round): \(order) → \(names)"
            #expect(found.map(\.name) == names, note)
            let total = Dictionary(grouping: found, by: \.name).mapValues { $0.map(\.packets) }
            // Among rules that say the same, those that stay need not be the first.
            #expect(
                total.mapValues(\.count) == expected.mapValues(\.count)
                    && total.allSatisfy { name, values in
                        values.count(where: { $0 > 0 })
                            == min(counts[name]?.count ?? 0, expected[name]?.count ?? 0)
                    }, note)
            try daemon.namespace.run { _ = try Command.check("ping", "-c", "1", "127.0.0.1") }
            counts = Dictionary(grouping: try packets(daemon), by: \.name)
                .mapValues { $0.map(\.packets) }
            order = names
        }
    }

    private func packets(_ daemon: LiveDaemon) throws -> [(name: Int, packets: Int)] {
        try daemon.kernelRules("t").matches(of: #/packets (\d+) .*comment "r(\d+)"/#).map {
            (Int($0.output.2) ?? -1, Int($0.output.1) ?? -1)
        }
    }

    // MARK: Large files

    @Test func aLargeFileCostsWhatItChanges() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        var rules = (0..<2_000).map {
            "append t in -s 10.\($0 / 250).\($0 % 250).1/32 -p tcp --dport \($0 + 1) -j ACCEPT"
        }
        let head = ["add table t", "add chain --type filter --hook input t in"]
        func text() -> String { (head + rules).joined(separator: "\n") + "\n" }
        func bytes() throws -> Int {
            let plan = try apply(text(), "--dry-run", "--json", to: daemon).output
            return Int(plan.firstMatch(of: /"bytes": (\d+)/)?.output.1 ?? "") ?? -1
        }
        let whole = try bytes()
        #expect(try apply(text(), to: daemon).status == 0)
        for index in stride(from: 5, to: 2_000, by: 100) {
            rules[index] = rules[index].replacing("ACCEPT", with: "DROP")
        }
        let part = try bytes()
        #expect(part > 0 && part * 100 <= whole * 3, "\(part) of \(whole)")
        let result = try apply(text(), to: daemon)
        #expect(result.output.contains("+0 -0 ~20 rules, 0 moved, 1980 kept"), "\(result)")
    }

    @Test func anUnreadableRuleChangesNothing() throws {
        let daemon = try LiveDaemon()
        defer { daemon.stop() }
        #expect(try apply(ApplyTests.small, to: daemon).status == 0)
        let before = try daemon.check("save")
        let result = try apply(
            ApplyTests.small + "append filter lan -p udp -j ACCEPT\nappend filter lan --bad\n",
            to: daemon)
        #expect(result.status == 64)
        #expect(result.errors.hasPrefix("standard input:10: "), "\(result.errors)")
        #expect(try daemon.check("save") == before)
    }
}
