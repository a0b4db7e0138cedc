import ArgumentParser
import NetlinkProto

/// `xt2 batch`: many edits, one version.
struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Do many edits as one version: all of them or none.",
        discussion: """
            Each line of FILE is an edit command without 'xt2': add, append, insert, replace, delete, flush, policy, rename. \
            Empty lines and what follows '#' are passed over; a '\\' at the end continues a line; words are quoted as in a \
            shell. '-' reads standard input. 'xt2 save' writes such lines.

              xt2 batch rules.xt2
              printf '%s\\n' 'flush filter input' 'policy filter input accept' | xt2 batch -
              xt2 batch --tx 3 -m 'new web servers' web.xt2
              xt2 batch --check rules.xt2 && xt2 batch --confirm 2m rules.xt2
            """)

    @Flag(help: "Do everything but the change, and tell what it would be.")
    var check = false

    @OptionGroup var options: EditOptions

    @Argument(help: "A file, or - for standard input.", completion: .file())
    var file: String

    mutating func run() throws {
        try BatchRun(file: file, isCheck: check, options: options.run).run()
    }
}
