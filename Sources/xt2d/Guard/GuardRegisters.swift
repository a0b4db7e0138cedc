import NetlinkProto

/// The registers of the nf_tables machine, as far as their bytes are known.
struct GuardRegisters {
    private static let size = 64
    private var bytes = PartialBytes(unknown: size)
    /// Names and numbers that a register does not hold, by where it begins: those of the loopback device.
    private var excluded: [Int: [UInt8]] = [:]

    /// What a register holds, so many bytes from its start.
    func load(_ register: Register, _ count: Int) -> PartialBytes {
        bytes.slice(register.byte, count)
    }

    /// Fills a register; what is left of its last word becomes zero, as in the kernel.
    mutating func store(_ value: PartialBytes, in register: Register) {
        let start = register.byte
        let padding = (4 - value.count % 4) % 4
        bytes.replace(at: start, with: value)
        bytes.replace(
            at: start + value.count,
            with: PartialBytes([UInt8](repeating: 0, count: padding)))
        excluded = excluded.filter {
            $0.key + $0.value.count <= start || $0.key >= start + value.count
        }
    }

    /// Fills a register with something that is not known, but for what it is not.
    mutating func store(anythingBut excluded: [UInt8], in register: Register) {
        store(PartialBytes(unknown: excluded.count), in: register)
        self.excluded[register.byte] = excluded
    }

    /// Forgets everything.
    mutating func forget() {
        bytes = PartialBytes(unknown: GuardRegisters.size)
        excluded = [:]
    }

    /// Whether a register begins with these bytes.
    func equals(_ register: Register, _ value: [UInt8]) -> Truth {
        equals(register.byte, value)
    }

    /// Whether the bytes from a place on are these.
    func equals(_ start: Int, _ value: [UInt8]) -> Truth {
        for (place, excluded) in excluded {
            let offset = place - start
            guard offset >= 0, offset < value.count else { continue }
            let part = value[offset...].prefix(excluded.count)
            // A shorter value is the beginning of many names, unless its end is in it.
            let isWhole = part.count == excluded.count || part.contains(0)
            if isWhole && excluded.starts(with: part) { return .no }
        }
        return bytes.slice(start, value.count).equals(value)
    }
}
