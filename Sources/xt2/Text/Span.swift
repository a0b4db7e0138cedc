import ArgumentParser

/// A length of time, as `--confirm` takes it: `60s`, `5m`, `2h`, `1d`; a number alone is seconds.
struct Span: Hashable, ExpressibleByArgument {
    /// Whole seconds.
    var seconds: UInt32

    /// Reads a length of time; nil if `argument` is none, or more than can be counted.
    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        guard let count = UInt32(digits), count > 0 else { return nil }
        let unit: UInt32
        switch argument.dropFirst(digits.count) {
        case "", "s": unit = 1
        case "m": unit = 60
        case "h": unit = 3_600
        case "d": unit = 86_400
        default: return nil
        }
        let (seconds, isOverflow) = count.multipliedReportingOverflow(by: unit)
        guard !isOverflow else { return nil }
        self.seconds = seconds
    }
}

/// The option `--confirm` of everything that makes a version.
struct ConfirmOption: ParsableArguments {
    @Option(
        name: .customLong("confirm"),
        help: ArgumentHelp(
            "Take the version back unless 'xt2 confirm' comes within this time, such as 60s, 5m or 1h.",
            valueName: "time"))
    var span: Span?
}
