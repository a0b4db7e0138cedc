import Glibc
import Testing

@testable import xt2

@Suite struct MomentTests {
    /// One zone for the whole test process, with summer time, so that local times can be told from UTC.
    private static let zone: Void = {
        setenv("TZ", "Europe/Berlin", 1)
        tzset()
    }()

    /// 2026-03-01T12:00:00Z.
    private let now = Moment(seconds: 1_772_366_400)

    init() { MomentTests.zone }

    @Test(arguments: [
        ("2026-03-01T14:05:09Z", "2026-03-01T14:05:09.000000Z"),
        ("2026-03-01t14:05:09z", "2026-03-01T14:05:09.000000Z"),
        ("2026-03-01T14:05:09+01:00", "2026-03-01T13:05:09.000000Z"),
        ("2026-03-01T14:05:09.25-02:30", "2026-03-01T16:35:09.250000Z"),
        ("2026-03-01", "2026-02-28T23:00:00.000000Z"),
        ("2026-07-01", "2026-06-30T22:00:00.000000Z"),
        ("2026-03-01 14:05", "2026-03-01T13:05:00.000000Z"),
        ("2026-03-01 14:05:09", "2026-03-01T13:05:09.000000Z"),
        ("2024-02-29", "2024-02-28T23:00:00.000000Z"),
        ("90s ago", "2026-03-01T11:58:30.000000Z"),
        ("5 minutes ago", "2026-03-01T11:55:00.000000Z"),
        ("2h ago", "2026-03-01T10:00:00.000000Z"),
        ("3 days ago", "2026-02-26T12:00:00.000000Z"),
        ("1w ago", "2026-02-22T12:00:00.000000Z"),
        ("now", "2026-03-01T12:00:00.000000Z"),
        ("today", "2026-02-28T23:00:00.000000Z"),
        ("yesterday", "2026-02-27T23:00:00.000000Z"),
    ])
    func reads(text: String, utc: String) throws {
        #expect(try Moment(text, now: now).utc == utc)
    }

    @Test(arguments: [
        "", "soon", "2026", "2026-13-01", "2026-02-29", "2026-00-10", "2026-01-32",
        "2026-01-01T", "2026-01-01T25:00", "2026-01-01T10:60", "2026-01-01 10:00:61",
        "2026-01-01T10:00:00+1", "2026-01-01T10:00:00Zx", "2026-01-01T10:00:00.", "ago", "h ago",
        "2 ago", "2x ago", "-2h ago", "99999999999999999999h ago", "٢h ago", "2026-01-0१",
    ])
    func refuses(text: String) {
        let error = #expect(throws: CommandError.self) { try Moment(text, now: now) }
        #expect(error?.kind == .usage)
    }

    @Test func localTimeIsReadBack() throws {
        let moment = Moment(seconds: 1_782_000_000)
        #expect(moment.local == "2026-06-21T02:00:00+02:00")
        #expect(try Moment(moment.local, now: now) == moment)
    }

    @Test func longAgoIsTheBeginning() throws {
        #expect(try Moment("1000000000h ago", now: now).microseconds == 0)
    }

    @Test(arguments: [
        (0, "0 seconds"), (1, "1 second"), (61, "1 minute 1 second"), (3_600, "1 hour"),
        (90_061, "1 day 1 hour"), (172_800, "2 days"),
    ])
    func durations(seconds: Int, text: String) {
        #expect(StatusText.duration(seconds) == text)
    }
}
