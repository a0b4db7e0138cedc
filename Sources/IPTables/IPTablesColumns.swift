/// What `iptables -L` shows of one rule, column by column.
public struct IPTablesColumns: Hashable, Sendable {
    /// Packets, shortened with K, M, G or T unless exact.
    public var packets = ""
    /// Bytes, likewise.
    public var bytes = ""
    /// The target or chain; empty for none.
    public var target = ""
    /// The protocol, with `!` or a blank in front.
    public var transport = ""
    /// `--`, `-f` or `!f`.
    public var options = "--"
    /// The interface that a packet came by.
    public var input = ""
    /// The interface that a packet goes out by.
    public var output = ""
    /// The source, with `!` or a blank in front.
    public var source = ""
    /// The destination, with `!` or a blank in front.
    public var destination = ""
    /// `[goto] ` and what the matches and the target say.
    public var extra = ""

    /// No columns.
    public init() {}
}
