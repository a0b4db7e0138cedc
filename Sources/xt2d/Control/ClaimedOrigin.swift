import Glibc

/// Where a client says that it is connected from, and what the daemon found out about that.
///
/// The claim comes from SSH_CONNECTION, which any process can set for itself; so does `/proc/PID/environ`, which is therefore no
/// better witness and is not read. What the kernel can say is whether it has such a connection.
struct ClaimedOrigin: Sendable, Equatable {
    /// The text for the audit log.
    let text: String
    /// The connection, to be protected; nil if there is certainly none.
    let connection: ProtectedConnection?

    /// Looks at a claim of the form of SSH_CONNECTION: `ADDRESS PORT ADDRESS PORT`.
    init(claim: String) {
        let words = claim.split(separator: " ").map(String.init)
        guard words.count == 4, let peer = Endpoint(words[0], words[1]),
            let host = Endpoint(words[2], words[3])
        else {
            text = "\(claim.prefix(200)) (as the client says)"
            connection = nil
            return
        }
        let found = ConnectionLookup.hasConnection(from: peer, to: host)
        let verdict =
            switch found {
            case true?: "as the client says; there is such a connection"
            case false?: "as the client says; there is no such connection"
            case nil: "as the client says"
            }
        text = "\(peer.text) to \(host.text) (\(verdict))"
        let isPair = peer.address.count == host.address.count
        connection =
            found == false || !isPair ? nil : ProtectedConnection(from: peer, to: host)
    }
}
