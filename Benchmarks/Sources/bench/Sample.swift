/// What was measured several times.
struct Sample {
    private(set) var values: [Double] = []

    mutating func add(_ value: Double) { values.append(value) }

    /// The middle one.
    var median: Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
    }

    var minimum: Double { values.min() ?? .nan }
    var maximum: Double { values.max() ?? .nan }
}

/// One line of the result: what was done, what with, and what it took.
struct Cell {
    let work: String
    let rules: Int
    let contender: String
    let value: Double
    let minimum: Double
    let maximum: Double
    let unit: String
    let runs: Int
    /// By what it is divided to give the ratio; nil for what others are divided by.
    var against: String?
    /// The ratio that is wanted at most (or, where `isFloor`, at least).
    var target: Double?
}

/// All results of a run.
final class Results {
    private(set) var cells: [Cell] = []

    func add(
        _ work: String, _ rules: Int, _ contender: String, _ sample: Sample, unit: String,
        scale: Double = 1
    ) {
        cells.append(
            Cell(
                work: work, rules: rules, contender: contender, value: sample.median / scale,
                minimum: sample.minimum / scale, maximum: sample.maximum / scale, unit: unit,
                runs: sample.values.count))
    }

    func add(_ work: String, _ rules: Int, _ contender: String, _ value: Double, unit: String) {
        var sample = Sample()
        sample.add(value)
        add(work, rules, contender, sample, unit: unit)
    }

    /// The value of one cell.
    func value(_ work: String, _ rules: Int, _ contender: String) -> Double? {
        cells.last { $0.work == work && $0.rules == rules && $0.contender == contender }?.value
    }
}
