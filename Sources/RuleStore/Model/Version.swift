/// Why a version was made.
public enum VersionKind: String, CaseIterable, Hashable, Sendable {
    /// A client changed something.
    case edit
    /// A client went back to an older version.
    case rollback
    /// The daemon put right what it found at its start.
    case recovery
    /// Another program changed the kernel's ruleset.
    case foreign
    /// The daemon took back a version that nobody confirmed in time.
    case revert
}

/// A version that is to be made.
public struct NewVersion: Hashable, Sendable {
    /// Its number: one more than the head's.
    public var id: VersionID
    /// When it was asked for.
    public var time: Timestamp
    /// Who asked for it.
    public var author: Author
    /// The author's words on it; may be empty.
    public var message: String
    /// Why it is made.
    public var kind: VersionKind
    /// The version whose content it has again; `nil` unless it is a rollback.
    public var rolledBackTo: VersionID?
    /// The version that it takes back because nobody confirmed it; `nil` unless it is a revert.
    public var reverts: VersionID?
    /// What it changes, in one line; empty in versions that format 1 of the store made.
    public var summary: String

    /// Makes the description of a version.
    public init(
        id: VersionID, time: Timestamp, author: Author, message: String = "",
        kind: VersionKind = .edit, rolledBackTo: VersionID? = nil, reverts: VersionID? = nil,
        summary: String = ""
    ) {
        self.id = id
        self.time = time
        self.author = author
        self.message = message
        self.kind = kind
        self.rolledBackTo = rolledBackTo
        self.reverts = reverts
        self.summary = summary
    }
}

/// A version as the store has it.
public struct Version: Hashable, Sendable {
    /// How far a version has come.
    public enum State: String, Hashable, Sendable {
        /// It is on disk, and may or may not be in the kernel.
        case pending
        /// It is on disk and was in the kernel.
        case committed
    }

    /// What it was made with.
    public var description: NewVersion
    /// How far it has come.
    public var state: State
    /// How many objects it changed.
    public var changeCount: Int
    /// Whether somebody had, or still has, to confirm it; `nil` if it was final at once.
    public var confirmation: Confirmation? = nil
    /// The names that it has, in alphabetical order.
    public var tags: [String] = []
    /// Whether its ruleset cannot be read any more.
    public var isPruned = false

    /// Its number.
    public var id: VersionID { description.id }
}

/// What an object was, and from when to when.
public struct ObjectRecord: Hashable, Sendable {
    /// The object.
    public var object: StoredObject
    /// The version that made it so.
    public var born: VersionID
    /// The version that changed or deleted it; `nil` if it is so to this day.
    public var died: VersionID?
}

/// What the kernel looked like when the store last agreed with it.
public struct KernelState: Hashable, Sendable {
    /// The boot (`/proc/sys/kernel/random/boot_id`); generations and handles of another boot mean
    /// nothing.
    public var bootID: String
    /// The nf_tables generation.
    public var generation: UInt32

    /// Makes a kernel state.
    public init(bootID: String, generation: UInt32) {
        self.bootID = bootID
        self.generation = generation
    }
}
