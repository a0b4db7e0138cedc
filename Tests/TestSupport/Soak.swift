import Foundation

/// How long tests run that could run for ever: shortly, or, with XT2_SOAK=1, long enough to be relied on.
public enum Soak {
    /// Whether they run long.
    public static let isOn = ProcessInfo.processInfo.environment["XT2_SOAK"] == "1"

    /// One of two numbers.
    public static func count(_ short: Int, _ long: Int) -> Int { isOn ? long : short }
}
