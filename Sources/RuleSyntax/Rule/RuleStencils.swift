public import NetlinkProto

/// Reads rules, and remembers the forms of those that it read lately: a rule that differs from one of them in single IPv4
/// addresses or ports only is stamped out of the other's bytes.
///
/// Why: the rules of a large file resemble each other, and reading one takes ten times as long.
/// What makes it safe: where an address or port stands in the bytes is found by reading the same rule with two others in its
/// place; what those change elsewhere, or not in one place only, has no stencil.
public struct RuleStencils: Sendable {
    /// A rule that was read.
    public enum Reading: Sendable {
        /// Word by word.
        case body(RuleBody)
        /// Stamped: its encoded body, and a rule of the same form, which has other addresses or ports.
        case stamped([UInt8], like: Example)
    }

    /// A rule that others were stamped like.
    public struct Example: Sendable {
        /// The rule.
        public let body: RuleBody
        /// Whether its bytes, and with them all that are stamped like it, are those of the ``RuleBody/canonical`` form.
        public let isCanonical: Bool

        init(_ body: RuleBody) {
            self.body = body
            isCanonical = body.canonical == body
        }
    }

    private var stencils: [RuleStencil] = []
    private var latest = 0
    private var oldest = 0
    /// The form of the last rule that was read word by word.
    private var previous: RuleForm?

    /// How many are remembered.
    private static let limit = 16

    /// Remembers nothing yet.
    public init() {}

    /// Reads the words of a rule.
    ///
    /// - Throws: as ``RuleText/parse(_:context:)``.
    public mutating func read(
        _ words: [String], context: RuleContext
    ) throws(RuleSyntaxError) -> Reading {
        if let stencil = stencil(for: words, context) {
            if let bytes = stencil.stamp(words) {
                return .stamped(bytes, like: stencil.example)
            }
            return .body(try RuleText.parse(words, context: context).body)
        }
        let body = try RuleText.parse(words, context: context).body
        learn(words, context, body)
        return .body(body)
    }

    private mutating func stencil(for words: [String], _ context: RuleContext) -> RuleStencil? {
        if stencils.indices.contains(latest), stencils[latest].form.fits(words, context) {
            return stencils[latest]
        }
        guard let index = stencils.firstIndex(where: { $0.form.fits(words, context) }) else {
            return nil
        }
        latest = index
        return stencils[index]
    }

    /// Makes a stencil when two rules of one form follow each other.
    private mutating func learn(_ words: [String], _ context: RuleContext, _ body: RuleBody) {
        let form = RuleForm(words, context)
        guard form.hasValues, form == previous else { return previous = form }
        let stencil = RuleStencil(form, words, body)
        if stencils.count < RuleStencils.limit {
            latest = stencils.count
            stencils.append(stencil)
        } else {
            latest = oldest
            stencils[oldest] = stencil
            oldest = (oldest + 1) % RuleStencils.limit
        }
    }
}

/// The words of a rule, with places for single addresses and ports.
private struct RuleForm: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case word([UInt8])
        case address
        case port
    }

    let context: RuleContext
    let parts: [Part]

    private static let addressOptions: Set = [
        "-s", "--source", "--src", "-d", "--destination", "--dst",
    ]
    private static let portOptions: Set = [
        "--sport", "--source-port", "--dport", "--destination-port",
    ]

    init(_ words: [String], _ context: RuleContext) {
        self.context = context
        parts = words.enumerated().map { index, word in
            let option = index > 0 ? words[index - 1] : ""
            if RuleForm.addressOptions.contains(option), PlainNumber.address(word) != nil {
                return .address
            }
            if RuleForm.portOptions.contains(option), PlainNumber.port(word) != nil {
                return .port
            }
            return .word(Array(word.utf8))
        }
    }

    /// Whether a rule of this form can differ from another; in other families addresses mean other things.
    var hasValues: Bool {
        [.ip, .inet].contains(context.family)
            && parts.contains { part in
                if case .word = part { false } else { true }
            }
    }

    /// Whether words have this form, as far as they are no values.
    func fits(_ words: [String], _ context: RuleContext) -> Bool {
        guard words.count == parts.count, context == self.context else { return false }
        for (part, word) in zip(parts, words) {
            guard case .word(let bytes) = part else { continue }
            guard word.utf8.elementsEqual(bytes) else { return false }
        }
        return true
    }

    /// The values in words that fit; nil if one of them is no single address or port.
    func values(in words: [String]) -> [[UInt8]]? {
        var values: [[UInt8]] = []
        for (part, word) in zip(parts, words) {
            switch part {
            case .word: continue
            case .address:
                guard let address = PlainNumber.address(word) else { return nil }
                values.append(address.networkBytes)
            case .port:
                guard let port = PlainNumber.port(word) else { return nil }
                values.append(port.networkBytes)
            }
        }
        return values
    }

    /// The words with other values.
    ///
    /// - Parameter seed: other seeds give values that differ in every byte.
    func words(_ words: [String], seed: UInt8) -> [String] {
        var count: UInt8 = 0
        return zip(parts, words).map { part, word in
            if case .word = part { return word }
            count &+= 1
            let bytes = (0..<4).map { seed &+ 16 &* $0 &+ count }
            return part == .address
                ? bytes.map(String.init).joined(separator: ".")
                : String(UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
        }
    }
}

