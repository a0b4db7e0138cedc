import Glibc
import Synchronization

/// How many clients there are, and of whom.
final class ClientPlaces: Sendable {
    private struct Counts {
        var total = 0
        var byUser: [UInt32: Int] = [:]
    }

    private let configuration: LiveConfiguration
    private let counts = Mutex(Counts())

    init(_ configuration: LiveConfiguration) {
        self.configuration = configuration
    }

    /// How many clients there are.
    var count: Int { counts.withLock { $0.total } }

    /// Counts a client in, if there is a place for it.
    ///
    /// - Throws: ``Refusal`` with EAGAIN; it is not counted then.
    func admit(_ peer: Peer) throws(Refusal) {
        let limits = configuration.limits
        // Clients who may only look leave places for those who may edit, so that they cannot lock them out.
        let total = configuration.allows(peer, .edit) ? limits.clients : limits.readers
        let refusal: Refusal? = counts.withLock { counts in
            let own = counts.byUser[peer.uid, default: 0]
            if counts.total >= total {
                return Refusal(
                    EAGAIN,
                    "There are too many clients already (\(counts.total) of \(total)); try again later."
                )
            }
            if !peer.isOwner && own >= limits.clientsPerUser {
                return Refusal(
                    EAGAIN,
                    "User \(peer.uid) has too many clients already (\(own) of \(limits.clientsPerUser)); end one, or try again later."
                )
            }
            counts.total += 1
            counts.byUser[peer.uid] = own + 1
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Counts a client out.
    func release(_ peer: Peer) {
        counts.withLock { counts in
            counts.total -= 1
            let own = counts.byUser[peer.uid, default: 1] - 1
            counts.byUser[peer.uid] = own == 0 ? nil : own
        }
    }
}
