import Glibc
import Synchronization
import TestSupport

/// Runs code on a thread that has a small file system of its own; to everybody else the directory
/// is empty.
///
/// Why a thread: mounts are a thread's business in Linux, and so nothing has to be cleaned up.
/// SQLite runs on the calling thread. Needs root, or `unshare -r`.
func withPrivateFileSystem<Result: Sendable>(
    sizeKiB: Int, _ body: @escaping @Sendable (PrivateFileSystem) throws -> Result
) throws -> Result {
    let directory = try TemporaryDirectory()
    return try onNewThread {
        let fileSystem = try PrivateFileSystem(path: directory.path, sizeKiB: sizeKiB)
        return try body(fileSystem)
    }
}

struct PrivateFileSystem {
    let path: String

    /// `CLONE_NEWNS`.
    private static let newMountNamespace: CInt = 0x2_0000
    /// `MS_REC | MS_PRIVATE`.
    private static let recursivelyPrivate: CUnsignedLong = 0x4_4000
    /// `MS_REMOUNT | MS_RDONLY`.
    private static let remountReadOnly: CUnsignedLong = 0x21

    fileprivate init(path: String, sizeKiB: Int) throws {
        self.path = path
        // Glibc's overlay leaves out these two, so they are looked up.
        typealias Unshare = @convention(c) (CInt) -> CInt
        let unshare = unsafeBitCast(try Self.symbol("unshare"), to: Unshare.self)
        guard unshare(Self.newMountNamespace) == 0 else {
            throw TestFailure("unshare: errno \(errno); run the tests as root or under unshare -rn")
        }
        try mount("/", nil, Self.recursivelyPrivate, "")
        try mount(path, "tmpfs", 0, "size=\(sizeKiB)k")
    }

    func makeReadOnly() throws {
        // A program that another test is just starting has all files open that this process had, until it runs.
        try eventually("nothing on \(path) is open") {
            let failure = try errorOfMount(path, "tmpfs", Self.remountReadOnly, "")
            guard failure == 0 || failure == EBUSY else {
                throw TestFailure("mount \(path) read-only: errno \(failure)")
            }
            return failure == 0
        }
    }

    private func mount(_ path: String, _ type: String?, _ flags: CUnsignedLong, _ data: String)
        throws
    {
        let failure = try errorOfMount(path, type, flags, data)
        guard failure == 0 else { throw TestFailure("mount \(path): errno \(failure)") }
    }

    private func errorOfMount(
        _ path: String, _ type: String?, _ flags: CUnsignedLong, _ data: String
    ) throws -> CInt {
        typealias Mount =
            @convention(c) (
                UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, CUnsignedLong,
                UnsafePointer<CChar>?
            ) -> CInt
        let mount = unsafeBitCast(try Self.symbol("mount"), to: Mount.self)
        let result = type.map { type in
            path.withCString { path in
                type.withCString { type in data.withCString { mount("none", path, type, flags, $0) }
                }
            }
        }
        let status = result ?? path.withCString { mount("none", $0, nil, flags, nil) }
        return status == 0 ? 0 : errno
    }

    private static func symbol(_ name: String) throws -> UnsafeMutableRawPointer {
        guard let symbol = dlsym(nil, name) else { throw TestFailure("no \(name)") }
        return symbol
    }
}

/// Runs code on a thread of its own and waits for it.
private func onNewThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) throws -> Value {
    let outcome = Outcome<Value>()
    try Job { outcome.set(Result { try body() }) }.runOnNewThread()
    return try outcome.get()
}

private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    func set(_ result: Result<Value, any Error>) {
        self.result.withLock { $0 = result }
    }

    func get() throws -> Value {
        guard let result = result.withLock({ $0 }) else { throw TestFailure("no result") }
        return try result.get()
    }
}

private final class Job: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    func runOnNewThread() throws {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard status == 0 else { throw TestFailure("pthread_create: \(status)") }
        pthread_join(thread, nil)
    }
}
