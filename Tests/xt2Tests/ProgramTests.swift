import Testing

@testable import xt2

@Suite struct ProgramTests {
    @Test(arguments: [
        (["--socket", "/s", "list"], ["list", "--socket", "/s"]),
        (["--json", "--socket=/s", "list", "ip"], ["list", "--json", "--socket=/s", "ip"]),
        (["--json", "add", "table", "x"], ["add", "table", "--json", "x"]),
        (["--json", "delete", "filter", "input"], ["delete", "--json", "filter", "input"]),
        (["append", "filter", "input"], ["append", "filter", "input"]),
        (["--version"], ["--version"]),
        (["--socket"], ["--socket"]),
    ])
    func optionsInFrontOfTheCommand(typed: [String], moved: [String]) {
        #expect(Program.frontOptionsMoved(typed) == moved)
    }

    @Test(arguments: [
        ("inesrt", "insert"), ("apend", "append"), ("lst", "list"), ("rolback", "rollback"),
        ("add tabel", "table"),
    ])
    func misspelledCommands(typed: String, meant: String) {
        let words = typed.split(separator: " ").map(String.init) + ["x"]
        let error = #expect(throws: CommandError.self) { try Program.checkCommandName(words) }
        #expect(error?.message == "unknown command '\(typed)'. Did you mean '\(meant)'?")
        #expect(error?.kind == .usage)
    }

    @Test func unlikeWordsAreNotGuessedAt() {
        let error = #expect(throws: CommandError.self) { try Program.checkCommandName(["xyzzy"]) }
        #expect(error?.message == "unknown command 'xyzzy'.")
        #expect(error?.hints == ["all commands: xt2 --help"])
    }
}
