import NetlinkProto
import RuleSyntax

/// Prints versions, newest first.
struct VersionList {
    /// Whether as JSON.
    let json: Bool

    /// Asks for the newest versions, at most `limit` of them, and prints them.
    func show(_ limit: UInt32?, _ client: inout Client) throws(CommandError) {
        let versions = try client.all(
            .getVersion, VersionRequest(limit: limit), .newVersion, VersionMessage.self)
        var output = Output()
        if json {
            try output.json(.array(versions.map(VersionText.json)))
        } else {
            try output.lines(VersionText.lines(versions, now: Moment.now))
        }
        try output.flush()
    }
}
