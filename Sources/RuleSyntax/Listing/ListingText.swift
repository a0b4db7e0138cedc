public import NetlinkProto

/// A ruleset as text for people.
///
/// Each rule stands behind its position, which counts from 1 and is what `--at` takes.
public enum ListingText {
    private static let indent = "    "

    /// The whole ruleset; empty if there is no table.
    public static func render(_ listing: RulesetListing, options: ListingOptions = .init())
        -> String
    {
        listing.tables.map { table in
            var text = header(table, options: options) + "\n"
            for object in table.objects { text += line(object, options: options) }
            let parts = table.chains.map { render($0, in: table, options: options) }
            if !table.objects.isEmpty, !parts.isEmpty { text += "\n" }
            return text + parts.joined(separator: "\n") + "}\n"
        }.joined(separator: "\n")
    }

    /// One chain with its rules, indented as in its table.
    public static func render(
        _ chain: ChainListing, in table: TableListing, options: ListingOptions = .init()
    ) -> String {
        var text =
            indent + header(chain, family: table.family, options: options) + "\n"
        let rows = chain.rules.enumerated().map { index, rule in
            cells(rule, position: index + 1, options: options)
        }
        let titles = rows.isEmpty ? nil : titles(options)
        let widths = widths((titles.map { [$0] } ?? []) + rows)
        for row in (titles.map { [$0] } ?? []) where options != ListingOptions() {
            text += line(row, widths, "rule")
        }
        for (row, rule) in zip(rows, chain.rules) {
            text += line(row, widths, RuleText.print(rule.body, family: table.family))
        }
        return text
    }

    /// One rule in one line, without its position.
    public static func rule(
        _ rule: RuleListing, family: Family, options: ListingOptions = .init()
    ) -> String {
        let text = RuleText.print(rule.body, family: family)
        var front = ""
        if options.ids, let id = rule.id { front += "id \(id)  " }
        if options.counters, let counter = rule.counter {
            front += "[\(counter.packets):\(counter.bytes)]  "
        }
        return front + text
    }

    /// The line that opens a table.
    public static func header(_ table: TableListing, options: ListingOptions = .init()) -> String {
        var notes: [String] = []
        if options.ids, let id = table.id { notes.append("id \(id)") }
        if let policy = table.policy { notes.append(policy.rawValue) }
        if table.body.flags.contains(.dormant) { notes.append("dormant") }
        if let comment = comment(table.body.userData) { notes.append("“\(comment)”") }
        return "table \(table.family.name) \(PlainText.escaped(table.name)) {" + note(notes)
    }

    /// The line that opens a chain.
    public static func header(
        _ chain: ChainListing, family: Family, options: ListingOptions = .init()
    ) -> String {
        var notes: [String] = []
        if options.ids, let id = chain.id { notes.append("id \(id)") }
        if let comment = comment(chain.body.userData) { notes.append("“\(comment)”") }
        return "chain " + PlainText.escaped(chain.name) + base(chain.body, family)
            + note(notes)
    }

    private static func base(_ body: ChainBody, _ family: Family) -> String {
        guard let hook = body.hook else { return "" }
        let name = HookName.name(hook.number, family: family) ?? "\(hook.number)"
        var text = " { type \(body.type ?? "filter") hook \(name)"
        for device in hook.devices { text += " device \(PlainText.escaped(device))" }
        text += " priority \(PriorityName.name(hook.priority, family: family));"
        if let policy = body.policy {
            text += " policy \(policy == .drop ? "drop" : "accept");"
        }
        return text + " }"
    }

    private static func note(_ notes: [String]) -> String {
        notes.isEmpty ? "" : " # " + notes.joined(separator: ", ")
    }

    private static func comment(_ userData: [UInt8]) -> String? {
        (try? UserData(userData))?.comment.map(PlainText.escaped)
    }

    private static func line(_ object: ObjectListing, options: ListingOptions) -> String {
        var notes = object.summary.isEmpty ? [] : [PlainText.escaped(object.summary)]
        if options.ids, let id = object.id { notes.insert("id \(id)", at: 0) }
        var text = indent + "\(object.kind) \(PlainText.escaped(object.name))"
        let elements = object.elements
        if !elements.isEmpty { text += " { " + elements.joined(separator: ", ") + " }" }
        return text + note(notes) + "\n"
    }

    // MARK: Columns

    private static func titles(_ options: ListingOptions) -> [String] {
        [""] + (options.ids ? ["id"] : []) + (options.counters ? ["packets", "bytes"] : [])
    }

    private static func cells(
        _ rule: RuleListing, position: Int, options: ListingOptions
    ) -> [String] {
        var cells = ["\(position)"]
        if options.ids { cells.append(rule.id.map { "\($0)" } ?? "-") }
        if options.counters {
            cells.append(rule.counter.map { "\($0.packets)" } ?? "-")
            cells.append(rule.counter.map { "\($0.bytes)" } ?? "-")
        }
        return cells
    }

    private static func widths(_ rows: [[String]]) -> [Int] {
        guard let first = rows.first else { return [] }
        return first.indices.map { column in
            rows.reduce(0) { max($0, $1[column].utf8.count) }
        }
    }

    private static func line(_ cells: [String], _ widths: [Int], _ rule: String) -> String {
        let padded = zip(cells, widths).map { cell, width in
            String(repeating: " ", count: max(0, width - cell.utf8.count)) + cell
        }
        return indent + indent + padded.joined(separator: "  ") + "  " + rule + "\n"
    }
}
