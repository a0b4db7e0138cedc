/// What a version of a stateful object consists of, beside its name; its data are kept as bytes.
public struct ObjectBody: AttributeBody {
    /// `NFT_OBJECT_*`.
    public var type: UInt32
    /// The attributes inside of DATA, without state; nil when there is no DATA.
    public var data: [UInt8]?
    /// What nft and others keep beside it.
    public var userData: [UInt8] = []
    /// Attributes that this module does not know, as they came.
    public var unknown: [UInt8] = []

    /// An object whose type is not yet known, to be read into.
    public init() { type = 0 }

    /// What of a message about an object makes its version.
    ///
    /// - Throws: ``WireError`` if the data of a counter or quota is damaged.
    public init(_ message: ObjectMessage) throws(WireError) {
        let plain = try message.withoutState()
        type = plain.type
        data = plain.data
        userData = plain.userData
        unknown = plain.unknown
    }

    /// Takes in one attribute; those that are not known are kept.
    public mutating func read(_ attribute: borrowing Attribute) throws(WireError) {
        switch attribute.type {
        case 3: type = try attribute.uint32()
        case 4: data = attribute.bytes()
        case 8: userData = attribute.bytes()
        default: try attribute.keep(in: &unknown)
        }
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(3, uint32: type)
        if !userData.isEmpty { writer.attribute(8, bytes: userData) }
        if let data { writer.nest(4) { $0.raw(data) } }
        writer.raw(unknown)
    }

    /// The message that makes the object.
    public func message(family: Family, table: String, name: String) -> ObjectMessage {
        var message = ObjectMessage(
            family: family, table: table, name: name, type: type, data: data, userData: userData)
        message.unknown = unknown
        return message
    }
}
