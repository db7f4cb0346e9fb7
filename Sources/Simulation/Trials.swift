internal import Dispatch
internal import Synchronization

/// What many runs came to.
public struct Tally: Sendable {
    /// How many schedules were run.
    public var runs = 0
    /// How long all of them were together, in simulated seconds.
    public var seconds = 0.0
    /// What clients asked for.
    public var operations = 0
    /// What of it was answered.
    public var answered = 0
    /// The lookups that a cache answered.
    public var hits = 0
    /// The views that were entered.
    public var views = 0
    /// How often each kind of fault was made.
    public var faults: [String: Int] = [:]
    /// The runs in which a judge found a fault, in the order of their seeds.
    public var failures: [Simulation.Outcome] = []

    mutating func add(_ outcome: Simulation.Outcome) {
        runs += 1
        seconds += outcome.seconds
        operations += outcome.operations
        answered += outcome.answered
        hits += outcome.hits
        views += outcome.views
        faults.merge(outcome.faults, uniquingKeysWith: +)
        if outcome.verdict != nil {
            failures.append(outcome)
            failures.sort { $0.seed < $1.seed }
        }
    }
}

/// Runs many schedules, each on its own, on several threads.
public enum Trials {
    private struct Progress {
        var next: UInt64
        var tally = Tally()
    }

    /// Runs the schedules of a range of seeds.
    /// - Parameters:
    ///   - seeds: the seeds, each of which fixes one schedule.
    ///   - mutation: the name of a rule to leave out.
    ///   - aim: where it is given, only the schedules that are aimed at it are run.
    ///   - threads: how many run at once.
    ///   - stopsAtFailure: whether seeds above one that failed are left out; the lowest seed that
    ///     fails is found all the same.
    ///   - report: told of every run, on the thread that made it, one at a time.
    public static func run(
        seeds: Range<UInt64>, mutation: String? = nil, aim: String? = nil, threads: Int,
        stopsAtFailure: Bool = false,
        report: @Sendable (Simulation.Outcome, Tally) -> Void = { _, _ in }
    ) -> Tally {
        let progress = Mutex(Progress(next: seeds.lowerBound))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while true {
                let seed = progress.withLock { progress -> UInt64? in
                    let last = stopsAtFailure ? progress.tally.failures.first?.seed : nil
                    guard progress.next < last ?? seeds.upperBound else { return nil }
                    defer { progress.next += 1 }
                    return progress.next
                }
                guard let seed else { return }
                guard aim == nil || aim == Simulation.aim(of: seed) else { continue }
                let outcome = Simulation.run(seed: seed, mutation: mutation)
                progress.withLock { progress in
                    progress.tally.add(outcome)
                    report(outcome, progress.tally)
                }
            }
        }
        return progress.withLock { $0.tally }
    }
}
