import NetlinkProto

/// `log` or `audit`, written in its plain form: the newest of all, or of a user, an action or an outcome.
///
/// Why: as for ``PlainLine``.
struct PlainPage {
    private enum Command: String {
        case log, audit
    }

    private let command: Command
    private var limit: UInt32?
    private var user: String?
    private var action: String?
    private var outcome: String?
    private var socket: String?
    private var json = false

    /// Reads the words behind `xt2`.
    ///
    /// - Returns: nil for anything else, right or wrong; the parser of commands knows what to say about it.
    init?(_ words: [String]) {
        guard let name = words.first, let command = Command(rawValue: name) else { return nil }
        self.command = command
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            if word == "--json", !json {
                json = true
                continue
            }
            guard let value = PlainOptions.value(of: word, &rest) else { return nil }
            switch (word, command) {
            case ("-n", _) where limit == nil:
                guard let number = UInt32(value) else { return nil }
                limit = number
            case ("--socket", _) where socket == nil: socket = value
            case ("--user", .audit) where user == nil: user = value
            case ("--action", .audit) where action == nil: action = value
            case ("--outcome", .audit) where outcome == nil: outcome = value
            default: return nil
            }
        }
    }

    func run() throws(CommandError) {
        let request = AuditRequest(
            uid: try user.map(UserName.requireNumber), action: action, outcome: outcome,
            limit: limit)
        var client = try SocketPath(option: socket).connect(protecting: [], force: false)
        switch command {
        case .log: try VersionList(json: json).show(limit, &client)
        case .audit: try AuditList(changes: false, json: json).show(request, &client)
        }
    }
}
