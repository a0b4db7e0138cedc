import Glibc
import Logging
import NIOCore
import NetlinkProto
import Synchronization

/// Since when a client's conversation waits for the rest of a message or batch.
final class ClientPause: Sendable {
    private let start = Mutex<NIODeadline?>(nil)

    /// When it began to wait; nil while it does not.
    var since: NIODeadline? { start.withLock { $0 } }

    /// Says that the rest is waited for, or not.
    func set(_ waits: Bool) {
        start.withLock { $0 = waits ? .now() : nil }
    }
}

/// Ends the connections of clients that stop in the middle of a message, or do not read their replies.
///
/// What waits for a client is bounded: a session goes on writing only while less than ``buffered`` waits.
final class StallHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// When a session stops to write, and when it goes on, in bytes.
    static let buffered = ChannelOptions.Types.WriteBufferWaterMark(low: 64 << 10, high: 256 << 10)

    private let pause: ClientPause
    private let configuration: LiveConfiguration
    private let log: Logger
    private var lastRead = NIODeadline.now()
    private var pauseTimer: Scheduled<Void>?
    private var stallTimer: Scheduled<Void>?

    init(_ pause: ClientPause, configuration: LiveConfiguration, log: Logger) {
        self.pause = pause
        self.configuration = configuration
        self.log = log
    }

    func channelActive(context: ChannelHandlerContext) {
        watchPause(context, for: pauseLimit)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        pauseTimer?.cancel()
        stallTimer?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        pauseTimer?.cancel()
        stallTimer?.cancel()
        context.fireChannelInactive()
    }

    // MARK: A client that stops sending

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = .now()
        context.fireChannelRead(data)
    }

    private var pauseLimit: TimeAmount {
        .seconds(Int64(configuration.limits.pauseSeconds))
    }

    /// One timer that is set again when it rings, not with every read.
    private func watchPause(_ context: ChannelHandlerContext, for time: TimeAmount) {
        pauseTimer = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.checkPause(context)
        }
    }

    private func checkPause(_ context: ChannelHandlerContext) {
        let limit = pauseLimit
        guard let since = pause.since else { return watchPause(context, for: limit) }
        let elapsed = NIODeadline.now() - max(since, lastRead)
        if elapsed < limit { return watchPause(context, for: limit - elapsed) }
        let seconds = limit.nanoseconds / 1_000_000_000
        log.notice("a client stopped in the middle of a message; its connection is closed")
        tell(
            context,
            "Nothing came for \(seconds) s in the middle of a message or batch (pause-timeout). The connection is closed."
        )
    }

    private func tell(_ context: ChannelHandlerContext, _ message: String) {
        var writer = MessageWriter()
        Acknowledgement(
            errno: ETIMEDOUT, request: MessageHeader(type: .noop), message: message, offset: nil
        ).write(to: &writer, port: .kernel)
        let bytes = (try? writer.finish()) ?? []
        // Past the handlers behind this one: they would hold it back while the client does not read.
        context.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
        context.close(promise: nil)
    }

    // MARK: A client that does not read

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stallTimer?.cancel()
        stallTimer = nil
        if !context.channel.isWritable {
            let seconds = Int64(configuration.limits.stallSeconds)
            stallTimer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) {
                self.log.notice(
                    "a client did not read its replies; its connection is closed",
                    metadata: ["seconds": "\(seconds)"])
                context.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }
}
