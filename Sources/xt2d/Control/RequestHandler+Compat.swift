import Glibc
import NIOPosix
import NetlinkProto

extension RequestHandler {
    /// Hands the question which revision of an xt extension there is on to the kernel.
    ///
    /// Why here: the kernel answers nobody but who may change its rules, and readers parse rules too.
    func tellRevision(
        _ message: [UInt8], _ header: MessageHeader, _ replies: inout ReplyStream
    ) async throws {
        let query = try RequestHandler.compatQuery(message)
        let answer = try await dumps.runIfActive { () throws(Refusal) in
            do throws(KernelError) {
                return try KernelLink().compat(query)
            } catch {
                throw Refusal(
                    error.errno,
                    "The kernel has no revision \(query.revision) of the \(query.isTarget ? "target" : "match") "
                        + "\(query.name): \(errorText(error.errno)).")
            }
        }
        let reply = MessageHeader(type: .getCompat, sequence: header.sequence)
        try await replies.add { answer.write(reply, to: &$0) }
        try await replies.acknowledge(header)
    }

    private static func compatQuery(_ message: [UInt8]) throws(Refusal) -> CompatMessage {
        do throws(WireError) {
            var reader = MessageReader(message.span.bytes)
            guard let view = try reader.next() else {
                throw WireError(.truncated, "an empty message")
            }
            return try CompatMessage(view)
        } catch {
            throw Refusal(unreadable: error)
        }
    }
}
