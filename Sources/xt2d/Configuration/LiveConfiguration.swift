import Logging
import Synchronization

/// The configuration that holds now; it can be read again while the daemon runs.
final class LiveConfiguration: Sendable {
    private struct State {
        var configuration: Configuration
        /// Why the file was not taken over when it was read last.
        var fault: ConfigurationError?
    }

    private let path: String
    private let optional: Bool
    private let state: Mutex<State>

    /// Reads the file at `path`.
    ///
    /// - Parameter optional: whether there need be none.
    init(path: String, optional: Bool) throws(ConfigurationError) {
        self.path = path
        self.optional = optional
        state = Mutex(State(configuration: try Configuration(path: path, optional: optional)))
    }

    /// A configuration that comes from no file.
    init(_ configuration: Configuration) {
        path = Configuration.standardPath
        optional = true
        state = Mutex(State(configuration: configuration))
    }

    /// What holds now.
    var current: Configuration { state.withLock { $0.configuration } }

    /// The limits that hold now.
    var limits: DaemonLimits { state.withLock { $0.configuration.limits } }

    /// What an administrator should know about the file.
    var notices: [String] {
        guard let fault = state.withLock({ $0.fault }) else { return [] }
        return [
            "The configuration was not read again, and the one before it still holds: \(fault)."
        ]
    }

    /// Whether a client has a right.
    func allows(_ peer: Peer, _ right: Right) -> Bool { current.access.allow(peer, right) }

    /// The refusal of somebody who lacks a right; nil if the client has it.
    func refusal(of peer: Peer, _ right: Right) -> Refusal? {
        if allows(peer, right) { return nil }
        return Refusal(lacking: right, uid: peer.uid, configuration: path)
    }

    /// Reads the file again; a file with an error in it changes nothing.
    func reload(_ log: Logger) {
        do {
            let configuration = try Configuration(path: path, optional: optional)
            let old = state.withLock { state in
                defer { state = State(configuration: configuration) }
                return state.configuration
            }
            log.notice("configuration read again", metadata: ["file": "\(path)"])
            if old.socket != configuration.socket {
                log.warning("[socket] is taken over when xt2d starts again")
            }
        } catch {
            state.withLock { $0.fault = error }
            log.error("the configuration stays as it was", metadata: ["error": "\(error)"])
        }
    }
}
