import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// Which rules may stand in a part of a chain.
@Suite struct ChainExitTests {
    private func mayLeave(_ body: RuleBody, _ family: Family = .inet) throws -> Bool {
        ChainExit(try body.encoded(), family: family) == .mayLeave
    }

    @Test func verdicts() throws {
        let staying: [Verdict] = [.accept, .drop, .queue, .continue, .break, .jump("somewhere")]
        for verdict in staying { #expect(try !mayLeave(.verdict(verdict)), "\(verdict)") }
        let leaving: [Verdict] = [.return, .goto("somewhere"), .other(-6), .other(7)]
        for verdict in leaving { #expect(try mayLeave(.verdict(verdict)), "\(verdict)") }
        #expect(try !mayLeave(.tcp(port: 22)) && !mayLeave(.tcp(port: 22, nil)))
        #expect(try mayLeave(.tcp(port: 22, .return)))
        #expect(try !mayLeave(RuleBody()))
    }

    /// A value that looks like a verdict is none.
    @Test func values() throws {
        let value = ImmediateExpression(
            destination: .r1, data: .value([0xFF, 0xFF, 0xFF, 0xFB]))
        #expect(try !mayLeave(.single(.immediate(value))))
    }

    @Test func maps() throws {
        func lookup(_ destination: Register?) -> RuleBody {
            .single(.lookup(LookupExpression(source: .r1, destination: destination, set: "s")))
        }
        #expect(try !mayLeave(lookup(nil)) && !mayLeave(lookup(.r1)))
        // A map's elements may come later.
        #expect(try mayLeave(lookup(.verdict)))
    }

    @Test func targetsOfExtensions() throws {
        let target = RuleBody.single(
            .compatTarget(
                CompatTargetExpression(
                    name: "mark", revision: 0, info: [UInt8](repeating: 0, count: 8))))
        #expect(try !mayLeave(target, .ip))
        // `--mark-target RETURN`
        #expect(try mayLeave(target, .bridge))
    }

    /// What the kernel keeps for a rule, and nobody can give to another.
    @Test func memories() throws {
        func exit(_ body: RuleBody) throws -> ChainExit {
            ChainExit(try body.encoded(), family: .ip)
        }
        func match(_ name: String) -> RuleBody {
            .single(
                .compatMatch(CompatMatchExpression(name: name, revision: 0, info: [0, 0, 0, 0])))
        }
        for name in ["quota", "limit", "last", "connlimit"] {
            let body = RuleBody.single(.unknown(UnknownExpression(name: name, data: [4, 0, 1, 0])))
            #expect(try exit(body) == .remembers, "\(name)")
        }
        for name in ["quota", "limit", "statistic"] { #expect(try exit(match(name)) == .remembers) }
        #expect(try exit(match("conntrack")) == .stays)
        #expect(try exit(.jump(to: "c")) == .jumps && exit(.tcp(port: 1)) == .stays)
    }

    /// What is not known may do anything.
    @Test func theUnknown() throws {
        let unknown = RuleBody.single(.unknown(UnknownExpression(name: "later", data: nil)))
        #expect(try mayLeave(unknown))
        let limit = try RuleBody.tcp(port: 1).encoded()
        for end in 1..<limit.count where end.isMultiple(of: 4) {
            // Cut short, it is no rule; it must only not be read beyond its end.
            _ = ChainExit(Array(limit[..<end]), family: .inet)
        }
    }

    @Test func namesAndNumbersOfParts() throws {
        #expect(ChainPart(name: "_xt2.17") == ChainPart(number: 17))
        for name in ["_xt2.", "_xt2.0", "_xt2.017", "_xt2.+1", "_xt2.65536", "xt2.1", "_xt2.1 "] {
            #expect(ChainPart(name: name) == nil, "\(name)")
        }
        let (table, other) = (ObjectID(rawValue: 5), ObjectID(rawValue: 6))
        let jump = try #require(ChainPart(number: 65_535).jump(in: table))
        #expect(ChainPart(jump: jump) == ChainPart(number: 65_535))
        #expect(ChainPart.isJump(jump, in: table) && !ChainPart.isJump(jump, in: other))
        #expect(ChainPart(number: 1).jump(in: ObjectID(rawValue: 1 << 46)) == nil)
        #expect(ChainPart(jump: table) == nil && !ChainPart.isJump(table, in: table))
        let place = KernelPlace(Handle(1 << 48 - 1), in: ChainPart(number: 65_535))
        #expect(place.handle == Handle(1 << 48 - 1) && place.part.number == 65_535)
        #expect(KernelPlace(Handle(7)).rawValue == 7)
    }
}
