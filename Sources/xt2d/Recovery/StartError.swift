import Glibc
import NetlinkProto
import RuleStore

/// Why the daemon cannot start, for people.
struct StartError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    init(any error: any Error) {
        switch error {
        case let error as StartError: self = error
        case let error as StoreError: self.init(error.message.asSentence)
        case let error as KernelError:
            self.init("The kernel cannot be used: \(error.description).")
        case RecoveryDecision.Obstacle.otherStore(let marker):
            self.init(
                """
                The kernel runs version \(marker.version) of another store (\(Marker.hex(marker.uuid))). Start xt2d with that store's \
                database; or, to forget it, delete its marker with 'nft delete table inet xt2' and start again: tables of the same name \
                are then taken over.
                """)
        default: self.init("\(error)")
        }
    }

    static func notOurs(_ table: String) -> StartError {
        StartError(
            "The kernel has a table \(table) that xt2 did not make, and the ruleset has one of that name. Nothing was changed; delete it with 'nft delete table \(table)', then start again."
        )
    }

    static func owned(_ table: String, _ owner: String) -> StartError {
        StartError(
            "The table \(table) in the kernel is owned by \(owner), which alone may change it, and the ruleset has one of that name. Nothing was changed; end that process, then start again."
        )
    }

    static func kernelRefused(
        _ version: VersionID, _ error: KernelError, _ table: String?
    ) -> StartError {
        // EEXIST for a table to be made; EOPNOTSUPP for one that is there and cannot be owned, because it is not persistent.
        if let table, [EEXIST, EOPNOTSUPP].contains(error.errno) { return notOurs(table) }
        return StartError(
            "The kernel refused version \(version): \(error.description). No rule of it is loaded.")
    }
}
