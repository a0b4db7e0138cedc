import NetlinkProto

/// A request without attributes.
struct NoAttributes: ControlBody {
    init() {}
    init(_ attributes: consuming AttributeReader) throws(WireError) {}
    func write(to writer: inout MessageWriter) {}
}

extension Client {
    /// Sends a request whose reply describes one thing.
    ///
    /// - Throws: what the daemon refused; an internal error if the reply does not describe it.
    mutating func one<Reply: ControlBody>(
        _ type: MessageType, _ body: some ControlBody, _ replyType: MessageType, _: Reply.Type
    ) throws(CommandError) -> Reply {
        var found: Reply?
        try request(type, body) { view throws(WireError) in
            if view.header.type == replyType { found = try Reply(view) }
        }
        guard let found else {
            throw CommandError(
                WireError(.missingAttribute, "no \(replyType.name) in the reply to \(type.name)"))
        }
        return found
    }

    /// Asks for a list, and collects it.
    ///
    /// - Throws: what the daemon refused, or why its reply cannot be read.
    mutating func all<Part: ControlBody>(
        _ type: MessageType, _ body: some ControlBody, _ partType: MessageType, _: Part.Type
    ) throws(CommandError) -> [Part] {
        var found: [Part] = []
        try list(type, body) { view throws(WireError) in
            if view.header.type == partType { found.append(try Part(view)) }
        }
        return found
    }
}
