import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// A rule that is stamped out of another's bytes must be the rule that reading it word by word gives.
@Suite struct RuleStencilTests {
    private static let context = RuleContext(family: .ip, table: "filter", chain: "INPUT")

    private func bytes(
        _ words: [String], _ stencils: inout RuleStencils, _ context: RuleContext
    ) throws -> [UInt8] {
        switch try stencils.read(words, context: context) {
        case .body(let body): try body.encoded()
        case .stamped(let bytes, _): bytes
        }
    }

    private func expectSame(
        _ words: [String], _ stencils: inout RuleStencils,
        _ context: RuleContext = RuleStencilTests.context
    ) throws {
        let oracle = Result { try RuleText.parse(words, context: context).body.encoded() }
        switch oracle {
        case .success(let wanted):
            #expect(try bytes(words, &stencils, context) == wanted, "\(words)")
        case .failure(let wanted):
            let error = #expect(throws: RuleSyntaxError.self, "\(words)") {
                try stencils.read(words, context: context)
            }
            #expect(error == wanted as? RuleSyntaxError)
        }
    }

    private func address(_ generator: inout SeededGenerator) -> String {
        let text = generator.bytes(4).map(String.init).joined(separator: ".")
        return switch Int.random(in: 0..<10, using: &generator) {
        case 0: text + "/24"
        case 1: text + "/32"
        case 2: "0.0.0.0"
        case 3: "0.0.0.0/0"
        case 4: text + "," + "10.0.0.1"
        case 5:
            ["1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "::1", "host"].randomElement() ?? ""
        default: text
        }
    }

    private func port(_ generator: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: "\(UInt16.random(in: 0...9, using: &generator)):65535"
        case 1:
            ["65536", "022", "http", "ssh", ":80", "-1", ""].randomElement(using: &generator) ?? ""
        case 2: "0"
        default: "\(UInt16.random(in: .min ... .max, using: &generator))"
        }
    }

    /// Rules with places that are filled in anew each time.
    @Test func randomRules() throws {
        let forms = [
            "-s A -j ACCEPT", "! -s A -j DROP", "-d A -s A -p tcp --dport P -j ACCEPT",
            "-p udp --sport P --dport P -j DROP", "-p tcp ! --sport P -j RETURN",
            "-s A -p tcp -m tcp --dport P -m comment --comment -s -j ACCEPT",
            "-s A -m conntrack --ctstate NEW -j LOG --log-prefix x",
            "-s A -p tcp -j DNAT --to-destination 10.0.0.1:80",
            "-p tcp -m multiport --dports 80,443 -s A -j ACCEPT", "--dport P -p tcp -j ACCEPT",
            "-p icmp -s A -j web", "-s A -d A -j side", "-p tcp --dport P",
            "-p sctp --dport P -j DROP",
            "-s A --no-counter -j ACCEPT", "--as-written -p tcp --dport P -s A -j ACCEPT",
            "-s A -s A -j DROP", "-p tcp --dport P --dport P", "-s", "-p tcp --dport",
        ].map { $0.split(separator: " ").map(String.init) }
        var generator = SeededGenerator()
        var stencils = RuleStencils()
        for _ in 0..<400 {
            let form = forms.randomElement(using: &generator) ?? []
            let family: Family =
                [.ip, .inet, .ip6, .bridge].randomElement(using: &generator) ?? .ip
            var context = RuleStencilTests.context
            context.family = family
            // Rules of one form follow each other: only then a stencil is made.
            for _ in 0..<6 {
                let words = form.map { word in
                    switch word {
                    case "A": address(&generator)
                    case "P": port(&generator)
                    default: word
                    }
                }
                try expectSame(words, &stencils, context)
            }
        }
    }

    @Test func rulesOfOneFormAreStamped() throws {
        var stencils = RuleStencils()
        for number in 0..<5 {
            let words = [
                "-s", "10.1.2.\(number)" + (number % 2 == 0 ? "/32" : ""), "-p", "tcp", "--dport",
                "\(number)", "-j", "DROP",
            ]
            let wanted = try RuleText.parse(words, context: RuleStencilTests.context).body
            switch try stencils.read(words, context: RuleStencilTests.context) {
            case .body(let body): #expect(number < 2 && body == wanted)
            case .stamped(let bytes, _): #expect(try number >= 2 && bytes == wanted.encoded())
            }
        }
    }

    /// Text that reads the same and is not: names and comments are bytes.
    @Test func wordsAreComparedByTheirBytes() throws {
        var stencils = RuleStencils()
        for comment in ["caf\u{E9}", "caf\u{E9}", "caf\u{E9}", "cafe\u{301}"] {
            try expectSame(
                ["-s", "10.0.0.1", "-m", "comment", "--comment", comment, "-j", "DROP"], &stencils)
        }
    }
}
