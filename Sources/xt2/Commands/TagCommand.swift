import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 tag`: names versions.
struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Name a version, or list the names.",
        usage: """
            xt2 tag [OPTIONS] NAME [VERSION]
            xt2 tag [OPTIONS] --delete NAME
            xt2 tag [OPTIONS]
            """,
        discussion: """
            A name can stand wherever a version can. It cannot be a number or HEAD, and has no blanks, '~', ':' or quotes in it. \
            A version with a name is kept when older ones are pruned.

              xt2 tag before-upgrade
              xt2 tag good 12
              xt2 rollback good
            """)

    @Flag(help: "Take the name away.")
    var delete = false

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The name.")
    var name: String?

    @Argument(help: "A version number, HEAD, HEAD~3, or a tag; the head when left out.")
    var version: VersionWord?

    mutating func validate() throws {
        if delete && (name == nil || version != nil) {
            throw ValidationError("--delete needs one name, and nothing else.")
        }
    }

    mutating func run() throws {
        guard let name else { return try list() }
        var client = try connection.connect()
        let number = try version.map { word throws(CommandError) in try client.number(of: word) }
        let tag = try client.one(
            delete ? .deleteTag : .newTag, TagMessage(name: name, version: number), .newTag,
            TagMessage.self)
        var output = Output()
        if connection.json {
            try output.json(TagCommand.json(tag, isDeleted: delete))
        } else {
            let what = delete ? "no longer called" : "now called"
            try output.line("version \(tag.version ?? 0) is \(what) \(tag.name)")
        }
        try output.flush()
    }

    private func list() throws {
        var client = try connection.connect()
        let tags = try client.all(.getTag, NoAttributes(), .newTag, TagMessage.self)
        var output = Output()
        if connection.json {
            try output.json(.array(tags.map { TagCommand.json($0, isDeleted: false) }))
        } else {
            let width = tags.map(\.name.count).max() ?? 0
            let widest = tags.map { String($0.version ?? 0).count }.max() ?? 0
            for tag in tags {
                try output.line(
                    Column.joined([
                        Column.left(tag.name, width),
                        Column.right(String(tag.version ?? 0), widest),
                        Moment(microseconds: tag.time ?? 0).local, UserName.of(tag.uid ?? 0),
                    ]))
            }
        }
        try output.flush()
    }

    private static func json(_ tag: TagMessage, isDeleted: Bool) -> JSONValue {
        .object([
            ("name", .string(tag.name)),
            ("version", .number(tag.version)),
            ("time", .text(tag.time.map { Moment(microseconds: $0).utc })),
            ("user", .text(tag.uid.map { UserName.of($0) })),
            ("uid", .number(tag.uid)),
            ("deleted", .bool(isDeleted)),
        ])
    }
}
