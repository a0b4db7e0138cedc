import NetlinkProto
import RuleStore

/// The addresses that a rule names: what its conditions compare addresses with, and what it translates them to.
///
/// Which register holds an address is followed through the rule, as the kernel would run it.
struct RuleAddresses {
    /// An address, or a part of one, that a register holds.
    struct Field {
        /// How many bytes the whole address has.
        var bytes: Int
        /// Which bits of it are kept; nil for all.
        var mask: [UInt8]?

        /// The address that `value` is, or the beginning of; nil if it is none.
        func prefix(_ value: [UInt8]) -> AddressPrefix? {
            guard value.count <= bytes else { return nil }
            var length = value.count * 8
            if let mask { length = min(length, mask.leadingOnes) }
            return AddressPrefix(
                value + [UInt8](repeating: 0, count: bytes - value.count), length: length)
        }
    }

    private(set) var found: Set<AddressPrefix> = []
    /// What each comparison, in order, compares; nil for one that is not about an address.
    private(set) var compared: [Field?] = []
    /// Whether all that was found stands in comparisons.
    private(set) var areCompared = true
    /// By the register's first byte in the file of registers.
    private var fields: [Int: Field] = [:]
    private var constants: [Int: [UInt8]] = [:]

    /// Walks a rule.
    init(_ body: RuleBody) {
        for expression in body.expressions { take(expression, body.sets) }
    }

    private mutating func take(_ expression: Expression, _ sets: [AnonymousSet]) {
        switch expression {
        case .payload(let payload): load(payload)
        case .conntrack(let conntrack): load(conntrack)
        case .bitwise(let bitwise): fields[bitwise.source.byte]?.mask = bitwise.mask
        case .compare(let compare):
            let field = fields[compare.source.byte]
            compared.append(field)
            if let prefix = field?.prefix(compare.value) { found.insert(prefix) }
        case .range(let range):
            guard let field = fields[range.source.byte], range.from.count == field.bytes else {
                return
            }
            add(AddressPrefix.covering(range.from, range.to))
        case .lookup(let lookup):
            guard let id = lookup.setID, id >= 1, sets.indices.contains(Int(id) - 1) else { return }
            add(sets[Int(id) - 1], at: lookup.source.byte)
        case .immediate(let immediate):
            guard case .value(let bytes) = immediate.data else { return }
            constants[immediate.destination.byte] = bytes
        case .nat(let nat): addTargets([nat.addressMin, nat.addressMax])
        default: break
        }
    }

    private mutating func load(_ payload: PayloadExpression) {
        guard let register = payload.destination else { return }
        fields[register.byte] = nil
        guard payload.base == .network else { return }
        // The addresses of an IPv4 header stand at 12 and 16, those of an IPv6 header at 8 and 24. A prefix of whole bytes is loaded short.
        switch (payload.offset, payload.length) {
        case (12, 1...4), (16, 1...4): fields[register.byte] = Field(bytes: 4)
        case (8, 1...16), (24, 1...16): fields[register.byte] = Field(bytes: 16)
        case (12, 8):  // source and destination at once
            fields[register.byte] = Field(bytes: 4)
            fields[register.byte + 4] = Field(bytes: 4)
        default: break
        }
    }

    private mutating func load(_ conntrack: ConntrackExpression) {
        guard let register = conntrack.destination else { return }
        switch conntrack.key {
        case .sourceIP, .destinationIP: fields[register.byte] = Field(bytes: 4)
        case .sourceIP6, .destinationIP6: fields[register.byte] = Field(bytes: 16)
        default: fields[register.byte] = nil
        }
    }

    /// Adds addresses that stand elsewhere than in a comparison.
    private mutating func add(_ prefixes: [AddressPrefix]) {
        areCompared = false
        found.formUnion(prefixes)
    }

    /// Adds the elements of a set, at each place of the key where an address stands.
    private mutating func add(_ set: AnonymousSet, at register: Int) {
        let keyLength = Int(set.body.keyLength)
        for (byte, field) in fields {
            let place = byte - register
            guard place >= 0, place + field.bytes <= keyLength else { continue }
            for (from, to) in set.ranges where from.count == keyLength && to.count == keyLength {
                let part = place..<place + field.bytes
                add(AddressPrefix.covering(Array(from[part]), Array(to[part])))
            }
        }
    }

    private mutating func addTargets(_ registers: [Register?]) {
        let ends = registers.compactMap { $0.flatMap { constants[$0.byte] } }
        guard let from = ends.first, let to = ends.last, from.count == 4 || from.count == 16 else {
            return
        }
        add(AddressPrefix.covering(from, to))
    }
}

extension AnonymousSet {
    /// The first and last key of each element, or of each range of elements.
    fileprivate var ranges: [(from: [UInt8], to: [UInt8])] {
        guard body.flags.contains(.interval), body.fieldLengths.isEmpty else {
            return elements.map { ($0.key, $0.keyEnd ?? $0.key) }
        }
        var ranges: [(from: [UInt8], to: [UInt8])] = []
        var start: [UInt8]?
        for element in elements.sorted() {
            if element.flags & SetElement.intervalEnd == 0 {
                start = element.key
            } else if let from = start {
                // The end is the first key behind the range.
                if let to = element.key.predecessor { ranges.append((from, to)) }
                start = nil
            }
        }
        // A range up to the last address has no end.
        if let from = start {
            ranges.append((from, [UInt8](repeating: 255, count: from.count)))
        }
        return ranges
    }
}

extension [UInt8] {
    /// How many bits are set before the first that is not.
    fileprivate var leadingOnes: Int {
        var count = 0
        for byte in self {
            count += (~byte).leadingZeroBitCount
            if byte != 255 { break }
        }
        return count
    }

    /// The number before this one; nil for 0.
    fileprivate var predecessor: [UInt8]? {
        var bytes = self
        for index in bytes.indices.reversed() {
            bytes[index] &-= 1
            if bytes[index] != 255 { return bytes }
        }
        return nil
    }
}

extension Register {
    /// Where the register begins among the 64 bytes of the four registers.
    var byte: Int {
        let number = Int(rawValue)
        return number >= 8 ? (number - 8) * 4 : (number - 1) * 16
    }
}

extension [Change] {
    /// The addresses that stand in rules before or after the changes.
    var addresses: Set<AddressPrefix> {
        var found: Set<AddressPrefix> = []
        var shapes = RuleShapes()
        for change in self where change.object.kind == .rule {
            if let body = change.before?.body { shapes.addAddresses(of: body, to: &found) }
            if let body = change.after?.body { shapes.addAddresses(of: body, to: &found) }
        }
        return found
    }
}

extension EditList {
    /// The addresses that stand in the rules of the edits.
    var addresses: Set<AddressPrefix> {
        var found: Set<AddressPrefix> = []
        var shapes = RuleShapes()
        // Each was read before.
        try? forEach { edit in
            switch edit.operation {
            case .newRule(let rule), .deleteRule(let rule):
                switch rule.body {
                case .stored(let body): shapes.addAddresses(of: body.bytes, to: &found)
                case .unfit(let body, _): found.formUnion(RuleAddresses(body).found)
                }
            default: break
            }
        }
        return found
    }
}
