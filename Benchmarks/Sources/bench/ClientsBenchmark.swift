import Glibc
import NetlinkProto
import RuleSyntax

/// Many clients at once, each with single edits of one small chain, beside the floor's edits by one client.
struct ClientsBenchmark {
    let programs: String
    let floor: String
    let results: Results

    func run() throws {
        let daemon = try XT2(programs: programs)
        defer { daemon.stop() }
        let path = daemon.folder + "/ruleset"
        try daemon.writeRuleset([], to: path)
        _ = try daemon.load(path)
        let (clients, edits, socket) = (16, 500, daemon.socket)
        let context = RuleContext(family: .ip)
        let bodies = try (0..<edits).map {
            try RuleText.parse(RuleLine.extra($0).iptables, context: context).body
        }
        let start = Clock.microseconds
        try withThreads(clients) {
            let connection = try Connection(path: socket)
            for body in bodies { _ = try connection.insert(body) }
        }
        let rate = Double(clients * edits) / (Clock.microseconds - start) * 1e6
        results.add("16 clients, edits a second", 0, "xt2, durable", rate, unit: "/s")
        guard try daemon.keys().count == clients * edits else { throw Failure("edits are missing") }
        try Namespace().enter()
        let output = try Program.run([floor, "edits", "\(clients * edits)", "0"]).output
        let words = output.split { $0 == " " || $0 == "\n" }
        results.add(
            "16 clients, edits a second", 0, "floor, one client, not durable",
            words.count > 1 ? Double(words[1]) ?? .nan : .nan, unit: "/s")
    }
}

/// Runs the same on several threads and waits for all.
func withThreads(_ count: Int, _ body: @escaping @Sendable () throws -> Void) throws {
    var threads: [pthread_t] = []
    for _ in 0..<count {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(ThreadBody(body))
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
                do { try body.run() } catch { print("bench: \(error)"); exit(1) }
                return nil
            }, box.toOpaque())
        threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () throws -> Void

    init(_ run: @escaping @Sendable () throws -> Void) { self.run = run }
}
