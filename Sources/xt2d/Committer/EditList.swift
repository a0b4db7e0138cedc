import Glibc
import NetlinkProto

/// The edits of a batch, in order.
///
/// The first are kept as they were read. Of the others, which only a large batch has, their messages are kept, in pages: an edit that
/// was read takes three times as much memory as its message, in pieces that would lie between what stays.
struct EditList: Sendable {
    private var first: [Edit] = []
    private var pages: [[UInt8]] = []
    private var count = 0

    /// How many edits are kept as they were read.
    private static let readLimit = EditBatch.sharedMessages
    private static let pageBytes = 1 << 20

    /// Adds an edit, which was read from a message.
    mutating func append(_ edit: Edit, _ message: [UInt8]) {
        count += 1
        if first.count < EditList.readLimit { return first.append(edit) }
        let length = netlinkAligned(message.count)
        if (pages.last?.count ?? EditList.pageBytes) + length > EditList.pageBytes {
            pages.append([])
            pages[pages.count - 1].reserveCapacity(max(length, EditList.pageBytes))
        }
        let last = pages.count - 1
        pages[last].append(contentsOf: message)
        for _ in message.count..<length { pages[last].append(0) }
    }

    /// Calls `body` with each edit.
    ///
    /// - Throws: what `body` throws; ``Refusal`` EIO if not all are found again, so that no part of a batch is taken for the whole.
    func forEach(_ body: (Edit) throws(Refusal) -> Void) throws(Refusal) {
        for edit in first { try body(edit) }
        var found = first.count
        var shapes = RuleShapes()
        for page in pages {
            var decoder = FrameDecoder(messageLimitBytes: page.count)
            decoder.append(page)
            // They came out of such a decoder.
            while let message = try? decoder.next() {
                try body(try Edit(message, &shapes))
                found += 1
            }
        }
        guard found == count else {
            throw Refusal(
                EIO, "Only \(found) of the batch's \(count) edits can be read again.",
                outcome: .failed)
        }
    }
}
