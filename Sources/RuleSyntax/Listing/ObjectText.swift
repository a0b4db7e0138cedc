public import NetlinkProto

/// Sets, elements and stateful objects in words: what is known of them, and the rest as bytes.
public enum ObjectText {
    /// What a set is like, such as `key 4 bytes, interval`.
    public static func properties(_ set: SetBody) -> String {
        var words = ["key \(set.keyLength) bytes"]
        if set.flags.contains(.map) {
            words.append(
                set.dataType == SetBody.verdictType
                    ? "to verdicts" : "to \(set.dataLength ?? 0) bytes")
        }
        if set.flags.contains(.object) { words.append("to objects") }
        if set.flags.contains(.interval) { words.append("interval") }
        if set.flags.contains(.timeout) { words.append("timeout") }
        if set.flags.contains(.dynamic) { words.append("dynamic") }
        if set.flags.contains(.constant) { words.append("constant") }
        return words.joined(separator: ", ")
    }

    /// An element, such as `22 : jump ssh`; with nothing known of its set, its key in hex.
    public static func element(_ element: SetElement, of set: SetBody? = nil) -> String {
        if let set { return ElementText.one(element, of: set) }
        var text = element.key.isEmpty ? "*" : HexBytes.text(element.key)
        if let end = element.keyEnd { text += "-" + HexBytes.text(end) }
        if element.flags & SetElement.intervalEnd != 0 { text += " (end)" }
        switch element.data {
        case .verdict(let verdict)?: text += " : " + words(verdict)
        case .value(let bytes)?: text += " : " + HexBytes.text(bytes)
        case nil: break
        }
        if let object = element.object { text += " : object \(PlainText.escaped(object))" }
        return text + comment(element)
    }

    static func comment(_ element: SetElement) -> String {
        guard let comment = (try? UserData(element.userData))?.comment else { return "" }
        return " “\(PlainText.escaped(comment))”"
    }

    static func words(_ verdict: Verdict) -> String {
        switch verdict {
        case .accept: "accept"
        case .drop: "drop"
        case .jump(let chain): "jump \(PlainText.escaped(chain))"
        case .goto(let chain): "goto \(PlainText.escaped(chain))"
        default: "\(verdict)"
        }
    }

    /// nft's word for a kind of stateful object.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `NFT_OBJECT_*`.
    public static func kind(ofObject type: UInt32) -> String {
        let names: [UInt32: String] = [
            1: "counter", 2: "quota", 3: "ct helper", 4: "limit", 5: "ct limit", 6: "tunnel",
            7: "ct timeout", 8: "secmark", 9: "ct expectation", 10: "synproxy",
        ]
        return names[type] ?? "object type \(type)"
    }
}
