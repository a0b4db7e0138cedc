import TestSupport

/// A grammar of rule lines: text with `[maybe]`, `(one|of|these)`, `{kind}` for a value of a kind, and `~` for `! ` or nothing.
struct LineGrammar {
    private var generator: SeededGenerator
    private let isIPv6: Bool

    init(seed: UInt64, isIPv6: Bool) {
        generator = SeededGenerator(seed: seed)
        self.isIPv6 = isIPv6
    }

    /// A line of the grammar.
    mutating func line(_ template: String) -> String {
        var rest = template[...]
        let text = sequence(&rest, isChosen: true)
        return text.split(separator: " ").joined(separator: " ")
    }

    private mutating func sequence(_ rest: inout Substring, isChosen: Bool) -> String {
        var text = ""
        while let first = rest.popFirst() {
            switch first {
            case "]", ")", "|":
                rest = (String(first) + rest)[...]
                return text
            case "[":
                let isTaken = generator.next(upperBound: 2 as UInt64) == 0
                let part = sequence(&rest, isChosen: isChosen && isTaken)
                _ = rest.popFirst()
                if isTaken { text += part }
            case "(": text += choice(&rest)
            case "{":
                let kind = String(rest.prefix { $0 != "}" })
                rest = rest.dropFirst(kind.count + 1)
                text += value(kind)
            case "~": text += generator.next(upperBound: 4 as UInt64) == 0 ? "! " : ""
            default: text.append(first)
            }
        }
        return text
    }

    private mutating func choice(_ rest: inout Substring) -> String {
        var parts: [String] = []
        while true {
            parts.append(sequence(&rest, isChosen: true))
            if rest.popFirst() != "|" { break }
        }
        return pick(parts)
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(generator.next(upperBound: UInt64(elements.count)))]
    }

    private mutating func number(_ range: ClosedRange<UInt64>) -> UInt64 {
        let edge = generator.next(upperBound: 6 as UInt64)
        if edge == 0 { return range.lowerBound }
        if edge == 1 { return range.upperBound }
        return range.lowerBound
            + generator.next(upperBound: range.upperBound - range.lowerBound + 1)
    }

    private mutating func hex(_ range: ClosedRange<UInt64>) -> String {
        "0x" + String(number(range), radix: 16)
    }

    private mutating func range(_ range: ClosedRange<UInt64>, _ mark: String) -> String {
        let (first, second) = (number(range), number(range))
        return "\(min(first, second))\(mark)\(max(first, second))"
    }

    private mutating func value(_ kind: String) -> String {
        switch kind {
        case "u8": return "\(number(0...255))"
        case "u16": return "\(number(0...65_535))"
        case "u32": return "\(number(0...4_294_967_295))"
        case "small": return "\(number(1...30))"
        case "x32": return hex(0...0xFFFF_FFFF)
        case "mark":
            return hex(0...0xFFFF_FFFF)
                + (generator.next(upperBound: 2 as UInt64) == 0 ? "" : "/" + hex(1...0xFFFF_FFFF))
        case "port": return "\(number(1...65_535))"
        case "ports":
            return pick([
                "\(number(0...65_535))", range(0...65_535, ":"), ":\(number(0...65_535))",
                "\(number(0...65_535)):",
            ])
        case "portlist":
            return (0...generator.next(upperBound: 6 as UInt64)).map { _ in "\(number(1...65_535))"
            }.joined(separator: ",")
        case "range8": return range(0...255, ":")
        case "range16": return range(0...65_535, ":")
        case "range32": return range(0...4_294_967_295, ":")
        case "dashports": return range(1...65_535, "-")
        case "rate":
            return "\(number(1...10_000))/"
                + pick(["sec", "s", "second", "min", "minute", "hour", "day"])
        case "address": return address(isNetwork: false)
        case "network": return address(isNetwork: true)
        case "range-address":
            return isIPv6
                ? "2001:db8::1-2001:db8::ff"
                : "10.0.0.\(number(1...100))-10.0.0.\(number(101...255))"
        case "interface":
            return pick(["eth0", "lo", "eth+", "br-lan", "wlan0.12", "a", "veth123456789ab", "+"])
        case "name":
            return pick(["a", "foo", "web_in", "x-1", "list.2", "zone9"]) + "\(number(0...99))"
        case "mac":
            return (0..<6).map { _ in String(number(0...255) | 0x100, radix: 16).dropFirst() }
                .joined(separator: ":")
        case "text":
            return pick([
                "hello", "\"two words\"", "\"a \\\"quote\\\"\"", "\"$HOME `ls`\"", "ümläut",
                "\"it's\"",
            ])
        case "bracketed": return "[2001:db8::1]"
        case "hexstring": return pick(["\"|00 ff 0a|abc\"", "\"|41|\"", "\"a|20|b\""])
        case "prefix": return pick(["in:", "\"drop it: \"", "x", "\"[fw] \""])
        case "proto":
            return pick([
                "tcp", "udp", "6", "17", "sctp", "udplite", "esp", "ah", "gre", "255", "all",
            ])
        case "states": return some(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"])
        case "ctstates":
            return some(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "DNAT"])
        case "flags": return some(["SYN", "ACK", "FIN", "RST", "URG", "PSH"])
        // Never all: with ! that leaves no day, for which libxt_time writes a text that nobody can read back, iptables neither.
        case "days": return some(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"])
        case "modes": return some(["srcip", "dstip", "srcport", "dstport"])
        case "types": return some(["LOCAL", "UNICAST", "BROADCAST", "ANYCAST", "MULTICAST"])
        case "dscp": return pick(["CS0", "CS7", "AF11", "AF43", "EF", "BE"])
        case "double": return pick(["0.0", "0.5", "1.0", "0.1000000000", "0.33"])
        default: return "{\(kind)}"
        }
    }

    private mutating func some(_ words: [String]) -> String {
        let chosen = words.filter { _ in generator.next(upperBound: 2 as UInt64) == 0 }
        return chosen.isEmpty ? words[0] : chosen.joined(separator: ",")
    }

    private mutating func address(isNetwork: Bool) -> String {
        if isIPv6 {
            let text = pick([
                "2001:db8::1", "fe80::1:2", "::1", "ff02::1", "2001:db8:0:1::", "1:2:3:4:5:6:7:8",
            ])
            return isNetwork
                ? text + pick(["", "/64", "/128", "/1", "/33", "/0", "/ffff:0:ffff::"]) : text
        }
        let text = (0..<4).map { _ in "\(number(0...255))" }.joined(separator: ".")
        return isNetwork
            ? text + pick(["", "/8", "/16", "/24", "/32", "/1", "/19", "/255.0.255.0", "/0"]) : text
    }
}
