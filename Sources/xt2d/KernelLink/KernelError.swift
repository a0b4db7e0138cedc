import NetlinkProto

/// What the kernel, or a system call on the way to it, refused.
struct KernelError: Error, Sendable {
    /// Where the refusal came from.
    enum Origin: Sendable, Equatable {
        /// A system call failed before the kernel saw the request.
        case systemCall(String)
        /// The kernel acknowledged a message with an error.
        case acknowledgement
        /// Bytes from the kernel could not be read.
        case reply
    }

    /// A positive error number.
    var errno: Int32
    /// Where the refusal came from.
    var origin: Origin
    /// The sequence number of the message at fault, where one is.
    var sequence: SequenceNumber?
    /// What the kernel says about it (extended ACK); may be empty.
    var text: String = ""

    /// For people: what failed and what the kernel says.
    var description: String {
        let reason = text.isEmpty ? errorText(errno) : "\(errorText(errno)) (\(text))"
        return switch origin {
        case .systemCall(let name): "\(name): \(reason)"
        case .acknowledgement: reason
        case .reply: "reply from the kernel: \(reason)"
        }
    }
}
