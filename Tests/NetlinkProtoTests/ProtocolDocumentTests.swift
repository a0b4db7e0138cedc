import Foundation
import NetlinkProto
import TestSupport
import Testing

/// The bytes printed in `docs/protocol.md` are those that the code writes.
@Suite struct ProtocolDocumentTests {
    private let examples: [String: [UInt8]]
    private let text: String

    init() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        text = try String(
            contentsOf: root.appendingPathComponent("docs/protocol.md"), encoding: .utf8)
        var examples: [String: [UInt8]] = [:]
        for block in text.components(separatedBy: "```hex ").dropFirst() {
            let lines = block.components(separatedBy: "```")[0].split(separator: "\n")
            let digits = lines.dropFirst().map { $0.prefix { $0 != ";" } }.joined()
            examples[String(lines[0])] = Hex.bytes(digits)
        }
        self.examples = examples
    }

    private func expect(_ name: String, _ write: (inout MessageWriter) -> Void) throws {
        var writer = MessageWriter()
        write(&writer)
        let expected = try writer.finish()
        let found = try #require(examples[name])
        #expect(found == expected, "\(name)\n\(Hex.difference(expected, found))")
    }

    private let body = RuleBody(expressions: [
        .counter(CounterExpression()),
        .immediate(ImmediateExpression(destination: .verdict, data: .verdict(.accept))),
    ])

    @Test func theRequestIsWhatTheCodeWrites() throws {
        try expect("begin") {
            BatchOptions(reason: "let them in").writeBegin(sequence: SequenceNumber(1), to: &$0)
        }
        try expect("rule") {
            let header = MessageHeader(
                type: .newRule, flags: [.request, .echo, .create, .append],
                sequence: SequenceNumber(2))
            RuleMessage(family: .inet, table: "filter", chain: "input", body: body)
                .write(header, to: &$0)
        }
        try expect("end") { Batch.end(sequence: SequenceNumber(3), to: &$0) }
    }

    @Test func theReplyIsWhatTheCodeWrites() throws {
        try expect("echo") {
            let header = MessageHeader(type: .newRule, sequence: SequenceNumber(2))
            RuleMessage(
                family: .inet, table: "filter", chain: "input", handle: Handle(7), index: 0,
                kernelHandle: Handle(2), body: body
            ).write(header, to: &$0)
        }
        try expect("version") {
            let header = MessageHeader(type: .newVersion, sequence: SequenceNumber(1))
            VersionMessage(
                version: 5, time: 1_700_000_000_000_000, uid: 0, gid: 0, pid: 4_242,
                process: "xt2", kind: 0, changeCount: 1, reason: "let them in",
                summary: "+1 -0 rules in inet filter input"
            ).write(header, to: &$0)
        }
        let begin = MessageHeader(
            type: .batchBegin, flags: [.request, .acknowledge], sequence: SequenceNumber(1))
        try expect("acknowledgement") {
            Acknowledgement(errno: 0, request: begin).write(to: &$0, port: .kernel)
        }
        var refused = begin
        refused.sequence = SequenceNumber(2)
        try expect("error") {
            Acknowledgement(
                errno: 2, request: refused,
                message: "There is no chain inptu in table inet filter.", offset: 32
            ).write(to: &$0, port: .kernel)
        }
        #expect(examples.count == 7)
    }

    @Test func theOffsetIsThatOfTheChain() throws {
        let rule = try #require(examples["rule"])
        #expect(rule[32...35] == [10, 0, 2, 0], "length 10, CHAIN (2)")
    }

    @Test func everyOperationIsInTheDocument() {
        for type in ControlMessage.types where !type.name.hasPrefix("new-") {
            #expect(text.contains("| \(type.name) | 0x\(String(type.rawValue, radix: 16)) |"))
        }
        for (name, value) in [
            ("INDEX", ExtensionAttribute.index), ("SETS", ExtensionAttribute.sets),
            ("NEW_NAME", ExtensionAttribute.newName), ("ELEMENTS", ExtensionAttribute.elements),
            ("REASON", BatchOptions.Attribute.reason.rawValue),
            ("CANDIDATE", BatchOptions.Attribute.candidate.rawValue),
            ("EXPECTED_HEAD", BatchOptions.Attribute.expectedHead.rawValue),
            ("CONFIRM", BatchOptions.Attribute.confirm.rawValue),
            ("CHECK", BatchOptions.Attribute.check.rawValue),
        ] {
            let number = "0x" + String(value, radix: 16)
            let text = text.replacingOccurrences(of: "\n", with: " ")
            #expect(text.contains("\(name) (\(number)") || text.contains("\(name) \(number)"))
        }
    }

    @Test func limitsAreThoseOfTheCode() {
        #expect(WireLimits.messageBytes == 1 << 20)
        #expect(WireLimits.batchBytes == 512 << 20)
        for number in [
            WireLimits.attributeBytes, WireLimits.nestingDepth, WireLimits.ruleExpressions,
            WireLimits.unknownAttributes, WireLimits.nameBytes, WireLimits.userDataBytes,
            WireLimits.reasonBytes,
        ] {
            let digits = String(number)
            let grouped = digits.count > 3 ? "\(digits.dropLast(3)),\(digits.suffix(3))" : digits
            #expect(text.contains("| \(grouped)"), "\(grouped)")
        }
    }
}
