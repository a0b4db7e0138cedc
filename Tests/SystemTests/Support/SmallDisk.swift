import Glibc
import TestSupport

/// A daemon whose database is on a small file system that only it sees.
struct SmallDisk {
    let daemon: Daemon
    private let filler: String

    init() throws {
        let directory = try TemporaryDirectory()
        daemon = try Daemon(
            directory: directory, database: directory.file("disk/rules.db"),
            prefix: [
                "unshare", "-m", "sh", "-c",
                """
                mkdir -p "$0" && mount -t tmpfs -o size=4m none "$0" && exec "$@"
                """,
                directory.file("disk"),
            ])
        // The mount is in the daemon's namespace; /proc leads there.
        filler = "/proc/\(daemon.pid)/root\(directory.file("disk/filler"))"
    }

    func fill() {
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let block = [UInt8](repeating: 1, count: 4_096)
        while write(descriptor, block, block.count) > 0 {}
    }

    func free() { unlink(filler) }
}
