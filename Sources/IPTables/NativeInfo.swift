import NetlinkProto
import XTables

/// Where things are in the headers of IPv4 and IPv6, and what iptables says with them.
enum IPHeader {
    static let source: UInt32 = 12
    static let destination: UInt32 = 16
    static let transport: UInt32 = 9
    static let fragmentOffset: UInt32 = 6
    static let timeToLive: UInt32 = 8
    static let source6: UInt32 = 8
    static let destination6: UInt32 = 24
    static let nextHeader: UInt32 = 6
    static let hopLimit: UInt32 = 7

    /// The bits of the fragment's place in the packet.
    static let fragmentMask: [UInt8] = [0x1F, 0xFF]
    /// `IPT_F_FRAG`.
    static let fragmentFlag: UInt8 = 1
    /// `IPT_F_GOTO`.
    static let gotoFlag: UInt8 = 2
    /// `IP6T_F_GOTO`.
    static let gotoFlag6: UInt8 = 4
    /// `IP6T_F_PROTO`: a protocol is asked for.
    static let protocolFlag6: UInt8 = 1
    /// A name that no interface can have: what `! -i +` is turned into.
    static let impossibleInterface = Array("INVAL/D\0".utf8)
}

/// The structure of the match `limit`, and the expression of the same meaning.
///
/// - Source: linux `include/uapi/linux/netfilter/xt_limit.h`, `struct xt_rateinfo`: avg (ten-thousandths of a second for one
///   packet) and burst, four bytes each.
struct RateLimit {
    private static let scale: UInt64 = 10_000
    private static let units: [UInt64] = [86_400, 3_600, 60, 1]
    private static let average = 0
    private static let burst = 4

    let expression: LimitExpression

    /// Nil for a rate that is none.
    init?(_ info: ExtensionInfo) {
        let average = UInt64(info.uint32(at: RateLimit.average))
        guard average > 0 else { return nil }
        let units = RateLimit.units
        // The smallest unit in which the rate is still about the same number of whole packets.
        let tooSmall = units.indices.dropFirst().first { index in
            let ticks = units[index] * RateLimit.scale
            return average > ticks || ticks / average < ticks % average
        }
        let unit = units[(tooSmall ?? units.count) - 1]
        expression = LimitExpression(
            rate: unit * RateLimit.scale / average, unitSeconds: unit,
            burst: info.uint32(at: RateLimit.burst))
    }

    /// Fills the structure in from an expression; nil if it is no limit that iptables can say.
    static func info(_ limit: LimitExpression, defaults: ExtensionInfo) -> ExtensionInfo? {
        guard limit.type == LimitExpression.packetType, limit.flags == 0, limit.rate > 0,
            limit.unitSeconds <= 604_800
        else { return nil }
        var info = defaults
        let average = scale * limit.unitSeconds / limit.rate
        info.put(UInt32(truncatingIfNeeded: average), at: RateLimit.average)
        info.put(limit.burst, at: RateLimit.burst)
        return info
    }
}

/// The structure of the match `mark`.
///
/// - Source: linux `include/uapi/linux/netfilter/xt_mark.h`, `struct xt_mark_mtinfo1`.
struct MarkInfo {
    var info: ExtensionInfo

    init(_ info: ExtensionInfo) {
        self.info = info
    }

    var mark: UInt32 {
        get { info.uint32(at: 0) }
        set { info.put(newValue, at: 0) }
    }
    var mask: UInt32 {
        get { info.uint32(at: 4) }
        set { info.put(newValue, at: 4) }
    }
    var isInverted: Bool {
        get { info.byte(at: 8) != 0 }
        set { info.put(newValue ? 1 : 0 as UInt8, at: 8) }
    }
}

/// The structure of the target NFLOG, and the expression of the same meaning.
///
/// - Source: linux `include/uapi/linux/netfilter/xt_NFLOG.h`, `struct xt_nflog_info`: length (4), group (2), threshold (2),
///   flags (2), padding (2), prefix (64).
struct LogInfo {
    private static let length = 0
    private static let group = 4
    private static let threshold = 6
    private static let flags = 8
    private static let prefix = 12
    /// `XT_NFLOG_F_COPY_LEN`: the length was given.
    private static let copiesLength: UInt16 = 1
    /// `NF_LOG_PREFIXLEN`, zero included: what the expression takes.
    private static let prefixRoom = 128

    var info: ExtensionInfo

    init(_ info: ExtensionInfo) {
        self.info = info
    }

    func expression(_ prefix: String) -> LogExpression {
        let hasLength = info.uint16(at: LogInfo.flags) & LogInfo.copiesLength != 0
        return LogExpression(
            prefix: info.byte(at: LogInfo.prefix) != 0 ? prefix : nil,
            group: info.uint16(at: LogInfo.group),
            snapLengthBytes: hasLength ? info.uint32(at: LogInfo.length) : nil,
            queueThreshold: info.uint16(at: LogInfo.threshold))
    }

    /// Fills the structure in from an expression, with room for the whole prefix; nil if it logs to the kernel's log.
    init?(_ log: LogExpression, defaults: ExtensionInfo) {
        guard let number = log.group else { return nil }
        info = defaults
        info.info = [UInt8](repeating: 0, count: LogInfo.prefix + LogInfo.prefixRoom + 4)
        info.put(number, at: LogInfo.group)
        info.put(log.queueThreshold, at: LogInfo.threshold)
        if let length = log.snapLengthBytes {
            info.put(length, at: LogInfo.length)
            info.put(LogInfo.copiesLength, at: LogInfo.flags)
        }
        let prefix = Array((log.prefix ?? "").utf8.prefix(LogInfo.prefixRoom - 1))
        info.put(prefix, at: LogInfo.prefix)
    }
}
