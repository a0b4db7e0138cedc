/// What the guard knows about this host: which addresses are its own, and through which interface others are reached.
struct HostKnowledge: Sendable {
    /// Those of the addresses it was asked for that are the host's own.
    var addresses: Set<[UInt8]> = []
    /// The interface through which an address is reached, where that was found out.
    var interfaces: [[UInt8]: InterfaceKnowledge] = [:]

    /// Whether an address is the host's own.
    func isLocal(_ address: [UInt8]) -> Bool {
        if address.count == 4 && address[0] == 127 { return true }
        return addresses.contains(address)
    }

    /// The way of a packet through the hooks.
    ///
    /// What comes from an address is taken to come in where packets to it go out.
    func route(from source: [UInt8], to destination: [UInt8]) -> PacketRoute {
        switch (isLocal(source), isLocal(destination)) {
        case (true, true):
            PacketRoute(
                hooks: [
                    PacketRoute.output, PacketRoute.postrouting, PacketRoute.egress,
                    PacketRoute.ingress, PacketRoute.prerouting, PacketRoute.input,
                ], input: .loopback, output: .loopback)
        case (false, true):
            PacketRoute(
                hooks: [PacketRoute.ingress, PacketRoute.prerouting, PacketRoute.input],
                input: interface(to: source), output: .none)
        case (true, false):
            PacketRoute(
                hooks: [PacketRoute.output, PacketRoute.postrouting, PacketRoute.egress],
                input: .none, output: interface(to: destination))
        case (false, false):
            PacketRoute(
                hooks: [
                    PacketRoute.ingress, PacketRoute.prerouting, PacketRoute.forward,
                    PacketRoute.postrouting, PacketRoute.egress,
                ],
                input: interface(to: source), output: interface(to: destination))
        }
    }

    private func interface(to address: [UInt8]) -> InterfaceKnowledge {
        interfaces[address] ?? .notLoopback
    }
}
