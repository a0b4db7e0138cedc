import NetlinkProto

/// Where an object is in the kernel: its handle, and of a rule the part of its chain.
///
/// - Shape: one number, as the store keeps it: the part in the upper 16 bits, the handle in the others. The kernel counts the handles
///   of a table from 1 on (linux `nf_tables_api.c`, `nf_tables_alloc_handle`), and does not come that far.
struct KernelPlace: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(_ handle: Handle, in part: ChainPart = .chain) {
        rawValue = UInt64(part.number) << 48 | handle.rawValue & KernelPlace.handleBits
    }

    private static let handleBits: UInt64 = 1 << 48 - 1

    /// The handle that the kernel gave.
    var handle: Handle { Handle(rawValue & KernelPlace.handleBits) }

    /// The part of its chain in which a rule stands.
    var part: ChainPart { ChainPart(number: UInt16(truncatingIfNeeded: rawValue >> 48)) }

    /// What the kernel calls the chain or part in which a rule of this chain stands.
    func chain(_ chain: String) -> String { part == .chain ? chain : part.name }
}
