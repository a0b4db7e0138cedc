import NetlinkProto
import TestSupport
import Testing

/// Each limit of ``WireLimits``, at it and one beyond.
///
/// Frames, depth, attributes and reasons are
/// tried where they are read.
@Suite struct LimitTests {
    private func rule(_ count: Int) throws -> [UInt8] {
        let expressions = [Expression](repeating: .notrack, count: count)
        return try RuleBody(expressions: expressions).encoded()
    }

    @Test func aRuleHas128Expressions() throws {
        let most = try rule(WireLimits.ruleExpressions)
        #expect(try RuleBody(encoded: most).expressions.count == 128)
        let more = try rule(WireLimits.ruleExpressions + 1)
        do throws(WireError) {
            _ = try RuleBody(encoded: more)
            Issue.record("129 expressions were read")
        } catch {
            #expect(error.code == .tooLarge)
        }
    }

    @Test func aNameHas255Bytes() throws {
        func table(_ count: Int) throws -> TypedMessage {
            let name = String(repeating: "n", count: count)
            let message = TypedMessage.table(TableMessage(family: .ip, name: name))
            let bytes = try #require(try message.encoded(MessageHeader(type: .newTable)))
            return try TypedMessage(bytes)
        }
        #expect(throws: Never.self) { try table(WireLimits.nameBytes) }
        #expect(throws: WireError.self) { try table(WireLimits.nameBytes + 1) }
    }

    @Test func aDeviceNameHas15Bytes() throws {
        func chain(_ count: Int) throws -> ChainBody {
            let devices = [String(repeating: "d", count: count)]
            let body = ChainBody(hook: Hook(number: 0, priority: 0, devices: devices))
            return try ChainBody(encoded: try body.encoded())
        }
        #expect(throws: Never.self) { try chain(15) }
        #expect(throws: WireError.self) { try chain(16) }
    }

    @Test func userdataHas256Bytes() throws {
        func encoded(_ values: Int...) throws -> Int {
            try UserData(
                entries: values.map {
                    UserData.Entry(type: 1, value: [UInt8](repeating: 0, count: $0))
                }
            ).encoded().count
        }
        #expect(try encoded(252, 0) == 256)
        #expect(throws: WireError.self) { try encoded(253, 0) }
        #expect(try encoded(254) == 256)
        #expect(throws: WireError.self) { try encoded(256) }
    }

    @Test func damagedUserdataIsRefused() {
        #expect(throws: WireError.self) { try UserData([0]) }
        #expect(throws: WireError.self) { try UserData([0, 1]) }
        #expect(throws: WireError.self) { try UserData([0, 0, 0, 2, 9]) }
        #expect(throws: Never.self) { try UserData([]) }
    }

    @Test func commentAndIdentityStandBesideOthers() throws {
        var data = try UserData([5, 1, 9])
        data.comment = "note"
        data.identity = [0, 0, 0, 0, 0, 0, 0, 7]
        #expect(
            Hex.text(try data.encoded()) == "0005" + "6e6f746500" + "050109" + "7808"
                + "0000000000000007")
        data.comment = "other"
        data.identity = nil
        #expect(try UserData(try data.encoded()).comment == "other")
        data.comment = nil
        #expect(try data.encoded() == [5, 1, 9])
    }
}
