import NetlinkProto
import RuleStore

/// Where in the kernel the rules of one logical chain stand: in the chain itself, or in a part of it.
///
/// A part is a chain without a hook that nobody else names. The chain itself has one rule for it, which jumps there, so a packet
/// that no rule of the part decides comes back and goes on behind the jump.
///
/// Why: the kernel finds a rule by its handle, and copies all rules of a chain that changes, in time that grows with the chain
/// (linux `nf_tables_api.c`, `__nft_rule_lookup`, `nf_tables_commit_chain_prepare`).
struct ChainPart: Hashable, Sendable {
    /// The part's number in its table, from 1 on; 0 is no part.
    let number: UInt16

    /// The chain itself.
    static let chain = ChainPart(number: 0)

    /// What the names of all parts begin with; no chain of the ruleset is given such a name.
    static let prefix = "_xt2."

    /// What the kernel calls a part.
    var name: String { ChainPart.prefix + String(number) }

    init(number: UInt16) { self.number = number }

    /// Reads a part's name; nil if it is none.
    init?(name: String) {
        guard name.hasPrefix(ChainPart.prefix),
            let number = UInt16(name.dropFirst(ChainPart.prefix.count)), number > 0,
            ChainPart(number: number).name == name
        else { return nil }
        self.number = number
    }

    // MARK: The rule that jumps to it

    /// The first id that no object has: those from here on are of the rules that jump to parts.
    static let firstJump = ObjectID(rawValue: 1 << 62)

    /// The id that the rule which jumps to this part has among handles, and in its userdata; nil in a table with a number beyond
    /// 46 bits.
    func jump(in table: ObjectID) -> ObjectID? {
        guard table.rawValue < 1 << 46 else { return nil }
        return ObjectID(
            rawValue: ChainPart.firstJump.rawValue | table.rawValue << 16 | UInt64(number))
    }

    /// The part that a rule with this id in its userdata jumps to; nil if that is the id of an object.
    init?(jump: ObjectID) {
        guard jump >= ChainPart.firstJump, let number = UInt16(exactly: jump.rawValue & 0xFFFF),
            number > 0
        else { return nil }
        self.number = number
    }

    /// Whether a jump with this id is in a table.
    static func isJump(_ id: ObjectID, in table: ObjectID) -> Bool {
        id >= firstJump && (id.rawValue & ~(1 << 62)) >> 16 == table.rawValue
    }
}

extension RuleBody {
    /// The rule of a chain that jumps to one of its parts.
    init(jumpTo part: ChainPart, userData: [UInt8]) {
        let verdict = ImmediateExpression(
            destination: .verdict, data: .verdict(.jump(part.name)))
        self.init(expressions: [.immediate(verdict)], userData: userData)
    }
}
