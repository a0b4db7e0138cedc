import NetlinkProto

/// One edit: a message of a batch, and what to tell people when it is done.
struct Edit: Equatable {
    /// The message, as nf_tables has it.
    enum Message: Equatable {
        case table(TableMessage)
        case chain(ChainMessage)
        case rule(RuleMessage)
        case set(SetMessage)
        case elements(SetElementMessage)
        case object(ObjectMessage)
        case flowtable(FlowtableMessage)
    }

    /// What is done: NEWTABLE, DELCHAIN and so on.
    var type: MessageType
    /// How it is done: CREATE, APPEND, REPLACE; `request` is added when it is sent.
    var flags: MessageFlags = []
    /// What it is about.
    var message: Message
    /// What was done, such as `chain inet filter input added`.
    var done: String
    /// For a rule that the reply describes: what was done to it, such as `inserted`.
    var ruleVerb: String?

    /// Writes the message; `echo` asks for the rule id, where there is one to tell.
    func write(sequence: SequenceNumber, echo: Bool, to writer: inout MessageWriter) {
        var flags = flags.union(.request)
        if echo && type == .newRule { flags.insert(.echo) }
        let header = MessageHeader(type: type, flags: flags, sequence: sequence)
        switch message {
        case .table(let table): table.write(header, to: &writer)
        case .chain(let chain): chain.write(header, to: &writer)
        case .rule(let rule): rule.write(header, to: &writer)
        case .set(let set): set.write(header, to: &writer)
        case .elements(let elements): elements.write(header, to: &writer)
        case .object(let object): object.write(header, to: &writer)
        case .flowtable(let flowtable): flowtable.write(header, to: &writer)
        }
    }

    /// What was done, with what the daemon says about the rule.
    func summary(_ reply: RuleMessage?) -> String {
        guard let ruleVerb, let reply, let chain = reply.chain, let id = reply.handle else {
            return done
        }
        let name = "\(reply.family.name) \(reply.table) \(chain)"
        guard let index = reply.index else { return "rule \(id.rawValue) \(ruleVerb) in \(name)" }
        return "rule \(id.rawValue) \(ruleVerb) at position \(UInt64(index) + 1) of \(name)"
    }
}
