import XTables

/// The ports that the matches `tcp` and `udp` ask for, and their places in the structures.
///
/// - Source: linux `include/uapi/linux/netfilter/xt_tcpudp.h`, `struct xt_tcp`, `struct xt_udp`; ports are in host order.
struct PortMatch {
    /// A range of ports.
    struct Range: Hashable {
        var first: UInt16 = 0
        var last: UInt16 = .max
        var isInverted = false

        var isAny: Bool { first == 0 && last == .max }
    }

    static let tcpProtocol: UInt8 = 6
    static let udpProtocol: UInt8 = 17

    // What is inverted, in the structures' last field.
    static let sourceInversion: UInt8 = 1
    static let destinationInversion: UInt8 = 2
    static let flagsInversion: UInt8 = 4

    // Offsets in both structures, then in that of tcp, then in that of udp.
    private static let sourceOffset = 0
    private static let destinationOffset = 4
    static let tcpOptionOffset = 8
    static let tcpMaskOffset = 9
    static let tcpFlagsOffset = 10
    private static let tcpInversionOffset = 11
    private static let udpInversionOffset = 8
    private static let tcpLength = 12
    private static let udpLength = 10

    var info: ExtensionInfo
    let isTCP: Bool

    init(_ info: ExtensionInfo) {
        self.info = info
        isTCP = info.name == "tcp"
    }

    private var inversionOffset: Int {
        isTCP ? PortMatch.tcpInversionOffset : PortMatch.udpInversionOffset
    }

    var inversions: UInt8 {
        get { info.byte(at: inversionOffset) }
        set { info.put(newValue, at: inversionOffset) }
    }

    var source: Range {
        get { range(at: PortMatch.sourceOffset, PortMatch.sourceInversion) }
        set { set(newValue, at: PortMatch.sourceOffset, PortMatch.sourceInversion) }
    }

    var destination: Range {
        get { range(at: PortMatch.destinationOffset, PortMatch.destinationInversion) }
        set { set(newValue, at: PortMatch.destinationOffset, PortMatch.destinationInversion) }
    }

    private func range(at offset: Int, _ inversion: UInt8) -> Range {
        Range(
            first: info.uint16(at: offset), last: info.uint16(at: offset + 2),
            isInverted: inversions & inversion != 0)
    }

    private mutating func set(_ range: Range, at offset: Int, _ inversion: UInt8) {
        info.put(range.first, at: offset)
        info.put(range.last, at: offset + 2)
        inversions = range.isInverted ? inversions | inversion : inversions & ~inversion
    }

    /// Whether it asks for nothing but the protocol.
    var isEmpty: Bool {
        let length = isTCP ? PortMatch.tcpLength : PortMatch.udpLength
        let empty: [UInt8] = [0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]
        return info.info.prefix(length).elementsEqual(empty.prefix(length))
    }
}