/// The bytes of a rule, and where the values stand in them.
private final class RuleStencil: Sendable {
    let form: RuleForm
    /// A rule of this form.
    let example: RuleStencils.Example
    /// The bytes of ``example``; nil if the form has no fixed place for each value.
    private let bytes: [UInt8]?
    private let places: [Int]

    init(_ form: RuleForm, _ words: [String], _ body: RuleBody) {
        self.form = form
        example = RuleStencils.Example(body)
        let found = RuleStencil.places(form, words, body)
        bytes = found?.bytes
        places = found?.places ?? []
    }

    /// The bytes of a rule of this form.
    func stamp(_ words: [String]) -> [UInt8]? {
        guard var bytes, let values = form.values(in: words) else { return nil }
        for (place, value) in zip(places, values) {
            for (index, byte) in value.enumerated() { bytes[place + index] = byte }
        }
        return bytes
    }

    private static func places(
        _ form: RuleForm, _ words: [String], _ body: RuleBody
    ) -> (bytes: [UInt8], places: [Int])? {
        guard !body.expressions.contains(where: \.isExtension), let bytes = try? body.encoded(),
            let values = form.values(in: words),
            let one = Sample(form, words, seed: 5), let other = Sample(form, words, seed: 133),
            one.bytes.count == bytes.count, other.bytes.count == bytes.count
        else { return nil }
        var places: [Int] = []
        for (index, value) in values.enumerated() {
            let found = bytes.indices.filter {
                one.has(index, at: $0) && other.has(index, at: $0)
            }
            guard found.count == 1, bytes[found[0]...].starts(with: value) else { return nil }
            places.append(found[0])
        }
        // With the values of the rule itself both must be the rule itself.
        for sample in [one, other] {
            var stamped = sample.bytes
            for (place, value) in zip(places, values) {
                stamped.replaceSubrange(place..<place + value.count, with: value)
            }
            guard stamped == bytes else { return nil }
        }
        return (bytes, places)
    }

    /// The same rule with other values.
    private struct Sample {
        let bytes: [UInt8]
        let values: [[UInt8]]

        init?(_ form: RuleForm, _ words: [String], seed: UInt8) {
            let words = form.words(words, seed: seed)
            guard let values = form.values(in: words),
                let body = try? RuleText.parse(words, context: form.context).body,
                let bytes = try? body.encoded()
            else { return nil }
            self.values = values
            self.bytes = bytes
        }

        func has(_ index: Int, at place: Int) -> Bool {
            bytes[place...].starts(with: values[index])
        }
    }
}

/// Numbers in their plainest form.
private enum PlainNumber {
    /// A port from 0 to 65535, without leading zeros.
    static func port(_ word: String) -> UInt16? {
        number(word.utf8[...]).flatMap(UInt16.init(exactly:))
    }

    /// Four numbers from 0 to 255 with dots between them; `/32` may follow, as in what `save` prints.
    static func address(_ word: String) -> UInt32? {
        var rest = word.utf8[...]
        if word.utf8.count > 3, rest.suffix(3).elementsEqual("/32".utf8) { rest = rest.dropLast(3) }
        var address: UInt32 = 0
        for place in 0..<4 {
            let end = place == 3 ? rest.endIndex : rest.firstIndex(of: UInt8(ascii: "."))
            guard let end, let byte = number(rest[..<end]), byte <= 255 else { return nil }
            address = address << 8 | byte
            rest = rest[end...].dropFirst()
        }
        return address
    }

    /// A number of at most five digits, without leading zeros.
    private static func number(_ digits: Substring.UTF8View) -> UInt32? {
        guard (1...5).contains(digits.count), digits.first != UInt8(ascii: "0") || digits.count == 1
        else { return nil }
        var number: UInt32 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + UInt32(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
