import CXTables

/// The words of a rule while they are read, option by option, as getopt and the loaded extensions take them apart.
///
/// It must not outlive ``XTablesSession/reading(_:_:)``.
public struct RuleOptions {
    /// What stands next in a rule.
    public enum Item: Hashable, Sendable {
        /// The end. Words behind `--` are left over.
        case end(leftOver: String?)
        /// `!`.
        case negation
        /// A word that is no option.
        case word(String)
        /// One of iptables' own options, by its letter, and its value.
        case option(Character, String?)
        /// An option that an extension may know: to be given to ``give(_:negated:)``.
        case foreign(Int32)
    }

    /// The ``Item/foreign(_:)`` that no extension knows: `?`, as getopt has it.
    public static let unknown: Int32 = 0x3F

    init() {}

    /// How many words have been taken so far.
    public var wordsTaken: Int { Int(cxt_words_taken()) }

    /// The next item, and the number of its last word, from 0.
    public func next() -> (item: Item, position: Int) {
        var argument: UnsafePointer<CChar>?
        var position: Int32 = 0
        let code = cxt_next(&argument, &position)
        let text = argument.map { String(cString: $0) }
        return (RuleOptions.item(code, text), Int(position))
    }

    private static func item(_ code: Int32, _ text: String?) -> Item {
        switch code {
        case Int32(CXT_END): return .end(leftOver: text)
        case Int32(CXT_NEGATION): return .negation
        case Int32(CXT_WORD): return .word(text ?? "")
        case 0x3A, 0x3F: return .foreign(code)  // ':' and '?' of getopt
        case 0x30...0x7F: return .option(Character(Unicode.Scalar(UInt8(code))), text)
        default: return .foreign(code)
        }
    }

    /// Takes the next word too, unless it begins with `-` or `!`.
    public func takeWord() -> String? {
        cxt_take_word().map { String(cString: $0) }
    }

    /// Tells the extensions what the rule's head is so far.
    public func setHead(_ head: RuleHead) {
        var shim = head.shim
        cxt_set_head(&shim)
    }

    /// `-p`: the number of a protocol, whose match is loaded once one of its options comes.
    ///
    /// - Throws: ``XTablesError`` if there is no such protocol.
    public func setProtocol(_ name: String) throws(XTablesError) -> UInt16 {
        var number: UInt16 = 0
        try XTablesSession.check(cxt_parse_protocol(name, &number))
        cxt_set_protocol(name)
        return number
    }

    /// Whether there is a match of this name here, though it may not be usable, which ``addMatch(_:)`` tells.
    public func hasMatch(_ name: String) -> Bool { cxt_has_match(name) }

    /// `-m`.
    ///
    /// - Throws: ``XTablesError`` if there is no such match here, or the kernel does not have it.
    public func addMatch(_ name: String) throws(XTablesError) {
        try XTablesSession.check(cxt_match(name))
    }

    /// `-j`; false if there is no such target.
    ///
    /// - Throws: ``XTablesError`` if it gives up.
    public func setTarget(_ name: String) throws(XTablesError) -> Bool {
        var found = false
        try XTablesSession.check(cxt_jump(name, &found))
        return found
    }

    /// Gives an option to the extension that knows it; true if its protocol's match was loaded for it and it comes again.
    ///
    /// - Throws: ``XTablesError`` if no extension knows it, or the one that does refuses it.
    public func give(_ item: Int32, negated: Bool) throws(XTablesError) -> Bool {
        var again = false
        try XTablesSession.check(cxt_option(item, negated, &again))
        return again
    }

    /// Lets the extensions check that they have all they need.
    ///
    /// - Throws: ``XTablesError`` if one does not.
    public func check() throws(XTablesError) {
        try XTablesSession.check(cxt_check())
    }

    /// An interface's name, `+` at its end for any rest.
    ///
    /// - Throws: ``XTablesError`` if it is too long.
    public func interface(_ text: String) throws(XTablesError) -> RuleHead.Interface {
        var interface = RuleHead.Interface()
        try XTablesSession.check(cxt_parse_interface(text, &interface.name, &interface.mask))
        return interface
    }

    /// Greatest number of addresses behind one `-s` or `-d`.
    private static let addressLimit = 4_096

    /// Addresses with masks, or names that resolve to them, separated by commas.
    ///
    /// - Throws: ``XTablesError`` if one is wrong.
    public func addresses(
        _ text: String, size: Int
    ) throws(XTablesError) -> [RuleHead.Address] {
        let room = RuleOptions.addressLimit
        var bytes = [UInt8](repeating: 0, count: room * size)
        var masks = bytes
        var count: Int32 = 0
        try XTablesSession.check(cxt_parse_addresses(text, &bytes, &masks, Int32(room), &count))
        return (0..<Int(count)).map { index in
            let piece = index * size..<(index + 1) * size
            return RuleHead.Address(bytes: Array(bytes[piece]), mask: Array(masks[piece]))
        }
    }

    /// The matches in order, as far as they have been read.
    public var matches: [ExtensionInfo] {
        var found: [ExtensionInfo] = []
        var match = cxt_extension()
        while cxt_match_at(Int32(found.count), &match), let info = ExtensionInfo(match) {
            found.append(info)
        }
        return found
    }

    /// What the library and the extensions complained about so far, line by line.
    public var complaints: [String] {
        var length = 0
        guard let bytes = cxt_complaints(&length) else { return [] }
        let text = String(
            decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    /// The target.
    public var target: ExtensionInfo? {
        var target = cxt_extension()
        return cxt_target(&target) ? ExtensionInfo(target) : nil
    }

    /// Text that the target keeps outside of its structure, such as NFLOG's prefix; nil if it keeps nothing.
    public var targetScratch: String? {
        var target = cxt_extension()
        guard cxt_target(&target), let scratch = target.scratch else { return nil }
        return String(cString: scratch.assumingMemoryBound(to: CChar.self))
    }
}
