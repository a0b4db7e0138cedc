import NetlinkProto

/// `-m comment`: text that stays with the rule.
struct CommentMatch: MatchExtension {
    var name: String { "comment" }
    var summary: String { "A text of at most \(RuleLimits.commentBytes) bytes; nft shows it too" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [OptionSpecification("--comment", values: ["TEXT"], isText: true)]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match["--comment"] else {
            throw RuleSyntaxError("-m comment needs --comment", at: match.index)
        }
        guard builder.comment == nil else {
            throw RuleSyntaxError("a rule has one comment; this is the second", at: option.index)
        }
        try Comment.check(option.value)
        builder.comment = option.value.text
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? { nil }
}

/// The comment of a rule, as its userdata holds it.
enum Comment {
    /// The userdata of a rule with this comment.
    static func userData(_ comment: String) -> [UInt8] {
        var userData = UserData()
        userData.comment = comment
        return (try? userData.encoded()) ?? []
    }

    /// The comment of userdata that holds nothing else and reads back the same.
    static func text(_ bytes: [UInt8]) -> String? {
        guard let userData = try? UserData(bytes), let comment = userData.comment,
            Comment.userData(comment) == bytes,
            (try? check(Word(text: comment, index: 0))) != nil
        else { return nil }
        return comment
    }

    static func check(_ word: Word) throws(RuleSyntaxError) {
        let count = word.text.utf8.count
        guard count <= RuleLimits.commentBytes else {
            throw RuleSyntaxError(
                "a comment has at most \(RuleLimits.commentBytes) bytes, this one has \(count)",
                at: word.index)
        }
        try PlainText.check(word, "a comment")
    }
}

/// Text that may be shown on a terminal as it is.
enum PlainText {
    static func check(_ word: Word, _ what: String) throws(RuleSyntaxError) {
        guard isPlain(word.text) else {
            throw RuleSyntaxError("\(what) holds no control characters", at: word.index)
        }
    }

    /// Whether there are no control characters, such as line ends or terminal escapes.
    static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && $0.value != 0x2028
                && $0.value != 0x2029
        }
    }

    /// The text with control characters written as `\u{…}`.
    static func escaped(_ text: String) -> String {
        isPlain(text) ? text : text.unicodeScalars.map { $0.escaped(asASCII: false) }.joined()
    }
}
