import NetlinkProto
import RuleStore

/// How much clients may ask of the daemon.
struct DaemonLimits: Sendable, Equatable {
    /// Clients at a time.
    var clients = 256
    /// Clients of one user at a time; root and the daemon's own user are not counted.
    var clientsPerUser = 64
    /// Bytes of one message.
    var messageBytes = WireLimits.messageBytes
    /// Bytes of one batch.
    var batchBytes = WireLimits.batchBytes
    /// Bytes of all batches that are on their way in, or wait until they are carried out.
    var queueBytes = 1 << 30
    /// Candidates at a time.
    var candidates = StoreLimits.candidates
    /// Bytes of the edits in one candidate.
    var candidateBytes = StoreLimits.candidateBytes
    /// How long a client may pause within a message or a batch, in seconds.
    var pauseSeconds = 30
    /// How long a client may leave its replies unread while more wait, in seconds.
    var stallSeconds = 30

    /// Up to how many clients those who may only look are let in, so that they cannot lock out those who may edit.
    var readers: Int { max(clients - clients / 4, 1) }

    /// One setting: its name in the file, what it may be, and where it goes.
    fileprivate struct Key: Sendable {
        enum Unit: Sendable {
            case count
            case bytes
            case seconds
        }

        var unit: Unit
        var range: ClosedRange<Int>
        var set: @Sendable (inout DaemonLimits, Int) -> Void
    }

    private static let keys: [String: Key] = [
        "clients": Key(unit: .count, range: 1...4_096) { $0.clients = $1 },
        "clients-per-user": Key(unit: .count, range: 1...4_096) { $0.clientsPerUser = $1 },
        "message-size": Key(unit: .bytes, range: 16_384...WireLimits.messageBytes) {
            $0.messageBytes = $1
        },
        "batch-size": Key(unit: .bytes, range: 16_384...WireLimits.batchBytes) {
            $0.batchBytes = $1
        },
        "queue-size": Key(unit: .bytes, range: 16_384...(16 << 30)) { $0.queueBytes = $1 },
        "candidates": Key(unit: .count, range: 0...StoreLimits.candidates) { $0.candidates = $1 },
        "candidate-size": Key(unit: .bytes, range: 0...StoreLimits.candidateBytes) {
            $0.candidateBytes = $1
        },
        "pause-timeout": Key(unit: .seconds, range: 1...3_600) { $0.pauseSeconds = $1 },
        "stall-timeout": Key(unit: .seconds, range: 1...3_600) { $0.stallSeconds = $1 },
    ]

    /// The names of all settings.
    static var names: [String] { keys.keys.sorted() }

    /// Takes over a setting.
    ///
    /// - Throws: ``ConfigurationError`` that says what may stand there.
    mutating func take(_ setting: ConfigurationFile.Setting) throws(ConfigurationError) {
        guard let key = DaemonLimits.keys[setting.key] else {
            throw ConfigurationError(
                setting.line,
                "'\(setting.key)' is not a setting of [limits]; there are \(DaemonLimits.names.joined(separator: ", "))"
            )
        }
        guard let value = key.unit.read(setting.value), key.range.contains(value) else {
            throw ConfigurationError(
                setting.line,
                "'\(setting.value)' is not \(key.unit.example) from \(key.unit.text(key.range.lowerBound)) to \(key.unit.text(key.range.upperBound))"
            )
        }
        key.set(&self, value)
    }
}

extension DaemonLimits.Key.Unit {
    fileprivate var example: String {
        switch self {
        case .count: "a number"
        case .bytes: "a size, such as 512K,"
        case .seconds: "a time, such as 30s or 5m,"
        }
    }

    private var factors: [Character: Int] {
        switch self {
        case .count: [:]
        case .bytes: ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        case .seconds: ["s": 1, "m": 60]
        }
    }

    /// The number that a text stands for; nil if it stands for none.
    fileprivate func read(_ text: String) -> Int? {
        guard let last = text.last, let factor = factors[last] else { return Int(text) }
        guard let number = Int(text.dropLast().trimmed) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// A number as it may stand in the file, with the largest factor that divides it.
    fileprivate func text(_ number: Int) -> String {
        let fitting = factors.filter { number > 0 && number % $0.value == 0 }
        guard let (name, factor) = fitting.max(by: { $0.value < $1.value }) else {
            return "\(number)"
        }
        return "\(number / factor)\(name)"
    }
}
