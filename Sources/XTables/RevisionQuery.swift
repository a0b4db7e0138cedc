/// The question whether the kernel has a revision of an extension (`NFNL_MSG_COMPAT_GET`).
///
/// - Source: linux `net/netfilter/nft_compat.c`, `nfnl_compat_get_rcu`.
public struct RevisionQuery: Hashable, Sendable {
    /// `NFPROTO_IPV4` or another.
    public var family: UInt8
    /// A match or a target.
    public var kind: ExtensionKind
    /// What the kernel calls it.
    public var name: String
    /// The revision.
    public var revision: UInt8

    /// A question.
    public init(family: UInt8, kind: ExtensionKind, name: String, revision: UInt8) {
        self.family = family
        self.kind = kind
        self.name = name
        self.revision = revision
    }
}

/// Answers a ``RevisionQuery``: 0 if the kernel has it, else a positive error number.
public typealias RevisionAnswer = @Sendable (RevisionQuery) -> Int32

/// Asks each question once, and hands libxtables' questions on.
final class RevisionCache {
    private let ask: RevisionAnswer
    private var known: [RevisionQuery: Int32] = [:]

    init(_ ask: @escaping RevisionAnswer) {
        self.ask = ask
    }

    func answer(_ query: RevisionQuery) -> Int32 {
        if let answer = known[query] { return answer }
        let answer = ask(query)
        known[query] = answer
        return answer
    }
}
