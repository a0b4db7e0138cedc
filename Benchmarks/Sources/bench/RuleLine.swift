/// The rules that are measured with: each has an address and a port of its own.
///
/// All programs get the same rule in their own words; the kernel gets the same expressions of nft, xt2 and the floor.
struct RuleLine {
    let number: Int

    var address: String { "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)" }
    var port: Int { 1 + number % 65_535 }

    /// As iptables and xt2 say it.
    var iptables: [String] { ["-s", address, "-p", "tcp", "--dport", "\(port)", "-j", "ACCEPT"] }
    /// As nft says it.
    var nft: String { "ip saddr \(address) tcp dport \(port) counter accept" }

    /// A rule that is in no ruleset yet.
    static func extra(_ number: Int) -> RuleLine { RuleLine(number: 0xFE_0000 + number) }
}
