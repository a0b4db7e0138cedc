import Glibc
import NetlinkProto

/// Why a request was not carried out, as it is told to the client and written to the audit log.
struct Refusal: Error, Sendable {
    /// Whose fault it is; the audit log tells them apart.
    enum Outcome: String, Sendable {
        /// The request cannot be done, or not by this user.
        case refused
        /// It could have been done, but the kernel or the disk failed.
        case failed
    }

    /// A positive error number.
    var errno: Int32
    /// Sentences for people: what was refused, and what to do.
    var message: String
    /// The client's message at fault; nil for the request as a whole.
    var sequence: SequenceNumber?
    /// Bytes from the start of that message to the attribute at fault.
    var offset: Int?
    /// Whose fault it is.
    var outcome = Outcome.refused
    /// Whether the audit log has it already.
    var isAudited = false
    /// Whether the client lacks a right; such attempts are many, and not each gets an audit entry of its own.
    var isDenial = false

    /// A refusal of the request as a whole, unless more is known.
    init(_ errno: Int32, _ message: String, outcome: Outcome = .refused) {
        self.errno = errno
        self.message = message
        self.outcome = outcome
    }

    /// The refusal of a user who lacks a right.
    init(lacking right: Right, uid: UInt32, configuration: String) {
        self.init(
            EPERM,
            "User \(uid) may not \(right.deed): the right '\(right.rawValue)' is missing. Root can give it in section [access] of \(configuration), or try sudo."
        )
        isDenial = true
    }

    /// The same refusal with one more sentence.
    func adding(_ sentence: String) -> Refusal {
        var refusal = self
        refusal.message += " " + sentence
        return refusal
    }

    /// The same refusal, laid to one of the client's messages.
    func at(_ sequence: SequenceNumber, offset: Int? = nil) -> Refusal {
        var refusal = self
        if refusal.sequence == nil {
            refusal.sequence = sequence
            refusal.offset = offset ?? self.offset
        }
        return refusal
    }
}
