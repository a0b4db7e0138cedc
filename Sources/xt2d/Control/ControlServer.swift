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
    private let loop: any EventLoop
    private let log: Logger

    /// - Parameter loop: accepts, reads, writes, and carries out what is short.
    init(_ socket: ControlSocket, handler: RequestHandler, loop: any EventLoop, log: Logger) {
        self.socket = socket
        self.handler = handler
        self.loop = loop
        self.log = log
    }

    private typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// A connection that was just accepted.
    private struct Client: Sendable {
        let channel: Channel
        let credentials: PeerCredentials?
        let pause: ClientPause
    }

    /// Serves until the service group shuts down.
    ///
    /// A commit that is being carried out is finished, but its client may not hear of it: the connection is closed.
    func run() async throws {
        let server = try await ServerBootstrap(group: loop)
            // A client that has said all it wants still waits for the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: StallHandler.buffered)
            .bind(socket.descriptor) { channel in
                channel.eventLoop.makeCompletedFuture { try client(channel) }
            }
        log.info("listening", metadata: ["socket": "\(socket.path)"])
        SystemdNotifier.notify("READY=1", log: log)
        await withGracefulShutdownHandler {
            await withTaskExecutorPreference(LoopExecutor(loop)) { await accept(server) }
        } onGracefulShutdown: {
            SystemdNotifier.notify("STOPPING=1", log: log)
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

    /// Runs on the channel's event loop.
    private func client(_ channel: any NIOCore.Channel) throws -> Client {
        let pipeline = channel.pipeline.syncOperations
        let credentials = try pipeline.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { PeerCredentials($0) }
        let pause = ClientPause()
        var log = log
        if let who = credentials ?? nil {
            log[metadataKey: "uid"] = "\(who.uid)"
            log[metadataKey: "pid"] = "\(who.pid)"
        }
        try pipeline.addHandler(
            StallHandler(pause, configuration: handler.configuration, log: log))
        return Client(
            channel: try Channel(wrappingChannelSynchronously: channel),
            credentials: credentials ?? nil, pause: pause)
    }

    private func serve(_ client: Client) async {
        do {
            guard let credentials = client.credentials else {
                throw StartError("The kernel does not say who a client is.")
            }
            let peer = Peer(credentials)
            do throws(Refusal) {
                try handler.places.admit(peer)
            } catch {
                log.notice(
                    "a client was turned away",
                    metadata: ["uid": "\(peer.uid)", "reason": "\(error.message)"])
                return try await turnAway(client, error)
            }
            defer { handler.places.release(peer) }
            try await converse(client, peer)
        } catch {
            log.debug("a client went away", metadata: ["error": "\(error)"])
        }
    }

    private func converse(_ client: Client, _ peer: Peer) async throws {
        try await client.channel.executeThenClose { inbound, outbound in
            var session = Session(peer, handler: handler, outbound: outbound)
            do {
                for try await buffer in inbound {
                    client.pause.set(false)
                    guard try await session.receive(buffer) else { break }
                    client.pause.set(session.waitsForMore)
                    // What comes in one stream must not keep others from their turn.
                    if session.waitsForMore { await Task.yield() }
                }
            } catch {
                await session.end()
                throw error
            }
            await session.end()
        }
    }

    private func turnAway(_ client: Client, _ refusal: Refusal) async throws {
        try await client.channel.executeThenClose { _, outbound in
            var replies = ReplyStream(outbound)
            try await replies.refuse(MessageHeader(type: .noop), refusal)
            try await replies.flush()
        }
    }
}
