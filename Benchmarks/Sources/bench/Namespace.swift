import CLinux
import Glibc

/// A network namespace of its own, which lives as long as the value.
final class Namespace {
    private let descriptor: Int32

    /// Makes an empty one.
    init() throws {
        let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard home >= 0, bench_unshare_network() == 0 else {
            throw Failure.system("unshare(CLONE_NEWNET)")
        }
        descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let problem = bench_enter_network(home)
        close(home)
        guard problem == 0, descriptor >= 0 else { throw Failure.system("setns") }
    }

    deinit { close(descriptor) }

    /// Makes the calling thread, and the programs that it starts from now on, live in it.
    ///
    /// No nsenter(1): its own start would be measured with every program.
    func enter() throws {
        guard bench_enter_network(descriptor) == 0 else { throw Failure.system("setns") }
    }
}

/// Why a measurement could not be made.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }

    /// A system call that failed, by errno.
    static func system(_ what: String) -> Failure {
        Failure("\(what): \(String(cString: strerror(errno)))")
    }
}
