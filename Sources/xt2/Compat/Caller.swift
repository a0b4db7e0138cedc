import Glibc
import NetlinkProto
import RuleSyntax

/// Who runs one of iptables' commands; kept with the version as its reason.
enum Caller {
    /// The command line, and the program that it was run by, such as `iptables -F INPUT (run by ufw, pid 71)`.
    static func reason(_ program: String, _ words: [String]) -> String {
        let line = CommandLine.join([program] + words)
        let parent = getppid()
        let suffix = name(of: parent).map { " (run by \($0), pid \(parent))" } ?? ""
        let room = WireLimits.reasonBytes - suffix.utf8.count
        guard line.utf8.count > room else { return line + suffix }
        return String(decoding: line.utf8.prefix(room - 4), as: UTF8.self) + "…" + suffix
    }

    private static func name(of process: pid_t) -> String? {
        guard let bytes = try? InputFile.read("/proc/\(process)/comm") else { return nil }
        let name = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
        return name.map(String.init)
    }
}
