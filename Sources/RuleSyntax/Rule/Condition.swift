import NetlinkProto

/// A value that an expression loads into a register.
enum Selector: Hashable, Sendable {
    case payload(PayloadExpression.Base, offset: UInt32, length: UInt32)
    case meta(MetaExpression.Key)
    case conntrack(ConntrackExpression.Key, direction: UInt8?)
    case fib(FibExpression.Flags, FibExpression.Result)
    case extensionHeader(
        ExtensionHeaderExpression.Operation, type: UInt8, offset: UInt32, length: UInt32,
        flags: UInt32)

    /// The expression that loads the value, and the register that it is loaded into.
    init?(loading expression: Expression, into register: inout Register) {
        switch expression {
        case .payload(let load):
            guard let destination = load.destination, load.source == nil else { return nil }
            register = destination
            self = .payload(load.base, offset: load.offset, length: load.length)
        case .meta(let load):
            guard let destination = load.destination, load.source == nil else { return nil }
            register = destination
            self = .meta(load.key)
        case .conntrack(let load):
            guard let destination = load.destination, load.source == nil else { return nil }
            register = destination
            self = .conntrack(load.key, direction: load.direction)
        case .fib(let load):
            register = load.destination
            self = .fib(load.flags, load.result)
        case .extensionHeader(let load):
            guard let destination = load.destination, load.source == nil else { return nil }
            register = destination
            self = .extensionHeader(
                load.operation, type: load.type, offset: load.offset, length: load.length,
                flags: load.flags)
        default: return nil
        }
    }

    /// How many words of four bytes the value takes in a concatenation.
    var wordCount: Int {
        switch self {
        case .payload(_, _, let length), .extensionHeader(_, _, _, let length, _):
            Int(length + 3) / 4
        default: 1
        }
    }

    /// The expression that loads the value.
    func load(into register: Register) -> Expression {
        switch self {
        case .payload(let base, let offset, let length):
            .payload(
                PayloadExpression(
                    destination: register, base: base, offset: offset, length: length))
        case .meta(let key): .meta(MetaExpression(key: key, destination: register))
        case .conntrack(let key, let direction):
            .conntrack(
                ConntrackExpression(key: key, destination: register, direction: direction))
        case .fib(let flags, let result):
            .fib(FibExpression(flags: flags, result: result, destination: register))
        case .extensionHeader(let operation, let type, let offset, let length, let flags):
            .extensionHeader(
                ExtensionHeaderExpression(
                    destination: register, type: type, offset: offset, length: length,
                    operation: operation, flags: flags))
        }
    }
}

/// What a rule asks of a packet: a value, perhaps masked, and what it must be.
///
/// Both directions go through it: text becomes conditions and conditions become expressions, and back.
struct Condition: Hashable, Sendable {
    /// What is looked at; more than one for a concatenation.
    var selectors: [Selector]
    /// The bits that are looked at; nil for all.
    var mask: [UInt8]?
    /// Whether a number in host order is first turned to network order, as comparing by size needs.
    var isTurned: Bool
    /// What it must be.
    var test: Test

    enum Test: Hashable, Sendable {
        /// Equal, not equal, less, …
        case compare(CompareExpression.Operation, [UInt8])
        /// Inside of, or outside of, two bounds that belong to the range.
        case range([UInt8], [UInt8], inverted: Bool)
        /// In, or not in, a set that belongs to the rule.
        case set(AnonymousSet, inverted: Bool)
    }

    init(_ selectors: [Selector], mask: [UInt8]? = nil, isTurned: Bool = false, _ test: Test) {
        self.selectors = selectors
        self.mask = mask
        self.isTurned = isTurned
        self.test = test
    }

    /// `selector` equals, or does not equal, `value`.
    init(_ selector: Selector, equals value: [UInt8], mask: [UInt8]? = nil, negated: Bool = false) {
        self.init([selector], mask: mask, .compare(negated ? .notEqual : .equal, value))
    }

    /// Any, or none, of `bits` is set in the four-byte number `selector`.
    init(_ selector: Selector, hasAnyOf bits: UInt32, negated: Bool) {
        self.init(
            [selector], mask: bits.hostBytes,
            .compare(negated ? .equal : .notEqual, [0, 0, 0, 0]))
    }

    /// The only selector, unless this is a concatenation.
    var selector: Selector? { selectors.count == 1 ? selectors[0] : nil }

    /// What it must, or must not, be equal to; nil for any other test and for numbers that were turned.
    var equality: (value: [UInt8], negated: Bool)? {
        guard !isTurned, case .compare(let operation, let value) = test else { return nil }
        switch operation {
        case .equal: return (value, false)
        case .notEqual: return (value, true)
        default: return nil
        }
    }

    /// The bits of a test for any, or none, of several.
    var anyBits: (bits: UInt32, negated: Bool)? {
        guard let mask, mask.count == 4, let equality, equality.value == [0, 0, 0, 0] else {
            return nil
        }
        return (UInt32(hostBytes: mask), !equality.negated)
    }
}

/// One step of a rule in front of its counter.
enum Item: Hashable, Sendable {
    case condition(Condition)
    case expression(Expression)

    /// The condition, if it is one.
    var condition: Condition? {
        if case .condition(let condition) = self { condition } else { nil }
    }
}
