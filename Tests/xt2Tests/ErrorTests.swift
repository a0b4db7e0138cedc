import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

@testable import xt2

/// What people read when something goes wrong, and the exit status that scripts read.
@Suite struct ErrorTests {
    /// Command lines that are wrong by themselves; no daemon is asked.
    @Test func usageErrors() throws {
        let lines: [[String]] = [
            ["inesrt", "filter", "input"],
            ["--socket", "/run/other.sock", "inesrt", "filter", "input"],
            ["add", "tabel", "filter"],
            ["insert", "--at", "0", "filter", "input", "-j", "ACCEPT"],
            ["insert", "--at", "x", "filter", "input", "-j", "ACCEPT"],
            ["insert", "--bofore", "3", "filter", "input", "-j", "ACCEPT"],
            ["insert", "inet", "filter", "input", "-p", "tcp", "--dprot", "22", "-j", "ACCEPT"],
            ["append", "filter", "input", "-j", "ACCEPT", "--json"],
            ["append", "inett", "filter", "input", "-j", "ACCEPT"],
            ["append", "filter", "-j", "ACCEPT"],
            ["append", "inet", "filter", "input", "tcp"],
            ["delete", "filter", "input"],
            ["delete", "inet", "filter", "input", "9"],
            ["delete", "filter", "input", "9"],
            ["delete", "--id", "4", "filter", "input", "-j", "DROP"],
            ["replace", "filter", "input", "-j", "DROP"],
            ["policy", "filter", "input", "maybe"],
            ["add", "table", "--policy", "observed", "filter"],
            ["add", "table", "one", "two", "three"],
            ["diff", "1", "2", "3"],
            ["audit", "--since", "soon"],
            ["audit", "--chain", "input"],
            ["add", "chain", "--attributes", "0g", "filter", "input"],
            ["add", "chain", "--attributes", "0500", "filter", "input"],
            ["add", "chain", "--policy", "drop", "filter", "input"],
            ["add", "chain", "filter", "lan 2"],
            ["add", "chain", "filter", "ACCEPT"],
            ["rename", "filter", "lan", String(repeating: "x", count: 256)],
            ["add", "table", ""],
            ["audit", "--user", "nobody-of-that-name"],
            ["rule-help", "nonesuch"],
            ["list", "--bogus"],
            ["log", "-n", "many"],
            ["begin", "-m", String(repeating: "x", count: 4097)],
        ]
        var text = ""
        for line in lines {
            let result = try ChildProcess(Xt2.path, line).wait()
            let typed = line.map { $0.count > 100 ? "xxx…" : $0 }.joined(separator: " ")
            text += "$ xt2 \(typed)\n\(result.output)\(result.errors)[\(result.status)]\n\n"
        }
        try Golden.expect(text, "usage-errors.txt")
    }

