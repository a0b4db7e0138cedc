/// Who made a version or an attempt: a process, as the kernel told it.
public struct Author: Hashable, Sendable {
    /// The user id.
    public var uid: UInt32
    /// The group id.
    public var gid: UInt32
    /// The process id.
    public var pid: Int32
    /// The name of the process; empty if it is not known.
    public var process: String

    /// Makes an author.
    public init(uid: UInt32, gid: UInt32, pid: Int32, process: String) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.process = process
    }
}
