import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Changes that would cut the connection that they come from, with the built programs and a real connection.
@Suite struct LockoutTests {
    /// A daemon with an open connection from another host.
    private struct Site {
        let daemon: Daemon
        let other: Namespace
        let listener: PortListener
        let connection: OpenConnection

        /// What sshd would set.
        var environment: [String: String] { ["SSH_CONNECTION": connection.words] }

        /// Runs the built `xt2` as somebody who is connected from there.
        func tool(
            _ line: String, input: String = "", environment: [String: String] = [:]
        ) throws -> CommandResult {
            try daemon.tool(
                line, input: input,
                environment: self.environment.merging(environment) { $1 })
        }
    }

    private func site() throws -> Site {
        let daemon = try Daemon()
        let other = try Namespace()
        try daemon.join(other)
        let listener = try daemon.namespace.run { try PortListener(port: 22) }
        let connection = try other.run { try OpenConnection(to: "10.9.8.1", port: 22) }
        try daemon.xt2("add table inet filter")
        try daemon.xt2("add chain --type filter --hook input --priority 0 inet filter input")
        return Site(daemon: daemon, other: other, listener: listener, connection: connection)
    }

    private func lastEntry(_ daemon: Daemon) throws -> [String: Any] {
        let line = try daemon.xt2("audit --json -n 1")
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(value as? [String: Any])
    }

    private func name(_ site: Site) -> String {
        let words = site.connection.words.split(separator: " ")
        return
            "your SSH connection from \(words[0]) port \(words[1]) to \(words[2]) port \(words[3])"
    }

    /// sudo and su keep the variable from what they start; the program that started them has it.
    @Test func theConnectionOfAnAncestorIsFound() throws {
        let site = try site()
        let line = "policy inet filter input drop"
        // The outer shell has the variable, the inner one has not, and neither gives way to what it starts.
        let inner = "sh -c '\"$@\"; exit $?' sh \"$@\""
        let prefix = ["sh", "-c", "env -u SSH_CONNECTION \(inner); exit $?", "sh"]
        let result = try site.daemon.tool(line, environment: site.environment, prefix: prefix)
        #expect(result.status == 1)
        #expect(result.errors.contains(name(site)), "\(result.errors)")
        // Nothing is a value too: there is no such connection.
        let other = try site.daemon.tool(line, environment: ["SSH_CONNECTION": ""], prefix: prefix)
        #expect(other.status == 0, "\(other.errors)")
    }

