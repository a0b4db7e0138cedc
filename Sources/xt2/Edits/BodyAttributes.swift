import NetlinkProto

/// The body of a table or a chain, as `xt2 save` writes it when there are no options for all that is in it.
enum BodyAttributes {
    /// Reads a body from two hexadecimal digits a byte.
    ///
    /// - Throws: a usage error if these are no bytes, or bytes of something else.
    static func read<Body: AttributeBody>(
        _ text: String, _: Body.Type
    ) throws(CommandError) -> Body {
        try read(text) { (bytes) throws(WireError) in try Body(encoded: bytes) }
    }

    /// What `make` makes of the bytes that two hexadecimal digits each stand for.
    ///
    /// - Throws: a usage error if these are no bytes, or `make` finds them to be those of something else.
    static func read<Value>(
        _ text: String, _ make: ([UInt8]) throws(WireError) -> Value
    ) throws(CommandError) -> Value {
        guard let bytes = Hex.bytes(text) else {
            throw CommandError(.usage, "--attributes takes two hexadecimal digits a byte.")
        }
        do {
            return try make(bytes)
        } catch {
            throw CommandError(.usage, "the bytes behind --attributes are damaged: \(error).")
        }
    }
}
