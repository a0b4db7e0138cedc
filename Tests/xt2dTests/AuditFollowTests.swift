import Testing

@testable import xt2d

/// Where a follower of the audit log goes on.
@Suite struct AuditFollowTests {
    @Test(arguments: [
        // Nothing that the filter lets through: behind all that was there.
        (UInt64(3), UInt64(6), [UInt64](), UInt64(6)),
        (9, 6, [], 9),
        (3, 6, [4, 6], 6),
        // Entry 7 came after the head was looked at and before the page was read: it is not listed again.
        (3, 6, [5, 7], 7),
        // A full page: more may stand between its end and the head.
        (3, 9, [4, 5, 6], 6),
    ])
    func noEntryTwiceAndNoneMissing(
        _ after: UInt64, _ head: UInt64, _ page: [UInt64], _ position: UInt64
    ) {
        #expect(
            RequestHandler.position(behind: after, head: head, page: page, limit: 3) == position)
    }
}
