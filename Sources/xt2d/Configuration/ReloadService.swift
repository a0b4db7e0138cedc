import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the configuration again on SIGHUP.
struct ReloadService: Service {
    let configuration: LiveConfiguration
    /// SIGHUP, caught from before the daemon says that it is ready: until then the signal would end it.
    let signals: UnixSignalsSequence
    let log: Logger

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            SystemdNotifier.notify("RELOADING=1", log: log)
            configuration.reload(log)
            SystemdNotifier.notify("READY=1", log: log)
        }
    }
}
