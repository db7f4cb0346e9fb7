internal import Foundation
internal import Simulation

/// What a person reads of runs.
enum Report {
    /// Prints a line at once, whatever stdout is connected to.
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    static func line(of outcome: Simulation.Outcome) -> String {
        "seed \(outcome.seed): \(outcome.verdict ?? "no fault found"); "
            + "digest \(String(outcome.digest, radix: 16)), \(outcome.operations) operations"
    }

    static func summary(of tally: Tally, took: Double) -> String {
        let faults = tally.faults.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return """
            schedules:  \(tally.runs) in \(seconds(took))
            simulated:  \(String(format: "%.1f", tally.seconds / 3600)) hours, \(tally.views) views
            operations: \(tally.operations), of which \(tally.answered) answered, \
            \(tally.hits) from a cache
            faults:     \(faults)
            failures:   \(tally.failures.count)
            """
    }

    static func seconds(_ value: Double) -> String { String(format: "%.1f s", value) }
}
