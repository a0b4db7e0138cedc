import NetlinkProto

/// What libFuzzer calls with each input.
///
/// It cuts the input into messages as the control socket does, and reads each with the
/// decoder that its type calls for. Whatever was read must be written and read again as the same
/// bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNetlink(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    var decoder = FrameDecoder()
    decoder.append(bytes)
    while let message = try? decoder.next() {
        do throws(WireError) {
            try exercise(message)
        } catch {
            continue
        }
    }
    return 0
}

private func exercise(_ message: [UInt8]) throws(WireError) {
    guard let written = try rewritten(message) else { return }
    guard let again = try? rewritten(written), again == written else {
        fatalError("what was written reads back as something else")
    }
}

/// The message, decoded and encoded; nil for those that have no encoder.
private func rewritten(_ message: [UInt8]) throws(WireError) -> [UInt8]? {
    var reader = MessageReader(message.span.bytes)
    guard let view = try reader.next() else { return nil }
    var writer = MessageWriter()
    switch view.header.type {
    case .error, .done: try Acknowledgement(view).write(to: &writer, port: .kernel)
    case .batchBegin: try BatchOptions(view).write(view.header, to: &writer)
    case .newTable, .deleteTable: try TableMessage(view).write(view.header, to: &writer)
    case .newChain, .deleteChain: try ChainMessage(view).write(view.header, to: &writer)
    case .newRule, .deleteRule: try RuleMessage(view).write(view.header, to: &writer)
    case .newSet, .deleteSet: try SetMessage(view).write(view.header, to: &writer)
    case .newSetElement, .deleteSetElement:
        try SetElementMessage(view).write(view.header, to: &writer)
    case .newObject, .deleteObject: try ObjectMessage(view).write(view.header, to: &writer)
    case .newGeneration:
        _ = try GenerationMessage(view)
        return nil
    default:
        guard let body = try controlBody(view) else { return nil }
        body.write(view.header, to: &writer)
    }
    return try writer.finish()
}

private func controlBody(_ view: borrowing MessageView) throws(WireError) -> (any ControlBody)? {
    switch view.header.type {
    case .newVersion: try VersionMessage(view)
    case .getVersion: try VersionRequest(view)
    case .newChange: try ChangeMessage(view)
    case .getDiff: try DiffRequest(view)
    case .getRuleset: try RulesetRequest(view)
    case .rollback: try RollbackRequest(view)
    case .newCandidate, .getCandidate, .deleteCandidate, .commit: try CandidateMessage(view)
    case .newAudit: try AuditMessage(view)
    case .getAudit: try AuditRequest(view)
    case .newVerification: try VerificationMessage(view)
    case .newStatus: try StatusMessage(view)
    default: nil
    }
}
