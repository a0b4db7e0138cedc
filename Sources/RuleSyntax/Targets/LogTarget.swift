import NetlinkProto

/// `-j LOG`: a line in the kernel's log; the packet goes on.
struct LogTarget: TargetExtension {
    var name: String { "LOG" }
    var summary: String { "Write a line to the kernel's log; the packet goes on to the next rule" }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--log-prefix", values: ["TEXT"], isText: true),
            OptionSpecification("--log-level", values: ["LEVEL"]),
        ] + LogTarget.flags.map { OptionSpecification($0.1) }
    }

    /// `NF_LOG_*` of linux `include/uapi/linux/netfilter/nf_log.h`.
    private static let flags: [(UInt32, String)] = [
        (0x01, "--log-tcp-sequence"), (0x02, "--log-tcp-options"), (0x04, "--log-ip-options"),
        (0x08, "--log-uid"), (0x20, "--log-macdecode"),
    ]
    private static let levels = [
        "emerg", "alert", "crit", "error", "warning", "notice", "info", "debug",
    ]
    private static let otherLevels: [String: UInt32] = [
        "panic": 0, "emergency": 0, "critical": 2, "err": 3, "warn": 4,
    ]
    /// `LOG_WARNING`, which is not printed.
    private static let defaultLevel: UInt32 = 4

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        var log = LogExpression(level: LogTarget.defaultLevel)
        if let option = target["--log-prefix"] {
            log.prefix = try LogTarget.prefix(option.value)
        }
        if let option = target["--log-level"] {
            log.level = try LogTarget.level(option.value)
        }
        for (flag, name) in LogTarget.flags where target[name] != nil { log.flags |= flag }
        return [.log(log)]
    }

    /// A prefix for lines of the log; nil for an empty one.
    static func prefix(_ word: Word) throws(RuleSyntaxError) -> String? {
        let count = word.text.utf8.count
        guard count <= RuleLimits.logPrefixBytes else {
            throw RuleSyntaxError(
                "a prefix has at most \(RuleLimits.logPrefixBytes) bytes, this one has \(count)",
                at: word.index)
        }
        try PlainText.check(word, "a prefix")
        return word.text.isEmpty ? nil : word.text
    }

    private static func level(_ word: Word) throws(RuleSyntaxError) -> UInt32 {
        if Number.value(word.text) != nil {
            let number = try Number.parse(word.text, "a log level", limit: 7, at: word.index)
            return UInt32(truncatingIfNeeded: number)
        }
        let name = word.text.lowercased()
        if let number = levels.firstIndex(of: name) { return UInt32(number) }
        if let number = otherLevels[name] { return number }
        throw RuleSyntaxError(
            "“\(word.text)” is not a log level", at: word.index,
            hint: "a number from 0 to 7, or " + levels.joined(separator: ", "))
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.count == 1, case .log(let log)? = expressions.first, log.group == nil,
            log.flags & ~0x2F == 0
        else { return nil }
        var words: [String] = []
        if let prefix = log.prefix { words += ["--log-prefix", prefix] }
        if let level = log.level, level != LogTarget.defaultLevel {
            words += ["--log-level", "\(level)"]
        }
        return words + LogTarget.flags.filter { log.flags & $0.0 != 0 }.map(\.1)
    }
}

/// `-j NFLOG`: the packet is copied to a netlink group; the packet goes on.
struct NFLogTarget: TargetExtension {
    var name: String { "NFLOG" }
    var summary: String { "Copy the packet to a netlink group; it goes on to the next rule" }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--nflog-prefix", values: ["TEXT"], isText: true),
            OptionSpecification("--nflog-group", values: ["GROUP"]),
            OptionSpecification("--nflog-size", "--nflog-range", values: ["BYTES"]),
            OptionSpecification("--nflog-threshold", values: ["PACKETS"]),
        ]
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        var log = LogExpression(group: 0)
        if let option = target["--nflog-prefix"] {
            log.prefix = try LogTarget.prefix(option.value)
        }
        if let option = target["--nflog-group"] {
            log.group = UInt16(
                truncatingIfNeeded: try Number.parse(
                    option.value.text, "a group", limit: 65_535, at: option.value.index))
        }
        if let option = target["--nflog-size"] {
            log.snapLengthBytes = try Number.parse32(
                option.value.text, "a number of bytes", at: option.value.index)
        }
        if let option = target["--nflog-threshold"] {
            log.queueThreshold = UInt16(
                truncatingIfNeeded: try Number.parse(
                    option.value.text, "a number of packets", limit: 65_535,
                    at: option.value.index))
        }
        return [.log(log)]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.count == 1, case .log(let log)? = expressions.first,
            let group = log.group, log.flags == 0
        else { return nil }
        var words: [String] = []
        if let prefix = log.prefix { words += ["--nflog-prefix", prefix] }
        if group != 0 { words += ["--nflog-group", "\(group)"] }
        if let bytes = log.snapLengthBytes { words += ["--nflog-size", "\(bytes)"] }
        if log.queueThreshold != 0 { words += ["--nflog-threshold", "\(log.queueThreshold)"] }
        return words
    }
}
