import Foundation
import Glibc
import NetlinkProto
import Synchronization
import TestSupport
import Testing

/// nft and iptables-nft write into observed tables while xt2 commits: nothing is lost, nothing is overwritten unseen, and every
/// change has a name.
@Suite struct WritersTests {
    /// How many versions xt2 makes meanwhile.
    private static let commits = Soak.count(100, 1_000)

    /// Adds rules to two chains and deletes every third again, one with each line that it reads; writes down what it did.
    ///
    /// The lines keep the writers as fast as xt2 is, which a debug build on a busy machine would not be by itself.
    private static let nftWriter = """
        exec 3< "$1/nft.pace"
        i=0
        while read -r line <&3; do
            i=$((i + 1))
            nft -a -e "add rule ip t shared counter comment \\"n$i\\"" > "$1/out" & p=$!
            wait $p || { echo "$p failed" >> "$1/nft"; continue; }
            echo "$p add shared n$i" >> "$1/nft"
            handle=$(sed -n 's/.*# handle //p' "$1/out")
            if [ $((i % 3)) = 0 ]; then
                nft delete rule ip t shared handle $handle & p=$!
                wait $p && echo "$p delete shared n$i" >> "$1/nft"
            fi
            if [ $((i % 5)) = 0 ]; then
                nft "insert rule ip t theirs counter comment \\"m$i\\"" & p=$!
                wait $p && echo "$p insert theirs m$i" >> "$1/nft"
            fi
        done
        """

    private static let iptablesWriter = """
        exec 3< "$1/iptables.pace"
        i=0
        while read -r line <&3; do
            i=$((i + 1))
            iptables-nft -w -A INPUT -m comment --comment "i$i" -j ACCEPT & p=$!
            wait $p || { echo "$p failed" >> "$1/iptables"; continue; }
            echo "$p add INPUT i$i" >> "$1/iptables"
            if [ $((i % 4)) = 0 ]; then
                iptables-nft -w -D INPUT -m comment --comment "i$i" -j ACCEPT & p=$!
                wait $p && echo "$p delete INPUT i$i" >> "$1/iptables"
            fi
        done
        """

    /// What one writer did, replayed: the names of its rules in each chain, in order, and which process made each change.
    private struct Replay {
        var chains: [String: [String]] = [:]
        var processes: [UInt32] = []

