/// A JSON text in the making; the members of an object keep their order.
///
/// - Source: RFC 8259.
public enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number.
    case int(Int64)
    /// A whole number; those over 2^53 are exact in the text, though not every reader keeps them so.
    case uint(UInt64)
    /// Text.
    case string(String)
    /// Values in order.
    case array([JSONValue])
    /// Names and values in order.
    case object([(String, JSONValue)])

    /// The text, with a line for each value if `indent` is set.
    public func encoded(indent: Bool = true) -> String {
        var text = ""
        write(to: &text, indent ? 0 : nil)
        return text
    }

    private func write(to text: inout String, _ depth: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += "\(value)"
        case .uint(let value): text += "\(value)"
        case .string(let value): JSONValue.write(value, to: &text)
        case .array(let values):
            JSONValue.write(values, "[", "]", to: &text, depth) { value, text, depth in
                value.write(to: &text, depth)
            }
        case .object(let members):
            JSONValue.write(members, "{", "}", to: &text, depth) { member, text, depth in
                JSONValue.write(member.0, to: &text)
                text += depth == nil ? ":" : ": "
                member.1.write(to: &text, depth)
            }
        }
    }

    private static func write<Part>(
        _ parts: [Part], _ open: String, _ close: String, to text: inout String, _ depth: Int?,
        _ part: (Part, inout String, Int?) -> Void
    ) {
        text += open
        let inner = depth.map { $0 + 1 }
        for (index, value) in parts.enumerated() {
            if index > 0 { text += "," }
            newLine(inner, &text)
            part(value, &text, inner)
        }
        if !parts.isEmpty { newLine(depth, &text) }
        text += close
    }

    private static func newLine(_ depth: Int?, _ text: inout String) {
        guard let depth else { return }
        text += "\n" + String(repeating: "  ", count: depth)
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
