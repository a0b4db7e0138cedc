/// Rounds a length up to the netlink alignment of four bytes.
///
/// - Source: linux `include/uapi/linux/netlink.h`: `NLMSG_ALIGN`, `NLA_ALIGN`
///   (`((len) + 4 - 1) & ~(4 - 1)`); both align to the same four bytes.
@inlinable
public func netlinkAligned(_ lengthBytes: Int) -> Int {
    (lengthBytes + 3) & ~3
}
