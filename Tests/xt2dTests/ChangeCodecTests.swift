import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

@Suite struct ChangeCodecTests {
    private func changes() throws -> [Change] {
        var bench = try Workbench.usual()
        var all = try bench.commit {
            $0.append(.tcp(port: 1, comment: "one"), to: "input")
            $0.append(.jump(to: "side"), to: "input")
        }
        let ids = bench.ids("input")
        all += try bench.commit {
            $0.replace(ids[0], in: "input", with: .tcp(port: 2))
            $0.rename("side", to: "other")
            $0.setPolicy(.drop, of: "input")
        }
        all += try bench.commit {
            $0.delete(ids[0], from: "input")
            $0.delete(ids[1], from: "input")
            $0.deleteChain("other")
        }
        return try all + bench.commit { $0.deleteTable() }
    }

    @Test func roundTripOfEachKindOfChange() throws {
        let all = try changes()
        #expect(all.count == 11)
        for change in all {
            #expect(try ChangeCodec.decode(try ChangeCodec.encode(change)) == change)
            #expect(
                try ChangeCodec.decode(try ChangeCodec.encode(change.inverse)) == change.inverse)
        }
    }

    @Test func damagedBytesAreAnErrorAndNoCrash() throws {
        var random = SeededGenerator()
        for change in try changes() {
            let good = try ChangeCodec.encode(change)
            for length in 0..<good.count {
                // A shorter text may still be whole messages; what counts is that it ends.
                _ = try? ChangeCodec.decode(Array(good[..<length]))
            }
            for _ in 0..<200 {
                var bad = good
                bad[Int.random(in: 0..<bad.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
                if let read = try? ChangeCodec.decode(bad) { _ = try? ChangeCodec.encode(read) }
            }
        }
        #expect(throws: WireError.self) { try ChangeCodec.decode([]) }
    }
}
