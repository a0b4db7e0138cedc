import CXTables

/// The library while one caller has it to itself; see ``XTables/use(family:_:)``, which it must not outlive.
public struct XTablesSession {
    init() {}

    // MARK: Reading a rule

    /// Reads the words of one rule: `body` asks for option after option.
    public func reading<Result, Failure: Error>(
        _ words: [String], _ body: (RuleOptions) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let pointers = words.map { strings($0) }
        pointers.map { UnsafePointer($0) }.withUnsafeBufferPointer {
            cxt_begin_rule(Int32(words.count), $0.baseAddress)
        }
        for pointer in pointers { pointer?.deallocate() }
        defer { cxt_finish_rule() }
        return try body(RuleOptions())
    }

    private func strings(_ word: String) -> UnsafeMutablePointer<CChar>? {
        let bytes = Array(word.utf8CString)
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        pointer.initialize(from: bytes, count: bytes.count)
        return pointer
    }

    // MARK: Asking about extensions

    /// The structure that an extension begins with; nil if there is no such extension.
    ///
    /// - Throws: ``XTablesError`` if the extension gives up.
    public func defaults(
        of kind: ExtensionKind, named name: String
    ) throws(XTablesError) -> ExtensionInfo? {
        var found = cxt_extension()
        try check(cxt_defaults(kind == .target, name, &found))
        return ExtensionInfo(found)
    }

    /// How many bytes an extension's structure has, and how many of them, from its start, say what the rule is; nil if there
    /// is no such extension, or not in this revision.
    public func sizes(
        of kind: ExtensionKind, named name: String, revision: UInt8
    ) -> (size: Int, compared: Int)? {
        var size = 0
        var compared = 0
        guard cxt_sizes(kind == .target, name, revision, &size, &compared) else { return nil }
        return (size, compared)
    }

    /// What an extension has to say about its options.
    ///
    /// - Throws: ``XTablesError`` if there is no such extension or it has no help.
    public func help(of kind: ExtensionKind, named name: String) throws(XTablesError) -> String {
        try check(cxt_help(kind == .target, name))
        return XTablesSession.output()
    }

    // MARK: Writing a rule

    /// How an extension writes its options.
    public enum Form: Hashable, Sendable {
        /// As options, for `iptables -S`.
        case save
        /// For people, for `iptables -L`, with names for numbers unless `numeric`.
        case list(numeric: Bool)
    }

    /// What an extension writes about its structure: the name that belongs behind `-m` or `-j`, and the text behind that.
    ///
    /// - Throws: ``XTablesError`` if there is no such extension or revision, or the structure is too short for it.
    public func text(
        of kind: ExtensionKind, _ info: ExtensionInfo, in head: RuleHead, form: Form
    ) throws(XTablesError) -> (name: String, text: String) {
        var shim = head.shim
        var alias: UnsafePointer<CChar>?
        let status = info.info.withUnsafeBufferPointer { bytes in
            info.name.withCString { name in
                var described = cxt_extension()
                described.name = name
                described.revision = info.revision
                described.info = bytes.baseAddress
                described.size = bytes.count
                return cxt_write(kind == .target, &described, &shim, form.shim, &alias)
            }
        }
        try check(status)
        return (alias.map { String(cString: $0) } ?? info.name, XTablesSession.output())
    }

    /// The name of a protocol in iptables' words; nil if it has none.
    ///
    /// - Parameter lookUp: also looks into `/etc/protocols`.
    public func protocolName(_ number: UInt8, lookUp: Bool) -> String? {
        cxt_protocol_name(number, lookUp).map { String(cString: $0) }
    }

    /// An address as `iptables -L` shows it: as numbers, or as the name that it resolves to, and its mask.
    ///
    /// - Throws: ``XTablesError`` if the library gives up.
    public func text(of address: RuleHead.Address, numeric: Bool) throws(XTablesError) -> String {
        var room = [CChar](repeating: 0, count: 1_280)
        try check(cxt_address_text(address.bytes, address.mask, numeric, &room, room.count))
        let bytes = room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Outcomes

    func check(_ status: Int32) throws(XTablesError) {
        try XTablesSession.check(status)
    }

    static func check(_ status: Int32) throws(XTablesError) {
        guard status != 0 else { return }
        // Extensions end their messages with line ends, or begin them with one.
        let lines = String(cString: cxt_message()).split(separator: "\n")
        throw XTablesError(lines.joined(separator: " "), status: status)
    }

    private static func output() -> String {
        var length = 0
        guard let bytes = cxt_output(&length) else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
    }
}

extension XTablesSession.Form {
    var shim: cxt_form {
        switch self {
        case .save: CXT_SAVE
        case .list(numeric: false): CXT_LIST
        case .list(numeric: true): CXT_LIST_NUMERIC
        }
    }
}

extension ExtensionInfo {
    init?(_ shim: cxt_extension) {
        guard let name = shim.name, let info = shim.info else { return nil }
        self.init(
            name: String(cString: name), revision: shim.revision,
            info: Array(UnsafeBufferPointer(start: info, count: shim.size)))
    }
}
