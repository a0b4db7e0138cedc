import ServiceLifecycle

/// Tells the audit log from time to time about denied attempts that have no entry of their own.
struct DenialService: Service {
    let committer: Committer

    /// After a crash, at most the attempts of so long are not told.
    private static let interval = Duration.seconds(30)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: DenialService.interval)) != nil {
                await committer.tellDenials()
            }
        }
    }
}
