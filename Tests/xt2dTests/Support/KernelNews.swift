import NetlinkProto
import RuleStore

@testable import xt2d

/// What the kernel tells of commits, written as it writes it.
enum KernelNews {
    static func message(
        _ type: MessageType, _ flags: MessageFlags = [], port: UInt32 = 99,
        _ body: (MessageHeader, inout MessageWriter) -> Void
    ) -> [UInt8] {
        var writer = MessageWriter()
        body(
            MessageHeader(type: type, flags: flags, port: PortID(rawValue: port)), &writer)
        return writer.bytes
    }

    /// A rule was made behind the one with handle `behind`, or at an end of the chain.
    static func newRule(
        _ handle: UInt64, behind: UInt64? = nil, appends: Bool = true, chain: String = "c",
        table: String = "t", port: UInt32 = 99, _ body: RuleBody
    ) -> [UInt8] {
        message(.newRule, appends ? .append : [], port: port) { header, writer in
            RuleMessage(
                family: .inet, table: table, chain: chain, handle: Handle(handle),
                position: behind.map { Handle($0) }, body: body
            ).write(header, to: &writer)
        }
    }

    static func deleteRule(_ handle: UInt64, chain: String = "c") -> [UInt8] {
        message(.deleteRule) { header, writer in
            RuleMessage(family: .inet, table: "t", chain: chain, handle: Handle(handle))
                .write(header, to: &writer)
        }
    }

    static func newChain(_ name: String) -> [UInt8] {
        message(.newChain) { header, writer in
            ChainMessage(family: .inet, table: "t", name: name, handle: Handle(50))
                .write(header, to: &writer)
        }
    }

    /// A flowtable with devices; without, nothing is told but its name.
    static func flowtable(_ type: MessageType, _ devices: [String]) -> [UInt8] {
        message(type) { header, writer in
            writer.message(header) { writer in
                writer.netfilterHeader(family: .inet)
                writer.attribute(1, string: "t")
                writer.attribute(2, string: "f")
                guard !devices.isEmpty else { return }
                writer.nest(3) { writer in
                    writer.attribute(1, uint32: 0)
                    writer.attribute(2, uint32: 0)
                    writer.nest(3) { writer in
                        for device in devices { writer.attribute(1, string: device) }
                    }
                }
            }
        }
    }

    /// The end of a commit.
    static func generation(_ number: UInt32, pid: UInt32 = 4_242, name: String = "nft") -> [UInt8] {
        message(.newGeneration) { header, writer in
            writer.message(header) { writer in
                writer.netfilterHeader(family: .unspecified)
                writer.attribute(1, uint32: number)
                writer.attribute(2, uint32: pid)
                writer.attribute(3, string: name)
            }
        }
    }

    /// A commit of a process, as the monitor hands it on.
    static func commit(
        _ generation: UInt32, pid: Int32 = 4_242, _ messages: [UInt8]...
    ) -> KernelCommit {
        KernelCommit(
            generation: GenerationID(rawValue: generation),
            origin: ForeignProcess(pid: pid, name: "nft", uid: 0, gid: 0),
            time: .init(rawValue: Int64(generation)), messages: messages)
    }
}
