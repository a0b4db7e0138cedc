import NetlinkProto
import TestSupport
import Testing

/// What a test knows of the versions that a daemon has acknowledged: each as nft showed it when it was live.
struct Chronicle {
    private(set) var outlines: [UInt64: [String: [String]]] = [:]
    /// The newest of them.
    private(set) var head: UInt64 = 0
    /// The oldest that must be readable.
    var oldest: UInt64 = 1

    /// Takes note of what is live now.
    mutating func note(_ daemon: Daemon) throws {
        let kernel = try daemon.kernel()
        head = try #require(kernel.markedVersion)
        outlines[head] = kernel.outline
    }

    /// What must hold after any fault: the kernel runs a version of the store; each acknowledged version is there; none is live
    /// that was refused; the audit chain is whole.
    ///
    /// - Parameters:
    ///   - outcome: what became of the version after the last that was noted.
    ///   - wanted: what the kernel shows if that is live.
    mutating func expectKept(
        by daemon: Daemon, _ outcome: Outcome, wanted: [String: [String]]?, _ what: Comment
    ) throws {
        let client = try daemon.connect()
        let versions = try client.versions().map(\.version)
        let live = try #require(versions.first)
        let kernel = try daemon.kernel()
        #expect(versions == Array((1...live).reversed()), what)
        #expect(kernel.markedVersion == live, what)
        #expect(try client.ruleset().outline == kernel.outline, what)
        #expect(try client.ruleset(live).outline == kernel.outline, what)
        switch outcome {
        case .acknowledged: #expect(live == head + 1, what)
        case .refused: #expect(live == head, what)
        case .unknown: #expect(live == head || live == head + 1, what)
        }
        if let expected = live == head ? outlines[head] : wanted {
            #expect(kernel.outline == expected, what)
        }
        for (version, outline) in outlines where version >= oldest {
            #expect(try client.ruleset(version).outline == outline, "\(what), version \(version)")
        }
        #expect(try client.auditProblems() == [], what)
        head = live
        outlines[live] = kernel.outline
        // Older ones were looked at often enough.
        if outlines.count > 6, let first = outlines.keys.min() { outlines[first] = nil }
    }
}
