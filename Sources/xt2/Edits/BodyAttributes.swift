import NetlinkProto

/// The body of a table or a chain, as `xt2 save` writes it when there are no options for all that is in it.
enum BodyAttributes {
    /// Reads a body from two hexadecimal digits a byte.
    ///
    /// - Throws: a usage error if these are no bytes, or bytes of something else.
    static func read<Body: AttributeBody>(
        _ text: String, _: Body.Type
    ) throws(CommandError) -> Body {
        guard let bytes = Hex.bytes(text) else { throw notHex }
        do {
            return try Body(encoded: bytes)
        } catch {
            throw damaged(error)
        }
    }

    /// For what is not two hexadecimal digits a byte.
    static let notHex = CommandError(
        .usage, "--attributes takes two hexadecimal digits a byte.")

    /// For bytes of something else.
    static func damaged(_ error: WireError) -> CommandError {
        CommandError(.usage, "the bytes behind --attributes are damaged: \(error).")
    }
}
