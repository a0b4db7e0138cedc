import Glibc
import NetlinkProto

/// What a client has said about itself; it holds for the requests that follow.
struct SessionSettings: Sendable, Equatable {
    /// Where it says that it is connected from.
    var origin: ClaimedOrigin?
    /// Connections that no change may cut.
    var protected: [ProtectedConnection] = []
    /// Whether changes that cut one are wanted all the same.
    var force = false
}

extension SessionSettings {
    /// Reads what a client says.
    ///
    /// - Throws: ``Refusal`` that quotes what is no connection.
    init(_ message: SessionMessage) throws(Refusal) {
        origin = message.origin.map { ClaimedOrigin(claim: $0) }
        for text in message.protect {
            protected.append(try ProtectedConnection(text))
        }
        guard protected.count <= SessionSettings.most else {
            throw Refusal(E2BIG, "At most \(SessionSettings.most) connections can be protected.")
        }
        force = message.force
    }

    private static let most = 16
}
