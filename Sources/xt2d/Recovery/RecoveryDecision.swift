import RuleStore

/// What has to be done at start, decided from what store and kernel say.
///
/// Pure: no I/O.
///
/// Invariant 2 of the design: after a crash the marker tells which version is live; nothing is guessed.
struct RecoveryDecision: Equatable {
    /// What becomes of a version that was on disk but not marked as head.
    enum Pending: Equatable {
        /// There is none.
        case none
        /// It is the head: the kernel runs it, or the kernel has been restarted and its author may have been told of success.
        case finish
        /// The kernel never took it, so nobody was told of success.
        case drop
    }

    /// How the kernel is brought to the head.
    enum KernelWork: Equatable {
        /// Nothing has happened since the daemon last looked: no dump.
        case trust
        /// Read what is there and send what differs.
        case compare
    }

    var pending: Pending
    var kernelWork: KernelWork
    /// Whether there is nothing of this store in the kernel, as after a reboot.
    var kernelIsEmpty: Bool
    /// A version whose tables may still be in the kernel, beside those of the head.
    var leftover: VersionID?

    /// What store and kernel say.
    struct Findings {
        var uuid: [UInt8]
        var head: VersionID
        var pending: VersionID?
        /// The version that this start itself has prepared, to take back one that nobody confirmed.
        var prepared: VersionID?
        /// The newest version that this daemon put into the kernel; nil if that is the head.
        ///
        /// The marker does not follow foreign versions.
        var lastOwn: VersionID?
        var marker: Marker?
        /// The kernel's state when the store last saw it.
        var recorded: KernelState?
        /// The kernel's state now.
        var current: KernelState

        /// Whether only foreign versions came between the marker's and the live one.
        fileprivate func isOvertaken(_ marked: VersionID, _ live: VersionID) -> Bool {
            guard let lastOwn else { return false }
            return marked >= lastOwn && marked <= live
        }
    }

    /// Why the daemon must not start.
    enum Obstacle: Error, Equatable {
        /// The kernel carries a version of another store.
        case otherStore(Marker)
    }

    /// Decides.
    init(_ findings: Findings) throws(Obstacle) {
        kernelIsEmpty = findings.marker == nil
        guard let marker = findings.marker else {
            pending = findings.pending == nil ? .none : .finish
            kernelWork = .compare
            return
        }
        guard marker.uuid == findings.uuid else { throw .otherStore(marker) }
        if let version = findings.pending {
            pending = marker.version == version || findings.prepared == version ? .finish : .drop
        } else {
            pending = .none
        }
        let live = pending == .finish ? findings.pending ?? findings.head : findings.head
        // The handles of a version that was just finished are not in the store, so it is read.
        let isLive = marker.version == live || findings.isOvertaken(marker.version, live)
        let isKnown = pending != .finish && isLive
        kernelWork = isKnown && findings.recorded == findings.current ? .trust : .compare
        leftover = isLive ? nil : marker.version
    }
}
