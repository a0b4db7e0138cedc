import NetlinkProto
import RuleStore

/// What a client's NEWRULE or DELRULE says: where, and the rule in the form in which it is stored.
///
/// An object, because it is passed on much.
final class RuleRequest: Sendable {
    /// A rule as it is stored.
    struct Stored: Sendable {
        /// The canonical bytes.
        var bytes: [UInt8]
        /// What it begins to count from; empty if that is 0.
        var counters: [CounterExpression] = []
    }

    /// What the message has of a rule.
    enum Body: Sendable {
        case stored(Stored)
        /// A rule that cannot be stored, and why.
        case unfit(RuleBody, Refusal)
    }

    /// Everything but the rule itself.
    let message: RuleMessage
    /// The rule.
    let body: Body
    /// Whether the message names no rule by what it says.
    let isBodyEmpty: Bool

    /// Reads a message.
    ///
    /// - Parameter shapes: rules that were read before; what has the shape of one of them is taken over without being taken apart.
    /// - Throws: ``WireError`` if it is damaged; a rule that is well formed and cannot be stored is no error yet.
    init(
        _ view: borrowing MessageView, _ bytes: [UInt8], _ shapes: inout RuleShapes
    ) throws(WireError) {
        var range: Range<Int>?
        if let head = try? RuleMessage(headOf: view, body: &range), let range,
            shapes.shape(of: bytes[range]) != nil
        {
            message = head
            isBodyEmpty = false
            body = .stored(Stored(bytes: Array(bytes[range])))
            return
        }
        var whole = try RuleMessage(view)
        body = RuleRequest.stored(whole.body)
        if case .stored(let stored) = body, let range, bytes[range].elementsEqual(stored.bytes) {
            shapes.learn(stored.bytes, whole.body)
        }
        isBodyEmpty = whole.body.isEmpty
        whole.body = RuleBody()
        message = whole
    }

    private static func stored(_ body: RuleBody) -> Body {
        do {
            var stored = Stored(bytes: try RuleCheck.canonical(body))
            let counters = body.expressions.counters
            if counters.contains(where: { $0.packets != 0 || $0.bytes != 0 }) {
                stored.counters = counters
            }
            return .stored(stored)
        } catch {
            return .unfit(body, error)
        }
    }

    /// The rule.
    ///
    /// - Throws: ``Refusal`` if it cannot be stored.
    func stored() throws(Refusal) -> Stored {
        switch body {
        case .stored(let stored): return stored
        case .unfit(_, let refusal): throw refusal
        }
    }
}
