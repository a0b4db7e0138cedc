import NetlinkProto
import RuleSyntax

/// An edit of one rule, as a command line says it.
struct RuleEdit {
    /// What is to be done; the command's name.
    enum Verb: String {
        case append, insert, replace, delete
    }

    /// What is to be done.
    var verb: Verb
    /// `--id`: the rule with this id.
    var id: UInt64?
    /// `--at`: the rule at this position, from 1.
    var at: UInt32?
    /// `--before`: in front of the rule with this id.
    var before: UInt64?
    /// `--after`: behind the rule with this id.
    var after: UInt64?
    /// The chain and the rule text.
    var words: RuleWords

    /// The message of a batch that does it.
    ///
    /// - Throws: a usage error if the options do not fit each other or the rule text cannot be read.
    func edit() throws(CommandError) -> Edit {
        try edit { words throws(CommandError) in .body(try words.body()) }
    }

    /// The message of a batch that does it; its rule may resemble others that were read before.
    ///
    /// - Throws: as ``edit()``.
    func edit(_ stencils: inout RuleStencils) throws(CommandError) -> Edit {
        try edit { words throws(CommandError) in try words.reading(&stencils) }
    }

    private typealias Read = (RuleWords) throws(CommandError) -> RuleStencils.Reading

    private func edit(_ read: Read) throws(CommandError) -> Edit {
        switch verb {
        case .append: try append(read)
        case .insert: try insert(read)
        case .replace: try replace(read)
        case .delete: try delete()
        }
    }

    private func append(_ read: Read) throws(CommandError) -> Edit {
        newRule([.create, .append], try read(words), "appended to", "appended")
    }

    private func insert(_ read: Read) throws(CommandError) -> Edit {
        guard [at != nil, before != nil, after != nil].count(where: { $0 }) <= 1 else {
            throw CommandError(.usage, "only one of --at, --before and --after can be given.")
        }
        let index = try index()
        return newRule(
            after == nil ? .create : [.create, .append], position: before ?? after, index: index,
            try read(words), "inserted into", "inserted")
    }

    private func replace(_ read: Read) throws(CommandError) -> Edit {
        guard (id == nil) != (at == nil) else {
            throw CommandError(
                .usage, "which rule is to be replaced? Give one of --id and --at.",
                hints: ["ids and positions: xt2 list --ids \(words.chain)"])
        }
        let index = try index()
        return newRule(.replace, id: id, index: index, try read(words), "replaced in", "replaced")
    }

    private func newRule(
        _ flags: MessageFlags, id: UInt64? = nil, position: UInt64? = nil, index: UInt32? = nil,
        _ reading: RuleStencils.Reading, _ done: String, _ verb: String
    ) -> Edit {
        switch reading {
        case .body(let body):
            let message = message(id: id, position: position, index: index, body: body)
            return Edit(
                type: .newRule, flags: flags, message: .rule(message),
                done: "rule \(done) \(words.chain)", ruleVerb: verb)
        case .stamped(let bytes, let example):
            var message = message(id: id, position: position, index: index)
            message.text = example.body.followsFromText ? WrittenText.digest(words.rule) : nil
            // It is one of many, of which nothing is told one by one.
            return Edit(
                type: .newRule, flags: flags, message: .writtenRule(message, body: bytes), done: "")
        }
    }

    private func delete() throws(CommandError) -> Edit {
        var subject = "rule"
        if let id { subject = "rule \(id)" } else if let at { subject = "rule at position \(at)" }
        return Edit(
            type: .deleteRule, message: .rule(try deletion()),
            done: "\(subject) deleted from \(words.chain)")
    }

    /// A request without id, position and text would empty the chain, so one of them must be there.
    private func deletion() throws(CommandError) -> RuleMessage {
        if id != nil && at != nil {
            throw CommandError(.usage, "only one of --id and --at can be given.")
        }
        if id != nil || at != nil {
            try words.requireNoRule(because: id != nil ? "--id" : "--at")
            return message(id: id, index: try index())
        }
        guard !words.rule.isEmpty else {
            throw CommandError(
                .usage, "which rule of \(words.chain)? Give --id, --at or the rule's text.",
                hints: [
                    "all of its rules: xt2 flush \(words.chain)",
                    "the chain itself: xt2 delete chain \(words.chain)",
                ])
        }
        return message(body: try words.body())
    }

    /// How many rules stand in front of position ``at``.
    private func index() throws(CommandError) -> UInt32? {
        guard let at else { return nil }
        guard at >= 1 else {
            throw CommandError(.usage, "positions are counted from 1; --at 1 is the head.")
        }
        return at - 1
    }

    private func message(
        id: UInt64? = nil, position: UInt64? = nil, index: UInt32? = nil,
        body: RuleBody? = nil
    ) -> RuleMessage {
        let table = words.chain.table
        let isNew = verb != .delete && body?.followsFromText == true
        return RuleMessage(
            family: table.family, table: table.table, chain: words.chain.chain,
            handle: id.map { Handle($0) }, position: position.map { Handle($0) }, index: index,
            text: isNew ? WrittenText.digest(words.rule) : nil, body: body ?? RuleBody())
    }
}

extension RuleEdit {
    /// Reads an edit of a rule in its plain form.
    ///
    /// - Returns: nil for any other words, right or wrong.
    /// - Throws: a usage error that points at the word at fault.
    init?(line: [String]) throws(CommandError) {
        let noun = PlainLine.noun(line)
        guard let name = line.first, noun == nil || noun == "rule",
            let verb = noun != nil && name == "add" ? .append : Verb(rawValue: name)
        else { return nil }
        var rest = line.dropFirst(noun == nil ? 1 : 2)
        guard let options = PlainOptions(&rest, verb.options),
            options.values.allSatisfy({ UInt64($0) != nil })
        else { return nil }
        let at = options.number("--at").map { UInt32(exactly: $0) }
        // Behind options it could be a noun still.
        let isNoun = noun == nil && PlainLine.noun([name] + rest) != nil
        guard at != .some(nil), !isNoun, line.last != "--help", line.last != "-h" else {
            return nil
        }
        self.init(
            verb: verb, id: options.number("--id"), at: at ?? nil,
            before: options.number("--before"), after: options.number("--after"),
            words: try RuleWords(Array(rest)))
    }
}

extension RuleEdit.Verb {
    /// The options that take a number.
    var options: [String] {
        switch self {
        case .append: []
        case .insert: ["--at", "--before", "--after"]
        case .replace, .delete: ["--id", "--at"]
        }
    }
}
