import NetlinkProto
import RuleSyntax

/// The text that a rule was read from, as a digest that xt2d keeps beside the rule: whoever has the same text again need not read it.
enum WrittenText {
    /// Another release may read a text differently.
    private static let key = ContentDigest(of: "xt2 rule text, release \(Program.release)")

    /// The digest of rule text as it is written, quotes and all.
    static func digest(_ text: ArraySlice<UInt8>) -> ContentDigest {
        ContentDigest(of: text.span.bytes, key: key)
    }

    /// The digest of words, written as `xt2 save` writes them.
    static func digest(_ words: [String]) -> ContentDigest {
        digest(RuleSyntax.CommandLine.joinedBytes(words)[...])
    }
}

extension RuleBody {
    /// `NF_NAT_RANGE_NETMAP`.
    private static let prefixFlag: UInt32 = 64

    /// Whether the text alone says what the rule is: neither a user's number, nor the chain's hook, nor an extension's own files.
    var followsFromText: Bool {
        expressions.allSatisfy { expression in
            switch expression {
            case .compatMatch, .compatTarget: false
            case .meta(let meta): meta.key != .socketUserID && meta.key != .socketGroupID
            // NETMAP rewrites one or the other end as the hook says.
            case .nat(let nat): nat.flags & RuleBody.prefixFlag == 0
            default: true
            }
        }
    }
}
