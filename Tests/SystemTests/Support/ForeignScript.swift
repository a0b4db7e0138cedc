import TestSupport

/// Random things that an administrator does with nft to the table `ip t`, with all kinds of objects.
struct ForeignScript {
    private struct State {
        var chains = ["c"]
        var sets: [String] = []
        var maps: [String] = []
        var counters: [String] = []
        var next = 0
    }

    private var state = State()
    private var before = State()

    /// A few lines for one batch.
    mutating func next(_ generator: inout SeededGenerator) -> [String] {
        before = state
        return (0..<Int.random(in: 1...6, using: &generator)).map { _ in line(&generator) }
    }

    /// nft refused the last lines, as it may: nothing of them has happened.
    mutating func revert() { state = before }

    private mutating func name(_ prefix: String) -> String {
        state.next += 1
        return "\(prefix)\(state.next)"
    }

    private mutating func line(_ generator: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<20, using: &generator) {
        case 0:
            let chain = name("chain")
            state.chains.append(chain)
            return "add chain ip t \(chain)"
        case 1:
            let set = name("set")
            state.sets.append(set)
            let flags = Bool.random(using: &generator) ? "flags interval; " : ""
            return "add set ip t \(set) { type ipv4_addr; \(flags)comment \"a set\"; }"
        case 2:
            let map = name("map")
            state.maps.append(map)
            return "add map ip t \(map) { type inet_service : verdict; }"
        case 3:
            let counter = name("counter")
            state.counters.append(counter)
            return "add counter ip t \(counter)"
        case 4, 5, 6:
            guard let set = state.sets.randomElement(using: &generator) else { fallthrough }
            let address = "10.0.\(byte(&generator)).0"
            let verb = Int.random(in: 0..<4, using: &generator) == 0 ? "delete" : "add"
            return "\(verb) element ip t \(set) { \(address) }"
        case 7:
            guard let map = state.maps.randomElement(using: &generator) else { fallthrough }
            let target = Bool.random(using: &generator) ? "accept" : "jump \(chain(&generator))"
            return "add element ip t \(map) { \(byte(&generator)) : \(target) }"
        case 8:
            let chain = chain(&generator)
            if chain != "c" { state.chains.removeAll { $0 == chain } }
            return chain == "c" ? "flush chain ip t c" : "delete chain ip t \(chain)"
        case 9:
            guard let set = state.sets.randomElement(using: &generator) else { fallthrough }
            return "flush set ip t \(set)"
        case 10:
            guard let set = state.sets.randomElement(using: &generator) else { fallthrough }
            state.sets.removeAll { $0 == set }
            return "delete set ip t \(set)"
        case 11:
            return "flush chain ip t \(chain(&generator))"
        case 12:
            let old = chain(&generator)
            guard old != "c" else { fallthrough }
            let new = name("renamed")
            state.chains.removeAll { $0 == old }
            state.chains.append(new)
            return "rename chain ip t \(old) \(new)"
        default:
            let verb = Bool.random(using: &generator) ? "add" : "insert"
            return "\(verb) rule ip t \(chain(&generator)) \(rule(&generator))"
        }
    }

    private func byte(_ generator: inout SeededGenerator) -> Int {
        Int.random(in: 1...250, using: &generator)
    }

    private func chain(_ generator: inout SeededGenerator) -> String {
        state.chains.randomElement(using: &generator) ?? "c"
    }

    private func rule(_ generator: inout SeededGenerator) -> String {
        let number = byte(&generator)
        var choices = [
            "ip saddr 192.0.2.\(number) counter drop comment \"n\(number)\"",
            "tcp dport { 22, \(number + 100) } accept",
            "udp dport vmap { 53 : accept, \(number + 100) : drop }",
            "meta mark set \(number)", "limit rate \(number)/second accept",
            "ct state established,related accept", "numgen inc mod \(number + 1) 0 drop",
            "tcp dport \(number) jump { ip saddr 10.0.0.\(number) accept; counter drop; }",
            "udp sport \(number) goto { tcp dport { 1, 2 } counter drop; accept; }",
            "jump \(chain(&generator))", "log prefix \"p\(number) \" level debug",
            "ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.\(number) . 80 } drop",
        ]
        if let set = state.sets.randomElement(using: &generator) {
            choices.append("ip daddr @\(set) counter drop")
        }
        if let map = state.maps.randomElement(using: &generator) {
            choices.append("tcp dport vmap @\(map)")
        }
        if let counter = state.counters.randomElement(using: &generator) {
            choices.append("tcp sport \(number) counter name \(counter)")
        }
        return choices.randomElement(using: &generator) ?? "accept"
    }
}
