import NetlinkProto

/// `-j ACCEPT` and the other targets that are a verdict and nothing else.
struct VerdictTarget: TargetExtension {
    let name: String
    let summary: String
    private let verdict: Verdict

    init(_ name: String, _ verdict: Verdict, _ summary: String) {
        self.name = name
        self.verdict = verdict
        self.summary = summary
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        [.verdict(verdict)]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        Array(expressions) == [.verdict(verdict)] ? [] : nil
    }
}

/// `-j CHAIN` and `-g CHAIN`.
struct ChainTarget: TargetExtension {
    let chain: String
    let isGoto: Bool

    var name: String { chain }
    var summary: String { "Run the rules of a chain" }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        [.verdict(isGoto ? .goto(chain) : .jump(chain))]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? { nil }

    /// The words for a jump or goto; nil if the expressions are none.
    static func words(_ expressions: ArraySlice<Expression>) -> [String]? {
        guard expressions.count == 1, case .immediate(let immediate)? = expressions.first,
            immediate.destination == .verdict, case .verdict(let verdict) = immediate.data
        else { return nil }
        switch verdict {
        case .jump(let chain): return ["-j", chain]
        case .goto(let chain): return ["-g", chain]
        default: return nil
        }
    }
}

extension Expression {
    /// An immediate that gives a verdict.
    static func verdict(_ verdict: Verdict) -> Expression {
        .immediate(ImmediateExpression(destination: .verdict, data: .verdict(verdict)))
    }

    /// An immediate that puts bytes into a register.
    static func load(_ bytes: [UInt8], into register: Register) -> Expression {
        .immediate(ImmediateExpression(destination: register, data: .value(bytes)))
    }
}
