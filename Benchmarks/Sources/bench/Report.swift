/// The results as Markdown and as JSON.
struct Report {
    let results: Results
    let machine: String

    private var works: [(work: String, rules: Int)] {
        var seen: Set<String> = []
        return results.cells.compactMap { cell in
            seen.insert("\(cell.work) \(cell.rules)").inserted ? (cell.work, cell.rules) : nil
        }
    }

    /// A table with a line for each piece of work, and the ratio of xt2 to each other program.
    func markdown() -> String {
        var lines = [
            "Machine: \(machine)", "",
            "| work | rules | program | median | min … max | runs | xt2 ÷ it |",
            "|---|---|---|---|---|---|---|",
        ]
        for (work, rules) in works {
            let cells = results.cells.filter { $0.work == work && $0.rules == rules }
            let ours = cells.first { $0.contender.hasPrefix("xt2") }?.value
            for cell in cells {
                let ratio =
                    cell.contender.hasPrefix("xt2")
                    ? "" : ours.map { Report.number($0 / cell.value) } ?? ""
                lines.append(
                    "| \(work) | \(rules) | \(cell.contender) | \(Report.number(cell.value)) \(cell.unit) | \(Report.number(cell.minimum)) … \(Report.number(cell.maximum)) | \(cell.runs) | \(ratio) |"
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One object a cell.
    func json() -> String {
        let cells = results.cells.map { cell in
            "    {\"work\": \"\(cell.work)\", \"rules\": \(cell.rules), \"program\": \"\(cell.contender)\", \"median\": \(cell.value), \"min\": \(cell.minimum), \"max\": \(cell.maximum), \"unit\": \"\(cell.unit)\", \"runs\": \(cell.runs)}"
        }
        return "{\n  \"machine\": \"\(machine)\",\n  \"cells\": [\n"
            + cells.joined(separator: ",\n") + "\n  ]\n}\n"
    }

    /// Three digits that matter.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let scale = value >= 100 ? 1.0 : value >= 10 ? 10 : value >= 1 ? 100 : 1_000
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && value >= 100 ? "\(Int(rounded))" : "\(rounded)"
    }
}
