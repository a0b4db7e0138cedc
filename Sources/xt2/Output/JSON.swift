import RuleSyntax

extension JSONValue {
    /// A number, or null.
    static func number(_ value: (some BinaryInteger)?) -> JSONValue {
        guard let value else { return .null }
        return UInt64(exactly: value).map(JSONValue.uint) ?? .int(Int64(clamping: value))
    }

    /// A string, or null.
    static func text(_ value: String?) -> JSONValue {
        value.map(JSONValue.string) ?? .null
    }
}
