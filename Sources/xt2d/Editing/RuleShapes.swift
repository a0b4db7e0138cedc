import Glibc
import NetlinkProto
import RuleStore

/// The shapes of rules that were read lately: what is known of a body by its shape needs no reading.
///
/// Why: most rules of a large ruleset differ from their neighbours in an address or a port only, and reading one takes
/// twenty times as long as comparing it with one that was read.
struct RuleShapes {
    private var shapes: [RuleShape] = []
    /// The one that was found last: the next rule is likely to have it too.
    private var latest = 0
    /// The one that makes place next.
    private var oldest = 0

    /// How many are remembered.
    private static let limit = 16

    /// The shape of canonical bytes; nil if it is not known.
    mutating func shape(of body: ArraySlice<UInt8>) -> RuleShape? {
        if shapes.indices.contains(latest), shapes[latest].fits(body) { return shapes[latest] }
        guard let index = shapes.firstIndex(where: { $0.fits(body) }) else { return nil }
        latest = index
        return shapes[index]
    }

    /// Remembers the shape of a rule, if what it compares with can be exchanged.
    ///
    /// - Parameter bytes: the canonical bytes of `body`.
    @discardableResult
    mutating func learn(_ bytes: [UInt8], _ body: RuleBody) -> RuleShape? {
        guard let shape = RuleShape(bytes, body) else { return nil }
        if shapes.count < RuleShapes.limit {
            latest = shapes.count
            shapes.append(shape)
        } else {
            latest = oldest
            shapes[oldest] = shape
            oldest = (oldest + 1) % RuleShapes.limit
        }
        return shape
    }

    /// Adds the addresses that a stored rule names.
    mutating func addAddresses(of bytes: [UInt8], to found: inout Set<AddressPrefix>) {
        if let shape = shape(of: bytes[...]), shape.addAddresses(of: bytes, to: &found) { return }
        guard let body = try? RuleBody(encoded: bytes) else { return }
        learn(bytes, body)
        found.formUnion(RuleAddresses(body).found)
    }
}

/// A canonical rule of which only the values that it compares with are left open.
///
/// Whatever they are, the bytes stay canonical, the rule's jumps and demands stay the same, and so does where its addresses are.
/// Rules with xt extensions have none: what the kernel is told of their protocol follows from a comparison.
final class RuleShape: Sendable {
    private let bytes: [UInt8]
    /// Where the values stand, in order.
    private let holes: [Range<Int>]
    /// What each value is compared with, if that is an address; nil where addresses stand elsewhere too.
    private let addresses: [RuleAddresses.Field?]?

    /// The shape of a rule; nil if it has none.
    ///
    /// - Parameter bytes: the canonical bytes of `body`.
    init?(_ bytes: [UInt8], _ body: RuleBody) {
        guard !body.expressions.contains(where: \.isExtension),
            let holes = try? RuleShape.holes(in: bytes)
        else { return nil }
        let addresses = RuleAddresses(body)
        self.bytes = bytes
        self.holes = holes
        self.addresses =
            addresses.areCompared && addresses.compared.count == holes.count
            ? addresses.compared : nil
    }

    /// Whether `body` differs in nothing but the values.
    func fits(_ body: ArraySlice<UInt8>) -> Bool {
        guard body.count == bytes.count else { return false }
        return body.withUnsafeBytes { body in
            bytes.withUnsafeBytes { own in
                guard let body = body.baseAddress, let own = own.baseAddress else { return true }
                var start = 0
                for hole in holes {
                    guard memcmp(body + start, own + start, hole.lowerBound - start) == 0 else {
                        return false
                    }
                    start = hole.upperBound
                }
                return memcmp(body + start, own + start, bytes.count - start) == 0
            }
        }
    }

    /// Adds the addresses of a rule that fits; false if they have to be looked for.
    func addAddresses(of body: [UInt8], to found: inout Set<AddressPrefix>) -> Bool {
        guard let addresses else { return false }
        for (hole, field) in zip(holes, addresses) {
            if let prefix = field?.prefix(Array(body[hole])) { found.insert(prefix) }
        }
        return true
    }

    /// Where the values of comparisons stand in a body.
    private static func holes(in bytes: [UInt8]) throws(WireError) -> [Range<Int>] {
        var holes: [Range<Int>] = []
        var attributes = AttributeReader(bytes.span.bytes)
        while let attribute = try attributes.next() {
            guard attribute.type == 4 else { continue }  // NFTA_RULE_EXPRESSIONS
            var list = try attribute.nested()
            while let element = try list.next() {
                var parts = try element.nested()
                // A canonical expression has its name first.
                guard let name = try parts.next(), name.hasText(CompareExpression.name),
                    let data = try parts.next()
                else { continue }
                try addHole(in: try data.nested(), to: &holes)
            }
        }
        return holes
    }

    private static func addHole(
        in comparison: consuming AttributeReader, to holes: inout [Range<Int>]
    ) throws(WireError) {
        while let attribute = try comparison.next() {
            guard attribute.type == 3 else { continue }  // NFTA_CMP_DATA
            var data = try attribute.nested()
            guard let value = try data.next() else { continue }
            let start = value.offset + WireLimits.attributeHeaderBytes
            holes.append(start..<start + value.payload.byteCount)
        }
    }
}
