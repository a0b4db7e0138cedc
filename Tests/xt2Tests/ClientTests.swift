import Glibc
import NetlinkProto
import TestSupport
import Testing

@testable import xt2

/// The client's side of the protocol: framing, where a reply ends, what a failure is.
@Suite struct ClientTests {
    private func versionList(_ count: UInt64) -> [UInt8] {
        var reply = ReplyWriter(to: .first)
        for number in 1...count {
            var version = Sample.version
            version.version = number
            reply = reply.part(.newVersion, version, multipart: true)
        }
        return reply.done().bytes
    }

    @Test func listEndsWithDone() throws {
        let pair = try SocketPair()
        pair.write(versionList(3))
        var client = Client(UnixSocket(descriptor: pair.near))
        let versions = try client.all(
            .getVersion, VersionRequest(), .newVersion, VersionMessage.self)
        #expect(versions.map(\.version) == [1, 2, 3])
    }

    /// A stream may be cut anywhere; whoever reads from it must not notice.
    @Test func replyInSingleBytes() throws {
        let pair = try SocketPair()
        let bytes = versionList(2)
        let writer = Background { for byte in bytes { pair.write([byte]) } }
        var client = Client(UnixSocket(descriptor: pair.near))
        let versions = try client.all(
            .getVersion, VersionRequest(), .newVersion, VersionMessage.self)
        writer.wait()
        #expect(versions.map(\.version) == [1, 2])
    }

    @Test func requestIsOneMessage() throws {
        let pair = try SocketPair()
        pair.write(ReplyWriter(to: .first).acknowledged().bytes)
        var client = Client(UnixSocket(descriptor: pair.near))
        try client.request(.deleteCandidate, CandidateMessage(id: 5))
        var decoder = FrameDecoder()
        decoder.append(pair.read())
        let message = try #require(try decoder.next())
        #expect(try decoder.next() == nil && decoder.pendingBytes == 0)
        var reader = MessageReader(message.span.bytes)
        guard let view = try reader.next() else { throw WireError(.truncated, "nothing") }
        let header = view.header
        let body = try CandidateMessage(view)
        #expect(header.type == .deleteCandidate)
        #expect(header.flags == [.request, .acknowledge])
        #expect(header.sequence.rawValue != 0)
        #expect(body == CandidateMessage(id: 5))
    }

    @Test(
        arguments: [
            (EPERM, 77), (EACCES, 77), (ERESTART, 75), (EAGAIN, 75), (ESHUTDOWN, 69), (ENOENT, 1),
            (EINVAL, 1), (EMLINK, 1), (ENOSPC, 1), (EROFS, 1),
        ] as [(Int32, Int32)])
    func refusals(errno: Int32, status: Int32) throws {
        let pair = try SocketPair()
        pair.write(ReplyWriter(to: .first).acknowledged(errno, "No, because.").bytes)
        var client = Client(UnixSocket(descriptor: pair.near))
        do throws(CommandError) {
            try client.request(.commit, CandidateMessage(id: 5))
            Issue.record("not refused")
        } catch {
            #expect(error.kind.rawValue == status)
            #expect(error.message == "No, because.")
        }
    }

    @Test func refusalWithoutText() throws {
        #expect(
            CommandError(Acknowledgement(errno: ENOSPC, request: .any)).message
                == "No space left on device")
    }

    @Test(
        arguments: [
            [], [16, 0, 0, 0, 3], [8, 0, 0, 0] + Array(repeating: 0, count: 12),
            [255, 255, 255, 255] + Array(repeating: 0, count: 12),
        ] as [[UInt8]])
    func brokenReplies(bytes: [UInt8]) throws {
        let pair = try SocketPair()
        pair.write(bytes)
        pair.closeFar()
        var client = Client(UnixSocket(descriptor: pair.near))
        do throws(CommandError) {
            try client.request(.commit, CandidateMessage(id: 5))
            Issue.record("no error")
        } catch {
            #expect([.absent, .internal].contains(error.kind))
        }
    }

    @Test func replyThatDescribesNothing() throws {
        let pair = try SocketPair()
        pair.write(ReplyWriter(to: .first).acknowledged().bytes)
        var client = Client(UnixSocket(descriptor: pair.near))
        do throws(CommandError) {
            _ = try client.one(.getStatus, NoAttributes(), .newStatus, StatusMessage.self)
            Issue.record("no error")
        } catch {
            #expect(error.kind == .internal)
        }
    }

    /// A daemon may refuse a batch before it has read all of it; what it said must not get lost.
    @Test func refusalOfABatchThatIsStillBeingSent() throws {
        let pair = try SocketPair()
        pair.write(ReplyWriter(to: .first).acknowledged(E2BIG, "Too large.").bytes)
        pair.closeFar()
        var client = Client(UnixSocket(descriptor: pair.near))
        let edit = try BatchLine.edit(["flush", "filter"])
        let batch = EditBatch(
            edits: Array(repeating: edit, count: 50_000), options: BatchOptions(), echo: false)
        do throws(EditFailure) {
            _ = try client.commit(batch)
            Issue.record("not refused")
        } catch {
            #expect(error.error.message == "Too large.")
            #expect(error.index == nil)
        }
    }

    @Test func batchHasTheShapeOfAKernelBatch() throws {
        let edits = try ["flush filter input", "append filter input -j ACCEPT"].map {
            try BatchLine.edit($0.split(separator: " ").map(String.init))
        }
        let batch = EditBatch(
            edits: edits, options: BatchOptions(reason: "why", candidate: 3), echo: true)
        var writer = MessageWriter()
        batch.write(first: SequenceNumber(10), to: &writer)
        let bytes = try writer.finish()
        var reader = MessageReader(bytes.span.bytes)
        var headers: [MessageHeader] = []
        var options: BatchOptions?
        while let view = try reader.next() {
            headers.append(view.header)
            if view.header.type == .batchBegin { options = try BatchOptions(view) }
        }
        #expect(headers.map(\.type) == [.batchBegin, .deleteRule, .newRule, .batchEnd])
        #expect(headers.map(\.sequence.rawValue) == [10, 11, 12, 13])
        #expect(headers[1].flags == .request)
        #expect(headers[2].flags == [.request, .create, .append, .echo])
        #expect(options == BatchOptions(reason: "why", candidate: 3))
        let numbers = (9...14).map { SequenceNumber($0) }
        #expect(
            numbers.map { batch.index(of: $0, first: SequenceNumber(10)) }
                == [nil, nil, 0, 1, nil, nil])
    }
}