    @Test func aChangeThatCutsTheConnectionIsRefused() throws {
        let site = try site()
        let daemon = site.daemon
        let before = try daemon.kernel()
        let result = try site.tool("policy inet filter input drop")
        #expect(result.status == 1)
        #expect(
            result.errors
                == """
                xt2: This would cut \(name(site)): no rule accepts its packets, and the policy of chain inet filter input is drop. Nothing was changed.
                hint: --confirm 60s makes the change, and undoes it unless 'xt2 confirm' comes in time; --force makes it all the same

                """)
        #expect(try daemon.kernel().outline == before.outline)
        let entry = try lastEntry(daemon)
        #expect(entry["outcome"] as? String == "refused" && entry["action"] as? String == "policy")
        #expect((entry["error"] as? String)?.contains("This would cut") == true)
        #expect(
            (entry["peer"] as? String)?.hasSuffix(
                "(as the client says; there is such a connection)")
                == true)
        #expect(entry["request"] is String, "what was asked for is kept")

        // The short way of a single rule, with the rule at fault pointed at.
        let rule = try site.tool("append inet filter input -p tcp -j DROP")
        #expect(rule.status == 1 && rule.errors.contains("the new rule at position 1 of chain"))
        #expect(try lastEntry(daemon)["action"] as? String == "append")
        // Whoever is connected from elsewhere, or from nowhere, may do it.
        let policy = "policy inet filter input drop\n"
        #expect(try daemon.tool("batch --check -", input: policy).status == 0)
        #expect(
            try daemon.tool(
                "batch --check -", input: policy,
                environment: ["SSH_CONNECTION": "10.9.8.3 50022 10.9.8.1 22"]
            ).status == 0)
        #expect(try site.tool("batch --check -", input: policy).status == 1)
        #expect(site.connection.isAlive(in: site.other))
    }

    @Test func itIsMadeIfThatIsWanted() throws {
        let site = try site()
        let confirmed = try site.tool("policy --confirm 600s inet filter input drop")
        #expect(confirmed.status == 0, "\(confirmed.errors)")
        #expect(
            confirmed.errors.contains(
                "xt2: warning: This would cut \(name(site))"), "\(confirmed.errors)")
        #expect(try site.daemon.xt2("status").contains("confirm"))
        let tried = try lastEntry(site.daemon)
        #expect(tried["outcome"] as? String == "committed")
        #expect((tried["error"] as? String)?.hasSuffix("all the same, with --confirm.") == true)
        try site.daemon.xt2("confirm")
        try site.daemon.xt2("policy inet filter input accept")
        let forced = try site.tool("policy --force inet filter input drop")
        let sentence =
            "This would cut \(name(site)): no rule accepts its packets, and the policy of chain inet filter input is drop."
        #expect(forced.status == 0)
        #expect(forced.errors == "xt2: warning: \(sentence) It is made all the same.\n")
        // Whoever looks for it later finds what was cut, and by what.
        let entry = try lastEntry(site.daemon)
        #expect(entry["action"] as? String == "policy")
        #expect(entry["outcome"] as? String == "committed" && entry["version"] is NSNumber)
        #expect(
            entry["error"] as? String == "\(sentence) It was made all the same, with --force.")
        #expect(try site.daemon.xt2("audit -n 1").contains("This would cut \(name(site))"))
        // Of one that cuts nothing there is nothing to say.
        #expect(
            try site.tool("append --force inet filter input -p udp --dport 1 -j DROP").errors == "")
        #expect(try lastEntry(site.daemon)["error"] as? String ?? "" == "")
        #expect(try site.daemon.xt2("audit --verify").contains("intact"))
        #expect(
            try site.daemon.run("nft", "list", "chain", "inet", "filter", "input").contains(
                "policy drop"))
    }

    @Test func whatLeavesItOpenIsMade() throws {
        let site = try site()
        let batch = """
            append inet filter input -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
            append inet filter input -p tcp --dport 22 -s 10.9.8.0/24 -j ACCEPT
            policy inet filter input drop
            """
        let result = try site.tool("batch -", input: batch)
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        #expect(site.connection.isAlive(in: site.other))
        #expect(
            try site.tool("delete --at 2 inet filter input").status == 1, "no new one could begin")
        #expect(try site.tool("append inet filter input -p tcp --dport 80 -j ACCEPT").status == 0)
        #expect(
            try site.tool("batch -", input: "delete --at 1 inet filter input\n").status == 0,
            "the other rule accepts it as well")
        let cut = try site.tool(
            "batch -", input: "append inet filter input -j LOG\nflush inet filter input\n")
        #expect(cut.status == 1)
    }

    @Test func rollbacksAndCandidatesAreGuarded() throws {
        let site = try site()
        let daemon = site.daemon
        try daemon.xt2("policy inet filter input drop")
        try daemon.xt2("policy inet filter input accept")
        let back = try site.tool("rollback 3")
        #expect(back.status == 1 && back.errors.contains("This would cut"), "\(back.errors)")
        #expect(try lastEntry(daemon)["action"] as? String == "rollback")
        #expect(try site.tool("rollback --force 3").status == 0)
        #expect(try site.tool("rollback 4").status == 0, "it only opens")

        let candidate = try daemon.xt2("begin --json")
        let value = try JSONSerialization.jsonObject(with: Data(candidate.utf8)) as? [String: Any]
        let id = try #require((value?["candidate"] ?? value?["id"]) as? Int, "\(candidate)")
        #expect(
            try site.tool("append --tx \(id) inet filter input -p tcp -j DROP").status == 0,
            "a candidate changes nothing yet")
        let commit = try site.tool("commit \(id) -m x")
        #expect(commit.status == 1 && commit.errors.contains("This would cut"), "\(commit.errors)")
        let entry = try lastEntry(daemon)
        #expect(entry["outcome"] as? String == "refused")
        #expect(try site.tool("commit \(id) -m x --force").status == 0, "it is still there")
    }

    @Test func whatCannotBeToldIsAWarning() throws {
        let site = try site()
        let result = try site.tool(
            "append --json inet filter input -p tcp -m limit --limit 1000/s -j DROP")
        #expect(result.status == 0)
        #expect(result.errors.contains("still gets through cannot be told"), "\(result.errors)")
        #expect(result.errors.contains("depends on limit"))
        #expect(result.output.contains("cannot be told"), "\(result.output)")
    }

    @Test func otherConnectionsCanBeProtected() throws {
        let site = try site()
        let protect = ["--protect", "udp from 10.9.8.2 to 10.9.8.1 port 53"]
        func run(_ words: [String]) throws -> CommandResult {
            try site.daemon.startTool(words).wait()
        }
        let rule = ["inet", "filter", "input", "-p", "udp", "--dport", "53", "-j", "DROP"]
        let result = try run(["append"] + protect + rule)
        #expect(result.status == 1)
        #expect(
            result.errors.contains(
                "This would cut the connection udp from 10.9.8.2 to 10.9.8.1 port 53: the new rule"),
            "\(result.errors)")
        #expect(try run(["append"] + protect + ["--force"] + rule).status == 0)
        let bad = try run(["append", "--protect", "udp from 10.9.8.2 via"] + rule)
        #expect(bad.status == 64 && bad.errors.contains("^"), "\(bad.errors)")
    }

    @Test func iptablesIsGuardedToo() throws {
        let site = try site()
        let refused = try site.tool("iptables -P INPUT DROP")
        #expect(refused.status == 4)
        #expect(refused.errors.contains("This would cut"), "\(refused.errors)")
        #expect(refused.errors.contains("XT2_FORCE=1"), "\(refused.errors)")
        let file = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 80 -j ACCEPT\nCOMMIT\n"
        #expect(try site.tool("iptables-restore", input: file).status == 4)
        let open = file.replacingOccurrences(of: "80", with: "22")
        let restored = try site.tool("iptables-restore", input: open)
        #expect(restored.status == 0 && restored.errors.isEmpty, "\(restored.errors)")
        for rule in [
            "-m multiport --dports 21,22", "-m conntrack --ctstate NEW,ESTABLISHED",
        ] {
            #expect(
                try site.tool("iptables -I INPUT -p tcp \(rule) -j DROP").status == 4, "\(rule)")
        }
        let forced = try site.tool("iptables -F INPUT", environment: ["XT2_FORCE": "1"])
        #expect(forced.status == 0, "\(forced.errors)")
    }
}

/// A TCP connection, held open by the side that made it.
final class OpenConnection: Sendable {
    private let descriptor: Int32
    /// As the other side's sshd would say it: `ADDRESS PORT ADDRESS PORT`, first this end's.
    let words: String

    /// Connects from the namespace of the calling thread.
    init(to address: String, port: UInt16) throws {
        let descriptor = makeSocket(AF_INET, SOCK_STREAM)
        self.descriptor = descriptor
        let result = InternetAddress.withAddress(address, port) { connect(descriptor, $0, $1) }
        guard result == 0 else {
            throw CommandFailure("\(address): \(String(cString: strerror(errno)))")
        }
        var own = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        inet_ntop(AF_INET, &own.sin_addr, &text, socklen_t(text.count))
        let name = String(
            decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        words = "\(name) \(UInt16(bigEndian: own.sin_port)) \(address) \(port)"
    }

    deinit { close(descriptor) }

    /// Whether the kernel still has it, established.
    func isAlive(in namespace: Namespace) -> Bool {
        let state = try? namespace.run { try Command.check("ss", "-Htn", "state", "established") }
        return state?.contains(":22") == true
    }
}
