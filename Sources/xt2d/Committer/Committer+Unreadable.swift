import Glibc
import Logging
import NetlinkProto
import RuleStore

// Tables that hold something of another program's that cannot be read, such as a name that is not UTF-8.
extension Committer {
    /// Says which tables cannot be read; the others go on as ever.
    func note(unreadable image: KernelImage) {
        for (table, reason) in image.unreadable {
            log.warning(
                "a watched table cannot be read",
                metadata: ["table": "\(table.title)", "why": "\(reason)"])
            status.add(notice: KernelImage.notice(of: table, reason))
        }
    }
}

extension KernelImage {
    /// What an administrator should know of a table that cannot be read.
    static func notice(of table: StoredObject, _ reason: String) -> String {
        let what =
            table.watch?.policy == .observed
            ? "what others do to it is not recorded until that is gone" : "it is made again"
        return
            "Another program put something into table \(table.title) that cannot be read (\(reason)); \(what)."
    }

    /// Refuses to say anything about tables that cannot be read.
    func refuseUnreadable() throws(Refusal) {
        guard let (table, reason) = unreadable.first else { return }
        throw Refusal(
            EBADMSG,
            "Table \(table.title) holds something that cannot be read: \(reason). Nothing can be said about it until that is gone.",
            outcome: .failed)
    }
}
