import NetlinkProto
import XTables

/// The structure of ebtables' match `among`, and the sets of the same meaning.
///
/// - Shape: for sources, then for destinations: count (8), inversion (1), with IPv4 addresses (1), padding (6); then pairs of a
///   hardware address (6), padding (2) and an IPv4 address (4), zero for any.
/// - Source: iptables 1.8.9, `extensions/libebt_among.c`, `iptables/nft.c`, `add_nft_among`.
struct AmongInfo {
    /// One list.
    struct List: Hashable {
        var isSource: Bool
        var isInverted: Bool
        var hasAddresses: Bool
        /// Twelve bytes each.
        var pairs: [[UInt8]]
    }

    private static let headLength = 16
    private static let pairLength = 12
    private static let countLength = 8

    var lists: [List]

    init(lists: [List]) {
        self.lists = lists
    }

    init(_ info: ExtensionInfo) {
        lists = []
        var offset = 2 * AmongInfo.headLength
        for (index, isSource) in [true, false].enumerated() {
            let head = index * AmongInfo.headLength
            let room = max(0, info.info.count - offset) / AmongInfo.pairLength
            let count = min(Int(info.uint32(at: head)), room)
            guard count > 0 else { continue }
            let pairs = (0..<count).map { number in
                let start = offset + number * AmongInfo.pairLength
                return Array(info.info[start..<start + AmongInfo.pairLength])
            }
            offset += count * AmongInfo.pairLength
            lists.append(
                List(
                    isSource: isSource,
                    isInverted: info.byte(at: head + AmongInfo.countLength) != 0,
                    hasAddresses: info.byte(at: head + AmongInfo.countLength + 1) != 0,
                    pairs: pairs))
        }
    }

    /// The structure.
    var info: ExtensionInfo {
        var bytes = [UInt8](repeating: 0, count: 2 * AmongInfo.headLength)
        var pairs: [UInt8] = []
        for isSource in [true, false] {
            guard let list = lists.first(where: { $0.isSource == isSource }) else { continue }
            let head = isSource ? 0 : AmongInfo.headLength
            bytes.replaceSubrange(
                head..<head + AmongInfo.countLength, with: UInt64(list.pairs.count).memoryBytes)
            bytes[head + AmongInfo.countLength] = list.isInverted ? 1 : 0
            bytes[head + AmongInfo.countLength + 1] = list.hasAddresses ? 1 : 0
            pairs += list.pairs.flatMap { $0 }
        }
        return ExtensionInfo(name: "among", revision: 0, info: bytes + pairs)
    }
}

extension AmongInfo.List {
    /// The list that a set holds; nil if it holds something else.
    init?(_ set: AnonymousSet, isInverted: Bool, isSource: Bool) {
        let length = Int(set.body.keyLength)
        guard length == 6 || length == 12, set.elements.allSatisfy({ $0.key.count == length })
        else { return nil }
        let rest = [UInt8](repeating: 0, count: 12 - length)
        self.init(
            isSource: isSource, isInverted: isInverted, hasAddresses: length == 12,
            pairs: set.elements.map { $0.key + rest })
    }

    /// The set.
    var set: AnonymousSet {
        var body = SetBody()
        body.flags = [.anonymous, .constant]
        body.keyType = 9
        body.keyLength = 6
        body.sizeElements = UInt32(pairs.count)
        guard hasAddresses else {
            return AnonymousSet(
                body: body, elements: pairs.map { SetElement(key: Array($0[..<6])) })
        }
        body.flags.formUnion([.interval, .concatenation])
        body.keyType = 9 << 6 | 7
        body.keyLength = 12
        body.fieldLengths = [6, 4]
        return AnonymousSet(
            body: body,
            elements: pairs.map { pair in
                let isAny = !pair[8...].contains { $0 != 0 }
                let end = isAny ? pair[..<8] + [0xFF, 0xFF, 0xFF, 0xFF] : pair[...]
                return SetElement(key: pair, keyEnd: Array(end))
            })
    }
}

extension ExpressionWriter {
    mutating func writeAmong(_ match: ExtensionInfo) {
        let lists = AmongInfo(match).lists
        if lists.contains(where: \.hasAddresses) {
            load(.etherType)
            compare([8, 0], isInverted: false)
        }
        for list in lists {
            load(.link, list.isSource ? BridgeHead.sourceOffset : BridgeHead.destinationOffset, 6)
            if list.hasAddresses {
                expressions.append(
                    .payload(
                        PayloadExpression(
                            destination: Register.word(2), base: .network,
                            offset: list.isSource ? IPHeader.source : IPHeader.destination,
                            length: 4)))
            }
            sets.append(list.set)
            expressions.append(
                .lookup(
                    LookupExpression(
                        source: .r1, set: AnonymousSet.name, setID: UInt32(sets.count),
                        flags: list.isInverted ? LookupExpression.inverted : 0)))
        }
    }
}
