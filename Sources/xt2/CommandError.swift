import Glibc
import NetlinkProto

/// Why a command did not do what it was asked: what was refused, where in what was typed, what to do.
struct CommandError: Error, Equatable {
    /// What kind of failure it is; the exit status follows from it.
    enum Kind: Int32 {
        /// The daemon said no, or something that was named is not there.
        case refused = 1
        /// The command line cannot be understood (`EX_USAGE`).
        case usage = 64
        /// No daemon answers (`EX_UNAVAILABLE`).
        case absent = 69
        /// A fault of this program or of the daemon (`EX_SOFTWARE`).
        case `internal` = 70
        /// Somebody else was faster; the same command may succeed now (`EX_TEMPFAIL`).
        case tryAgain = 75
        /// The user may not do this (`EX_NOPERM`).
        case denied = 77

        /// The kind that an errno in a reply stands for.
        init(errno code: Int32) {
            switch code {
            case EPERM, EACCES: self = .denied
            case ERESTART, EAGAIN: self = .tryAgain
            case ESHUTDOWN: self = .absent
            default: self = .refused
            }
        }
    }

    /// A word at fault.
    struct Fault: Equatable {
        /// The words that were read.
        var words: [String]
        /// Which of them, from 0.
        var index: Int
    }

    /// What kind of failure it is.
    var kind: Kind
    /// What went wrong; sentences for people.
    var message: String
    /// Where it went wrong, such as `rules.xt2:12`; stands in front of the message.
    var place: String?
    /// The words that were read when the fault was found, and which of them is at fault; their count is behind the last.
    var fault: Fault?
    /// The line at fault and the caret under it.
    var excerpt: [String] = []
    /// What to do, one sentence or two each.
    var hints: [String] = []

    /// A failure; `place` and `excerpt` are added by whoever knows them.
    init(_ kind: Kind, _ message: String, hints: [String] = []) {
        self.kind = kind
        self.message = message
        self.hints = hints
    }

    /// What the daemon answered to a request that it refused.
    init(_ reply: Acknowledgement) {
        let text = reply.message.isEmpty ? systemErrorText(reply.errno) : reply.message
        self.init(Kind(errno: reply.errno), text)
        if reply.errno == ECONNABORTED {
            hints = [
                "--confirm 60s makes the change, and undoes it unless 'xt2 confirm' comes in time; --force makes it all the same"
            ]
        }
    }

    /// A reply that could not be read.
    init(_ fault: WireError) {
        self.init(.internal, "the daemon's reply cannot be read: \(fault)")
        hints = ["are xt2 and xt2d of the same release? `xt2 --version`, `xt2d --version`"]
    }

    /// The same error, said to be at `place`.
    func at(_ place: String) -> CommandError {
        var error = self
        error.place = place
        return error
    }

    /// The same error, said to be about number `index` of `words`.
    func pointing(at index: Int, of words: [String]) -> CommandError {
        var error = self
        error.fault = Fault(words: words, index: index)
        return error
    }

    /// The same error with what was typed in it and a caret under the word at fault.
    ///
    /// `line` is shown as a whole if it ends with the words that were read; else only those words are.
    func quoting(_ line: [String]) -> CommandError {
        guard let fault, excerpt.isEmpty else { return self }
        let isEnd = line.suffix(fault.words.count).elementsEqual(fault.words)
        let shown = isEnd ? line : fault.words
        var error = self
        error.excerpt = Excerpt.lines(
            shown, caretAt: shown.count - fault.words.count + fault.index)
        return error
    }

    /// The whole text for standard error, without a final line break.
    var report: String {
        let head = [place ?? "xt2", message].joined(separator: ": ")
        let lines = [head] + excerpt.map { "    " + $0 } + hints.map { "hint: " + $0 }
        return lines.map(PlainText.escaped).joined(separator: "\n")
    }
}

/// What the system says about an errno, such as `No such file or directory`.
func systemErrorText(_ code: Int32) -> String {
    String(cString: strerror(code))
}
