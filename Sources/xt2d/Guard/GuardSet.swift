import NetlinkProto

/// What a look-up in a set may come to.
struct GuardLookup {
    /// Whether the key is in the set.
    var found: Truth
    /// The elements that it may be.
    var candidates: [SetElement]
}

/// Looks keys up in the elements of a set, as nf_tables would.
struct GuardSet {
    let body: SetBody
    let elements: [SetElement]

    init(body: SetBody, elements: [SetElement]) {
        self.body = body
        self.elements = elements.sorted()
    }

    private static let catchAll: UInt32 = 2

    /// Looks up the key that begins in a register.
    func lookUp(_ register: Register, in registers: GuardRegisters) -> GuardLookup {
        let isInterval = body.flags.contains(.interval) && !body.flags.contains(.concatenation)
        var result =
            isInterval
            ? interval(registers.load(register, Int(body.keyLength)))
            : exact(register, registers)
        guard result.found != .yes,
            let rest = elements.first(where: { $0.flags & GuardSet.catchAll != 0 })
        else { return result }
        result.candidates.append(rest)
        if result.found == .no || !body.flags.contains(.map) { result.found = .yes }
        return result
    }

    private func exact(_ register: Register, _ registers: GuardRegisters) -> GuardLookup {
        var result = GuardLookup(found: .no, candidates: [])
        for element in elements where element.flags & GuardSet.catchAll == 0 {
            let truth =
                element.keyEnd.map { lies(register, registers, element.key, $0) }
                ?? registers.equals(register, element.key)
            if truth == .no { continue }
            if truth == .yes { return GuardLookup(found: .yes, candidates: [element]) }
            result.found = .unknown
            result.candidates.append(element)
        }
        return result
    }

    /// A concatenation lies in a range if each field lies in its own.
    private func lies(
        _ register: Register, _ registers: GuardRegisters, _ from: [UInt8], _ to: [UInt8]
    ) -> Truth {
        let key = registers.load(register, from.count)
        let lengths =
            body.fieldLengths.isEmpty ? [from.count] : body.fieldLengths.map { Int($0) }
        var start = 0
        var truth = Truth.yes
        for length in lengths {
            let end = start + length
            guard end <= from.count, end <= to.count else { return .unknown }
            let field = key.slice(start, length)
            truth = truth.and(
                field.lies(from: Array(from[start..<end]), to: Array(to[start..<end])))
            start += (length + 3) / 4 * 4
        }
        return truth
    }

    /// Ranges stand as their first keys and the first keys behind them.
    private func interval(_ key: PartialBytes) -> GuardLookup {
        var result = GuardLookup(found: .no, candidates: [])
        var start: SetElement?
        for element in elements where element.flags & GuardSet.catchAll == 0 {
            if let start { add(start, key, upTo: element.key, &result) }
            start = element.flags & SetElement.intervalEnd == 0 ? element : nil
        }
        if let start { add(start, key, upTo: nil, &result) }
        return result
    }

    private func add(
        _ start: SetElement, _ key: PartialBytes, upTo end: [UInt8]?, _ result: inout GuardLookup
    ) {
        let truth = key.precedes(start.key).inverted.and(end.map(key.precedes) ?? .yes)
        if truth == .no { return }
        result.candidates.append(start)
        result.found = result.found == .yes || truth == .yes ? .yes : .unknown
    }
}
