/// What tells a rule from others, without what it says.
public struct RuleOutline: Hashable, Sendable {
    /// The rule's id.
    public var id: UInt64
    /// The digest of its body, as it is stored.
    public var body: ContentDigest
    /// The digest of the text that it was made of; nil if that is not known.
    public var text: ContentDigest?

    /// A rule.
    public init(id: UInt64, body: ContentDigest, text: ContentDigest? = nil) {
        self.id = id
        self.body = body
        self.text = text
    }
}

/// A part of an outline: the version that it is of, or rules of the chain that came before.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian. RULES holds ``ruleBytes`` for each rule, in
///   order: its id (8), the digest of its body (16) and of its text (16, zeros for none).
/// - Source: `schema/xt2.yaml`, attribute set `outline`.
public struct OutlineMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case version = 1
        case rules = 2
    }

    /// Bytes that a rule takes.
    public static let ruleBytes = 40
    /// How many rules fit into one message.
    public static let rulesPerMessage = 1_600

    /// The version that the outline is of; in the first part.
    public var version: UInt64?
    /// The rules as bytes; nil in a part without rules.
    public var rules: [UInt8]?

    /// A part of an outline.
    public init(version: UInt64? = nil, rules: [UInt8]? = nil) {
        self.version = version
        self.rules = rules
    }

    /// A part of an outline with at most ``rulesPerMessage`` rules.
    public init(_ rules: some Collection<RuleOutline>) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rules.count * OutlineMessage.ruleBytes)
        for rule in rules {
            let text = rule.text ?? ContentDigest(high: 0, low: 0)
            for word in [rule.id, rule.body.high, rule.body.low, text.high, text.low] {
                withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
            }
        }
        self.init(rules: bytes)
    }

    /// The rules, in order.
    ///
    /// - Throws: ``WireError`` if the bytes are not those of whole rules.
    public func outlines() throws(WireError) -> [RuleOutline] {
        guard let rules else { return [] }
        guard rules.count % OutlineMessage.ruleBytes == 0 else {
            throw WireError(.badLength, "\(rules.count) bytes are no whole number of rules")
        }
        let span = rules.span.bytes
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: span.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        return stride(from: 0, to: rules.count, by: OutlineMessage.ruleBytes).map { start in
            let text = ContentDigest(high: word(start + 24), low: word(start + 32))
            return RuleOutline(
                id: word(start),
                body: ContentDigest(high: word(start + 8), low: word(start + 16)),
                text: text.high == 0 && text.low == 0 ? nil : text)
        }
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        self.init()
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .version: version = try attribute.uint64()
            case .rules: rules = attribute.bytes()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let version { writer.attribute(Attribute.version.rawValue, uint64: version) }
        if let rules { writer.attribute(Attribute.rules.rawValue, bytes: rules) }
    }
}
