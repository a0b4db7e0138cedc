/// The messages that begin and end a batch, to the kernel and on the control socket alike.
///
/// - Shape: `nfgenmsg` with `res_id` = `NFNL_SUBSYS_NFTABLES`; BEGIN may carry GENID (1, be32) and,
///   on the control socket, the attributes of ``BatchOptions``.
/// - Source: linux `nfnetlink.c`, `nfnetlink_rcv_batch`.
public enum Batch {
    /// Starts a batch that the kernel refuses with ERESTART unless its generation is `generation`.
    public static func begin(
        sequence: SequenceNumber, generation: GenerationID? = nil, to writer: inout MessageWriter
    ) {
        let header = MessageHeader(type: .batchBegin, flags: .request, sequence: sequence)
        writer.message(header) { writer in
            writer.netfilterHeader(
                family: .unspecified, resource: UInt16(MessageType.nfTablesSubsystem))
            if let generation { writer.attribute(1, uint32: generation.rawValue) }
        }
    }

    /// Ends a batch; only then is it carried out.
    public static func end(sequence: SequenceNumber, to writer: inout MessageWriter) {
        let header = MessageHeader(type: .batchEnd, flags: .request, sequence: sequence)
        writer.message(header) { writer in
            writer.netfilterHeader(
                family: .unspecified, resource: UInt16(MessageType.nfTablesSubsystem))
        }
    }
}
