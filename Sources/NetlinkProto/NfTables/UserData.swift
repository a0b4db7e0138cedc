/// What nf_tables keeps for its users beside an object: type-length-value triples.
///
/// Type 0 is the comment, which `nft list` shows. xt2 adds a triple of its own to rules, which nft
/// passes over.
/// - Shape: each triple is type (1), length (1), value. Limits: ``WireLimits/userDataBytes`` in
///   all.
/// - Source: libnftnl `include/libnftnl/udata.h`; nftables `src/netlink.c`, which calls anything
///   else unparsable.
public struct UserData: Hashable, Sendable {
    /// One triple.
    public struct Entry: Hashable, Sendable {
        /// What the value is.
        public var type: UInt8
        /// At most 255 bytes.
        public var value: [UInt8]

        /// A triple.
        public init(type: UInt8, value: [UInt8]) {
            self.type = type
            self.value = value
        }
    }

    /// The triples, in order.
    public var entries: [Entry]

    /// `NFTNL_UDATA_RULE_COMMENT` and its like for other objects: zero-terminated text.
    public static let commentType: UInt8 = 0
    /// xt2's own triple: a rule id (8 bytes, big-endian) in a rule; UUID (16) and version (8) in
    /// the marker.
    public static let identityType: UInt8 = 0x78

    /// Userdata made of these triples.
    public init(entries: [Entry] = []) {
        self.entries = entries
    }

    /// Reads triples.
    ///
    /// - Throws: ``WireError/Code/badLength`` if a triple ends behind the bytes. Foreign userdata
    ///   may do so; keep it raw then.
    public init(_ bytes: [UInt8]) throws(WireError) {
        entries = []
        var rest = bytes[...]
        while let type = rest.popFirst() {
            guard let length = rest.popFirst(), rest.count >= Int(length) else {
                throw WireError(.badLength, "userdata ends inside of a triple")
            }
            entries.append(Entry(type: type, value: Array(rest.prefix(Int(length)))))
            rest = rest.dropFirst(Int(length))
        }
    }

    /// The triples as bytes.
    ///
    /// - Throws: ``WireError/Code/tooLarge`` past ``WireLimits/userDataBytes``, or for a value over
    ///   255 bytes.
    public func encoded() throws(WireError) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            guard let length = UInt8(exactly: entry.value.count) else {
                throw WireError(.tooLarge, "a userdata value of \(entry.value.count) bytes")
            }
            bytes.append(entry.type)
            bytes.append(length)
            bytes.append(contentsOf: entry.value)
        }
        guard bytes.count <= WireLimits.userDataBytes else {
            throw WireError(
                .tooLarge, "userdata of \(bytes.count) bytes; \(WireLimits.userDataBytes) fit")
        }
        return bytes
    }

    /// The comment that nft shows, or nil.
    public var comment: String? {
        get {
            entries.first { $0.type == UserData.commentType }
                .map { String(decoding: $0.value.prefix { $0 != 0 }, as: UTF8.self) }
        }
        set {
            entries.removeAll { $0.type == UserData.commentType }
            guard let newValue else { return }
            entries.insert(
                Entry(type: UserData.commentType, value: Array(newValue.utf8) + [0]), at: 0)
        }
    }

    /// The value of xt2's own triple, or nil.
    public var identity: [UInt8]? {
        get { entries.first { $0.type == UserData.identityType }?.value }
        set {
            entries.removeAll { $0.type == UserData.identityType }
            guard let newValue else { return }
            entries.append(Entry(type: UserData.identityType, value: newValue))
        }
    }
}