    @Test func noDaemon() throws {
        let result = try Xt2.run("list")
        #expect(result.status == 69)
        #expect(
            result.errors == """
                xt2: xt2d is not running (no socket at /nonexistent/xt2d.sock).
                hint: start it: xt2d --database FILE --socket /nonexistent/xt2d.sock, or name another: --socket PATH

                """)
    }

    @Test func noDaemonAtTheUsualPlace() {
        let path = SocketPath(option: SocketPath.standard)
        let error = path.explain(SystemCallError("connect", code: ENOENT))
        #expect(error.kind == .absent)
        #expect(error.hints[0].hasPrefix("start it: systemctl start xt2d, or xt2d --database"))
    }

    @Test func socketThatWasLeftBehind() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        close(try listen(at: path))
        let result = try Xt2.run("list", "--socket", path)
        #expect(result.status == 69)
        #expect(result.errors.contains("(it left its socket at \(path) behind)"))
    }

    @Test func fileThatIsNoSocket() throws {
        let result = try Xt2.run("--socket", "/etc/passwd", "list")
        #expect(result.status == 64)
        #expect(result.errors.hasPrefix("xt2: /etc/passwd is not a socket.\n"))
    }

    /// Root may use any socket, so the errno is made up here.
    @Test func socketOfSomebodyElse() {
        let error = SocketPath(option: "/dev/null").explain(
            SystemCallError("connect", code: EACCES))
        #expect(error.kind == .denied)
        #expect(
            error.message
                == "you may not use xt2d's socket at /dev/null. It belongs to user root and group root, mode 0666."
        )
    }

    @Test func pathThatIsTooLong() throws {
        let path = "/" + String(repeating: "x", count: UnixSocket.pathBytes)
        let result = try Xt2.run("list", "--socket", path)
        #expect(result.status == 64)
        #expect(UnixSocket.pathBytes == 107)
    }

    @Test func daemonThatGoesAway() throws {
        let daemon = try ScriptedDaemon { _ in [] }
        defer { daemon.stop() }
        let result = try Xt2.run("flush", "filter", daemon: daemon)
        #expect(result.status == 69)
        #expect(
            result.errors.hasPrefix("xt2: xt2d closed the connection before it answered"))
    }

    @Test(
        arguments: [
            (ENOENT, 1), (EPERM, 77), (ERESTART, 75), (ESHUTDOWN, 69),
        ] as [(Int32, Int32)])
    func refusals(errno: Int32, status: Int32) throws {
        let daemon = try ScriptedDaemon {
            ReplyWriter(to: $0[0]).acknowledged(errno, "This cannot be done.").bytes
        }
        defer { daemon.stop() }
        let result = try Xt2.run("flush", "filter", daemon: daemon)
        #expect(result.status == status)
        #expect(result.errors == "xt2: This cannot be done.\n")
        #expect(result.output.isEmpty)
    }

    @Test(arguments: [
        (["a", "b", "c"], 1, "a b c", "  ^"),
        (["a", "long word", "c"], 1, "a \"long word\" c", "  ^^^^^^^^^^^"),
        (["a", "b"], 2, "a b", "    ^"),
        ([], 0, "", "^"),
    ])
    func excerpts(words: [String], index: Int, line: String, caret: String) {
        #expect(Excerpt.lines(words, caretAt: index) == [line, caret])
    }

    /// A caret in a line that the terminal has wrapped points at nothing.
    @Test(arguments: [0, 40, 79])
    func longExcerpts(index: Int) {
        let words = (0..<80).map { "word\($0)" }
        let lines = Excerpt.lines(words, caretAt: index)
        #expect(lines[0].count <= Excerpt.width && lines[1].count <= Excerpt.width)
        let start = lines[1].firstIndex(of: "^") ?? lines[1].startIndex
        let offset = lines[1].distance(from: lines[1].startIndex, to: start)
        #expect(lines[0].dropFirst(offset).hasPrefix(words[index]))
    }
}

/// Names, reasons and messages come from other people; a terminal must not obey them.
@Suite struct PlainTextTests {
    @Test(arguments: [
        ("plain, ümlaut, 日本", "plain, ümlaut, 日本"),
        ("a\u{1B}[2Jb", "a\\u{1B}[2Jb"),
        ("a\nb\tc\u{7F}\u{9B}\u{2028}\u{202E}", "a\\nb\\tc\\u{7F}\\u{009B}\\u{2028}\\u{202E}"),
    ])
    func escapes(text: String, shown: String) {
        #expect(PlainText.escaped(text) == shown)
    }

    @Test(arguments: [
        ("", ""), ("one", "one"), ("one\n", "one"), ("one\n\ntwo", "one …"), ("\n\n", ""),
    ])
    func firstLines(text: String, line: String) {
        #expect(PlainText.firstLine(text) == line)
    }

    @Test func reasonsOfOthers() throws {
        let daemon = try ScriptedDaemon { requests in
            var version = Sample.version
            version.reason = "first\u{1B}[31m\nsecond"
            return ReplyWriter(to: requests[0]).part(.newVersion, version).done().bytes
        }
        defer { daemon.stop() }
        let log = try Xt2.run("log", daemon: daemon).output
        #expect(log.hasSuffix("first\\u{1B}[31m …\n"))
        let show = try Xt2.run("show", "7", daemon: daemon).output
        #expect(show.contains("reason   first\\u{1B}[31m\n         second\n"))
    }
}