        init(_ path: String) throws {
            for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                guard words.count == 4, let pid = UInt32(words[0]) else { continue }
                processes.append(pid)
                switch words[1] {
                case "add": chains[words[2], default: []].append(words[3])
                case "insert": chains[words[2], default: []].insert(words[3], at: 0)
                default: chains[words[2]]?.removeAll { $0 == words[3] }
                }
            }
        }
    }

    @Test func nothingIsLostAndEverythingHasAName() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let follower = try Follower(daemon)
        try daemon.run("iptables-nft", "-A", "INPUT", "-j", "ACCEPT")
        _ = try client.ask(
            .adoptTable, TableRequest(family: Family.ip.rawValue, table: "filter", policy: 1))
        try client.commit {
            $0.family = .ip
            $0.addTable(watch: TableWatch(.observed))
            for chain in ["own", "shared", "theirs"] { $0.addChain(chain) }
        }
        let directory = try TemporaryDirectory()
        let path = directory.path
        let paces = ["nft.pace", "iptables.pace"].map(directory.file)
        for pace in paces { #expect(mkfifo(pace, 0o600) == 0) }
        let writers = try daemon.namespace.run {
            try [
                ChildProcess("bash", ["-c", Self.nftWriter, "writer", path]),
                ChildProcess("bash", ["-c", Self.iptablesWriter, "writer", path]),
            ]
        }
        defer { for writer in writers { writer.signal(SIGKILL) } }
        let handles = try paces.map { try #require(FileHandle(forWritingAtPath: $0)) }
        var own: [UInt64] = []
        var shared: [UInt64] = []
        for number in 0..<Self.commits {
            for handle in handles { try handle.write(contentsOf: Data("\n".utf8)) }
            let reply = try client.commit {
                $0.family = .ip
                $0.append(.tcp(port: UInt16(number % 60_000)), to: "own")
                $0.append(.longer(than: UInt32(number), comment: "x\(number)"), to: "shared")
                if number % 7 == 6 { $0.delete(own[number / 2], from: "own") }
            }
            // Who does not read for long is disconnected.
            let version = try #require(try reply.version)
            try follower.wait(for: version.version)
            let ids = try reply.ids
            own.append(ids[0])
            shared.append(ids[1])
        }
        for handle in handles { try handle.close() }
        for writer in writers { #expect(writer.wait().status == 0) }

        // What each did, replayed by itself.
        let nft = try Replay(directory.file("nft"))
        let iptables = try Replay(directory.file("iptables"))
        let foreign = nft.processes.count + iptables.processes.count
        print("\(Self.commits) versions of xt2, \(foreign) of others")
        #expect(nft.processes.count > 5 && iptables.processes.count > 5)
        // Adoption, tables, own versions and those of the others: as many as there are, and no more.
        let total = UInt64(2 + Self.commits + foreign)
        try follower.wait(for: total)
        let versions = try client.versions()
        #expect(versions.count == Int(total))

        // The store's ruleset against the replays.
        let stored = try client.ruleset()
        func names(_ table: String, _ chain: String) -> [String] {
            stored.tables[table]?[chain]?.rules.map { $0.comment ?? "" } ?? []
        }
        #expect(names("ip t", "shared").filter { $0.hasPrefix("n") } == nft.chains["shared"])
        #expect(names("ip t", "theirs") == nft.chains["theirs"] ?? [])
        let deleted = Set((0..<Self.commits).filter { $0 % 7 == 6 }.map { own[$0 / 2] })
        #expect(
            stored.tables["ip t"]?["own"]?.rules.map(\.id) == own.filter { !deleted.contains($0) })
        #expect(
            stored.tables["ip t"]?["shared"]?.rules.map(\.id).filter { shared.contains($0) }
                == shared)
        // The kernel's, by nft and iptables.
        let kernel = try daemon.kernel()
        #expect(
            kernel.chains["ip t shared"]?.rules.map { $0.comment ?? "" } == names("ip t", "shared"))
        let rules = try daemon.run("iptables-nft", "-S", "INPUT").split(separator: "\n")
            .compactMap { line in
                line.split(separator: " ").first { $0.hasPrefix("i") && Int($0.dropFirst()) != nil }
            }
        #expect(rules.map(String.init) == iptables.chains["INPUT"])
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)

        // Every change has a name.
        for (process, replay) in [("nft", nft), ("iptables-nft", iptables)] {
            let found = versions.reversed().filter { $0.process == process }
            #expect(found.map(\.pid) == replay.processes, "\(process)")
            #expect(found.allSatisfy { $0.kind == VersionMessageKind.foreign.rawValue })
        }
        #expect(try client.auditProblems() == [])
    }

    /// Edits that share commits, while another program writes into the same table.
    @Test func manyClientsBesideAnotherProgram() throws {
        let daemon = try Daemon()
        let follower = try Follower(daemon)
        let count = 8
        let each = 15
        try daemon.connect().commit {
            $0.family = .ip
            $0.addTable(watch: TableWatch(.observed))
            for number in 0..<count { $0.addChain("c\(number)") }
            $0.addChain("shared")
            $0.addChain("theirs")
        }
        let loop = try daemon.namespace.run {
            try ChildProcess(
                "bash",
                [
                    "-c",
                    "i=0; while :; do i=$((i+1)); nft add rule ip t theirs counter comment n$i && echo n$i; done",
                ])
        }
        let made = Mutex<[(version: UInt64, rules: [UInt64])]>([])
        let problems = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: count) { number in
            do {
                let client = try daemon.connect()
                for step in 0..<each {
                    let reply = try client.commit(BatchOptions(reason: "\(number)/\(step)")) {
                        $0.family = .ip
                        $0.append(.tcp(port: UInt16(number), comment: "\(step)"), to: "c\(number)")
                        $0.append(.tcp(port: UInt16(number), comment: "\(step)"), to: "shared")
                    }
                    let version = try reply.version?.version ?? 0
                    let ids = try reply.ids
                    made.withLock { $0.append((version, ids)) }
                }
            } catch {
                problems.withLock { $0.append("\(error)") }
            }
        }
        loop.signal(SIGKILL)
        _ = loop.wait()
        #expect(problems.withLock { $0 } == [])
        let client = try daemon.connect()
        // Whatever came last is in the history when the kernel has been compared.
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        let versions = try client.versions()
        let own = made.withLock { $0 }.sorted { $0.version < $1.version }
        #expect(own.count == count * each)
        let foreign = versions.filter { $0.kind == VersionMessageKind.foreign.rawValue }
        print("\(own.count) versions of xt2, \(foreign.count) of others")
        #expect(!foreign.isEmpty)
        #expect(versions.count == own.count + foreign.count + 1)
        // Followers are told of each, in order.
        try follower.wait(for: UInt64(versions.count))
        #expect(follower.versions.map(\.version) == (1...UInt64(versions.count)).map { $0 })
        #expect(
            follower.versions.dropFirst().map(\.reason)
                == versions.reversed().dropFirst().map(\.reason))
        // Each appended behind what was there; what nft wrote is whole, and in order.
        let kernel = try daemon.kernel()
        #expect(kernel.ids("ip t shared") == own.map(\.rules[1]))
        let theirs = kernel.chains["ip t theirs"]?.rules.map { $0.comment ?? "" } ?? []
        #expect(theirs == (1...max(theirs.count, 1)).map { "n\($0)" })
        #expect(foreign.count == theirs.count)
        let stored = try client.ruleset().tables["ip t"]
        #expect(stored?["theirs"]?.rules.map { $0.comment ?? "" } == theirs)
        #expect(stored?["shared"]?.rules.map(\.id) == own.map(\.rules[1]))
        #expect(try client.auditProblems() == [])
    }

    @Test func aConflictIsNamed() throws {
        // The disk is slow, so that others come in between planning and the kernel.
        let daemon = try Daemon(prefix: [
            "strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e",
            "inject=fdatasync,fsync:delay_exit=30000",
        ])
        let client = try daemon.connect()
        let id = try client.commit {
            $0.family = .ip
            $0.addTable(watch: TableWatch(.observed))
            $0.addChain("c")
            $0.append(.longer(than: 1, comment: "first"), to: "c")
        }.ids[0]
        let handle = try #require(daemon.kernel().chains["ip t c"]?.rules.first?.handle)
        let loop = try daemon.namespace.run {
            try ChildProcess(
                "bash",
                [
                    "-c",
                    "i=0; while :; do i=$((i+1)); nft replace rule ip t c handle \(handle) mark $i; done",
                ])
        }
        defer {
            loop.signal(SIGKILL)
            _ = loop.wait()
        }
        var conflicts = 0
        var done = 0
        while conflicts == 0 || done + conflicts < 5 {
            do {
                try client.commit {
                    $0.family = .ip
                    $0.replace(id, in: "c", with: .longer(than: UInt32(done + 2), comment: "mine"))
                }
                done += 1
            } catch let error as Refused {
                conflicts += 1
                #expect(error.errno == ERESTART)
                #expect(error.message.contains("nft (pid "), "\(error.message)")
                #expect(error.message.contains("rule \(id)"), "\(error.message)")
            }
        }
        // Each version of ours stands between theirs: none was lost or overwritten unseen.
        let versions = try client.versions()
        #expect(versions.filter { $0.process != "nft" }.count == done + 1)
        #expect(try client.audit(AuditRequest(action: "replace")).count >= done + conflicts)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        #expect(try client.auditProblems() == [])
    }
}
