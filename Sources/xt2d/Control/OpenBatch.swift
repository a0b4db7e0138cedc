import Glibc
import NetlinkProto

/// A batch whose end has not come yet.
struct OpenBatch {
    let header: MessageHeader
    let options: BatchOptions
    var share: BatchQueue.Share
    /// Whether the client may do this at all; if not, nothing is kept.
    let isAllowed: Bool
    var received = ReceivedEdits()
    var refusal: Refusal?

    /// Reads an edit and keeps it for when the batch is whole; of a user who may not write anything, nothing is kept.
    mutating func collect(_ message: [UInt8], for handler: RequestHandler) {
        guard refusal == nil, isAllowed else { return }
        let limits = handler.configuration.limits
        if received.byteCount + message.count > limits.batchBytes {
            refuse(
                Refusal(
                    EMSGSIZE, "The batch is larger than \(limits.batchBytes) bytes; make several."),
                handler.queue)
        } else if !share.take(message.count, limit: limits.queueBytes) {
            refuse(
                Refusal(
                    EAGAIN,
                    "The batches that wait to be carried out take \(limits.queueBytes) bytes already; try again later."
                ), handler.queue)
        } else {
            received.take(
                message, workingAheadOn: options.candidate == nil ? handler.published : nil)
        }
    }

    /// Keeps nothing of the batch any more; its client is told at its end.
    private mutating func refuse(_ refusal: Refusal, _ queue: BatchQueue) {
        self.refusal = refusal
        // First: to free many edits takes time, in which others would be refused as well.
        share = BatchQueue.Share(queue)
        received = ReceivedEdits()
    }
}
