import NetlinkProto
import RuleStore

/// The object in the kernel that says which version of which store is live.
///
/// Every batch replaces it, so that ruleset and marker change in one step; after a crash it tells whether the kernel took
/// the batch. `nft list` shows it as a counter with a comment.
/// - Shape: object `version`, a counter, in table `inet xt2`; userdata: comment, then ``UserData/identityType`` with the
///   store's UUID (16 bytes) and the version (8, big-endian).
struct Marker: Equatable, Sendable {
    static let table = "xt2"
    static let name = "version"
    static let family = Family.inet

    /// The store's name, 16 bytes.
    let uuid: [UInt8]
    /// The version that is live.
    let version: VersionID

    init(uuid: [UInt8], version: VersionID) {
        self.uuid = uuid
        self.version = version
    }

    /// Reads the marker from the object's userdata; nil if it is not one of ours.
    init?(_ message: ObjectMessage) {
        guard message.name == Marker.name,
            let identity = try? UserData(message.userData).identity, identity.count == 24
        else { return nil }
        uuid = Array(identity.prefix(16))
        version = VersionID(rawValue: UInt64(bigEndianBytes: identity.suffix(8)))
    }

    /// The object to put into a batch.
    var object: ObjectMessage {
        var userData = UserData()
        userData.comment = "xt2 version \(version) of store \(Marker.hex(uuid))"
        userData.identity = uuid + version.rawValue.bigEndianBytes
        return ObjectMessage(
            family: Marker.family, table: Marker.table, name: Marker.name,
            type: ObjectMessage.counterType, data: [],
            // Both parts have fixed lengths that fit.
            userData: (try? userData.encoded()) ?? [])
    }

    /// A UUID as people read it.
    static func hex(_ uuid: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (place, byte) in uuid.enumerated() {
            if (4...10).contains(place), place.isMultiple(of: 2) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension UInt64 {
    init(bigEndianBytes bytes: some Sequence<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    var bigEndianBytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * $0)) }
    }
}
