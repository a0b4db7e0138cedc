import NetlinkProto

@testable import xt2d

/// A kernel batch as lines of text, one a message; read with the wire format alone.
enum KernelLines {
    /// One line a message: verb, place, and what finds the object.
    static func of(_ bytes: [UInt8]) throws -> [String] {
        var lines: [String] = []
        var messages = MessageReader(bytes.span.bytes)
        while let view = try messages.next() { lines.append(try line(view)) }
        return lines
    }

    private static func line(_ view: borrowing MessageView) throws -> String {
        let flags = view.header.flags
        var words = [view.header.type.name]
        switch view.header.type {
        case .newTable, .deleteTable: words.append(try TableMessage(view).name)
        case .newChain, .deleteChain: words += chain(try ChainMessage(view))
        case .newRule, .deleteRule: words += rule(try RuleMessage(view))
        case .newObject, .deleteObject: words.append(try ObjectMessage(view).name)
        default: break
        }
        // A rule's REPLACE is told by its handle; EXCL only matters where something is made.
        if flags.contains(.exclusive) { words.append("new") }
        if flags.contains(.append) { words.append("append") }
        return words.joined(separator: " ")
    }

    private static func chain(_ message: ChainMessage) -> [String] {
        [message.name ?? "-"] + (message.handle.map { ["handle \($0.rawValue)"] } ?? [])
            + (message.body.policy.map { [$0 == .drop ? "drop" : "accept"] } ?? [])
    }

    private static func rule(_ message: RuleMessage) -> [String] {
        var words = [message.chain ?? "-"]
        if let handle = message.handle { words.append("handle \(handle.rawValue)") }
        if let position = message.position { words.append("before \(position.rawValue)") }
        if let id = message.identity { words.append("id \(id)") }
        words += message.body.targets.map { "jump \($0)" }
        return words
    }
}
