import ArgumentParser
import CMalloc
import Glibc
import Logging
import NIOPosix
import RuleStore
import ServiceLifecycle
import UnixSignals

/// `xt2d`: keeps the versioned rule database and the kernel in step, and serves clients on a Unix socket.
@main
struct XT2Daemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xt2d",
        abstract: "Keep a versioned ruleset and the kernel's nf_tables in step",
        discussion: """
            Runs in the foreground, in the network namespace it is started in, until it gets SIGTERM or SIGINT. The rules stay in \
            the kernel when it stops; it takes them over again when it starts.

            EXAMPLES
              xt2d
              xt2d --database /tmp/rules.db --socket /tmp/xt2d.sock --log-level debug
              unshare -rn xt2d --database /tmp/rules.db --socket /tmp/xt2d.sock
            kill -HUP PID                         reads the configuration again
            """,
        version: DaemonStatus.release)

    @Option(help: "Where the rule database is")
    var database = "/var/lib/xt2/rules.db"

    @Option(help: "Where clients connect")
    var socket = "/run/xt2/xt2d.sock"

    @Option(
        help:
            "Who may do what, and how much (default: \(Configuration.standardPath), if there is one)"
    )
    var config: String?

    @Option(help: "Least level of messages: trace, debug, info, notice, warning, error or critical")
    var logLevel = "info"

    mutating func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError(
                "'\(logLevel)' is not a log level; use trace, debug, info, notice, warning, error or critical."
            )
        }
    }

    func run() async throws {
        XT2Daemon.keepLargeMemoryApart()
        let log = makeLog()
        do {
            try await serve(log)
        } catch let error as StartError {
            log.critical("\(error.description)")
            throw ExitCode.failure
        }
    }

    /// Has what a large batch needs for a while come from the kernel by itself, and go back there.
    ///
    /// Why: glibc raises the size from which it does that to that of the largest piece that was freed, at most 32 MiB. Smaller ones
    /// would come to lie between the rules, which stay, and their place would never be given back. Measured with 100,000 rules: 121 MB
    /// after a load instead of 154, in the same time.
    /// - Source: mallopt(3), M_MMAP_THRESHOLD.
    private static func keepLargeMemoryApart() {
        // Else it is as it was; nothing depends on it.
        _ = mallopt(M_MMAP_THRESHOLD, 256 << 10)
    }

    private func makeLog() -> Logger {
        let level = Logger.Level(rawValue: logLevel) ?? .info
        var log = Logger(label: "xt2d") { StreamLogHandler.standardError(label: $0) }
        log.logLevel = level
        return log
    }

    private func serve(_ log: Logger) async throws {
        // Before all else: a signal that is not caught ends the daemon.
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let configuration = try readConfiguration()
        // The database first: its lock keeps a second daemon away from the socket and the kernel too.
        let store = try open(database)
        let endpoint = try ControlSocket(path: socket, configuration.current.socket)
        let link = try connect(endpoint)
        let recovered = try recover(store, link, log, endpoint)
        // What was read of the kernel lies between what stays: of 340 MB with 100,000 rules that is 208. See malloc_trim(3).
        malloc_trim(0)
        let places = ClientPlaces(configuration)
        let status = DaemonStatus(
            notices: recovered.notices, places: places, configuration: configuration)
        for notice in recovered.notices { log.notice("\(notice)") }
        let confirmation = recovered.confirmation
        let dumps = NIOThreadPool(numberOfThreads: 1)
        dumps.start()
        let monitor = try Monitor(own: link.port, log: log)
        // Else the first who names a rule by its text would wait for it.
        _ = SideTask { [ruleset = recovered.head.ruleset] in ruleset.makeBodyIndex() }
        let committer = Committer(
            // Given away: kept here, its ruleset would stay in memory for as long as the daemon runs.
            consume recovered, configuration: configuration, monitor: monitor, status: status,
            eventLoop: MultiThreadedEventLoopGroup(numberOfThreads: 1).next(), log: log)
        try await committer.startListening()
        await committer.resume(confirmation)
        let feed = AuditFeed()
        store.observe { feed.signal() }
        let handler = RequestHandler(
            committer: committer, store: store, published: committer.published,
            status: status, configuration: configuration, places: places, feed: feed, dumps: dumps)
        // What a prune that was cut short has left.
        let sweep = Task {
            do {
                try await handler.sweep()
            } catch {
                log.warning(
                    "rows of pruned versions cannot be freed", metadata: ["error": "\(error)"])
            }
        }
        defer { sweep.cancel() }
        let server = ControlServer(
            endpoint, handler: handler,
            loop: MultiThreadedEventLoopGroup(numberOfThreads: 1).next(), log: log)
        try await ServiceGroup(
            services: [
                server,
                ReloadService(configuration: configuration, signals: hangUps, log: log),
                DenialService(committer: committer),
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: log
        ).run()
        monitor.inbox.close()
        await committer.tellDenials(end: true)
        try? store.close()
        log.info("stopped; the rules stay in the kernel")
    }

    private func readConfiguration() throws(StartError) -> LiveConfiguration {
        do {
            return try LiveConfiguration(
                path: config ?? Configuration.standardPath, optional: config == nil)
        } catch {
            throw StartError("The configuration cannot be used: \(error).")
        }
    }

    private func connect(_ endpoint: ControlSocket) throws(StartError) -> KernelLink {
        do {
            return try KernelLink()
        } catch {
            endpoint.remove()
            throw StartError(any: error)
        }
    }

    private func recover(
        _ store: RuleStore, _ link: KernelLink, _ log: Logger, _ endpoint: ControlSocket
    ) throws(StartError) -> Recovered {
        do {
            return try Recovery.run(store, link, log: log)
        } catch {
            endpoint.remove()
            throw StartError(any: error)
        }
    }

    private func open(_ path: String) throws(StartError) -> RuleStore {
        do {
            return try RuleStore(path: path)
        } catch {
            throw StartError("The database \(path) cannot be opened: \(error.message.asSentence)")
        }
    }
}
