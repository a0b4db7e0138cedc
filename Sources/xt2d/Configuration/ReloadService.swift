import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the configuration again on SIGHUP.
struct ReloadService: Service {
    let configuration: LiveConfiguration
    let log: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            SystemdNotifier.notify("RELOADING=1")
            configuration.reload(log)
            SystemdNotifier.notify("READY=1")
        }
    }
}
