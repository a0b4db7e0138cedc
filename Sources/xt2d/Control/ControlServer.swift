import CMnl
import Glibc
import Logging
import NIOCore
import NIOPosix
import NetlinkProto
import ServiceLifecycle

/// Accepts clients on the control socket and talks to each in a task of its own.
///
/// A client that sends garbage, or does not read its replies, holds up its own task and nobody else's.
struct ControlServer: Service {
    private let socket: ControlSocket
    private let handler: RequestHandler
    private let group: any EventLoopGroup
    private let log: Logger

    init(
        _ socket: ControlSocket, handler: RequestHandler, group: any EventLoopGroup, log: Logger
    ) {
        self.socket = socket
        self.handler = handler
        self.group = group
        self.log = log
    }

    private typealias Client = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Serves until the service group shuts down.
    ///
    /// A commit that is being carried out is finished, but its client may not hear of it: the connection is closed.
    func run() async throws {
        let server = try await ServerBootstrap(group: group)
            // A client that has said all it wants still waits for the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(socket.descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Client(wrappingChannelSynchronously: channel)
                }
            }
        log.info("listening", metadata: ["socket": "\(socket.path)"])
        SystemdNotifier.notify("READY=1")
        await withGracefulShutdownHandler {
            await accept(server)
        } onGracefulShutdown: {
            SystemdNotifier.notify("STOPPING=1")
            server.channel.close(promise: nil)
        }
        socket.remove()
    }

    private func accept(_ server: NIOAsyncChannel<Client, Never>) async {
        do {
            try await withThrowingDiscardingTaskGroup { tasks in
                try await server.executeThenClose { clients in
                    for try await client in clients {
                        tasks.addTask { await serve(client) }
                    }
                }
                // Idle clients would keep the daemon alive; what is being committed cannot be cancelled.
                tasks.cancelAll()
            }
        } catch {
            log.error("the control socket failed", metadata: ["error": "\(error)"])
        }
    }

    private func serve(_ client: Client) async {
        do {
            let peer = try await ControlServer.peer(of: client.channel)
            guard handler.status.admit(peer) else {
                return try await turnAway(client)
            }
            defer { handler.status.releaseClient() }
            try await converse(client, peer)
        } catch {
            log.debug("a client went away", metadata: ["error": "\(error)"])
        }
    }

    private func converse(_ client: Client, _ peer: Peer) async throws {
        try await client.executeThenClose { inbound, outbound in
            var session = Session(peer, handler: handler, outbound: outbound)
            for try await buffer in inbound {
                guard try await session.receive(buffer.readableBytesView) else { break }
            }
        }
    }

    private func turnAway(_ client: Client) async throws {
        try await client.executeThenClose { _, outbound in
            var replies = ReplyStream(outbound)
            try await replies.acknowledge(
                MessageHeader(type: .noop), errno: EAGAIN,
                message: "There are too many clients already; try again later.")
            try await replies.flush()
        }
    }

    /// Who is at the other end; the kernel fixed it when the client connected.
    ///
    /// - Source: unix(7), SO_PEERCRED.
    private static func peer(of channel: any Channel) async throws -> Peer {
        guard let provider = channel as? any SocketOptionProvider else {
            throw StartError("This channel is not a socket.")
        }
        let option =
            provider.unsafeGetSocketOption(
                level: .socket, name: .init(rawValue: SO_PEERCRED))
            as EventLoopFuture<xt2_peer_credentials>
        let credentials = try await option.get()
        return Peer(uid: credentials.uid, gid: credentials.gid, pid: credentials.pid)
    }
}
