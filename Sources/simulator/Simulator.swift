internal import ArgumentParser
internal import Foundation
internal import Simulation

/// Puts whole clusters on trial: see `docs/protocol.md`.
@main
struct Simulator: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulator",
        abstract: "Runs simulated clusters with faults, and judges what their clients were told.",
        discussion: """
            One seed fixes everything that happens in a run. Exits with status 1 where a judge \
            found a fault, or, with --mutations, where a mutation was not caught.
            """)

    @Option(help: "Run one schedule, with a trace of what happens.")
    var seed: UInt64?

    @Option(help: "Run this many schedules, and sum up.")
    var seeds: UInt64?

    @Option(help: "The first of the seeds.")
    var from: UInt64 = 0

    @Option(help: "Break one rule of the protocol; --list names them.")
    var mutate: String?

    @Option(
        help: "Of the schedules, run those alone that are aimed at this; --list names the aims.")
    var aim: String?

    @Flag(help: "Break every rule in turn, and say which seed catches it.")
    var mutations = false

    @Flag(help: "List the mutations, and what schedules are aimed at.")
    var list = false

    @Flag(help: "With --seeds, go on after a failure.")
    var keepGoing = false

    @Option(help: "How many schedules run at once.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Flag(help: "With --seed, print the verdict and the digest alone.")
    var quiet = false

    func validate() throws {
        if let mutate, !Simulation.mutations.contains(mutate) {
            throw ValidationError("there is no mutation '\(mutate)'; --list names them")
        }
        if let aim, !Simulation.aims.contains(aim) {
            throw ValidationError("no schedule is aimed at '\(aim)'; --list names the aims")
        }
        guard [seed != nil, seeds != nil, mutations, list].count(where: { $0 }) <= 1 || mutations
        else { throw ValidationError("one of --seed, --seeds, --mutations and --list is enough") }
    }

    func run() throws {
        let succeeded: Bool
        if list {
            Report.say("mutations: \(Simulation.mutations.joined(separator: ", "))")
            Report.say("aims: \(Simulation.aims.joined(separator: ", "))")
            succeeded = true
        } else if mutations {
            succeeded = runMutations()
        } else if let seed {
            succeeded = replay(seed)
        } else {
            succeeded = runMany(seeds ?? 1000)
        }
        if !succeeded { throw ExitCode(1) }
    }

    private func replay(_ seed: UInt64) -> Bool {
        let outcome =
            quiet
            ? Simulation.run(seed: seed, mutation: mutate)
            : Simulation.run(seed: seed, mutation: mutate) { Report.say($0) }
        Report.say(Report.line(of: outcome))
        return outcome.verdict == nil
    }

    private func runMany(_ count: UInt64) -> Bool {
        let began = Date()
        let tally = Trials.run(
            seeds: from..<from + count, mutation: mutate, aim: aim, threads: threads,
            stopsAtFailure: !keepGoing
        ) { outcome, tally in
            if outcome.verdict != nil { Report.say(Report.line(of: outcome)) }
            if tally.runs.isMultiple(of: 1000) { Report.say("\(tally.runs) of \(count)") }
        }
        Report.say(Report.summary(of: tally, took: Date().timeIntervalSince(began)))
        return tally.failures.isEmpty
    }

    private func runMutations() -> Bool {
        var missed: [String] = []
        for name in Simulation.mutations where mutate == nil || mutate == name {
            let began = Date()
            let tally = Trials.run(
                seeds: from..<from + (seeds ?? 10_000), mutation: name, aim: aim,
                threads: threads,
                stopsAtFailure: true)
            let took = Report.seconds(Date().timeIntervalSince(began))
            if let caught = tally.failures.first, let verdict = caught.verdict {
                Report.say("\(name): seed \(caught.seed) (\(took)): \(verdict)")
            } else {
                Report.say("\(name): NOT CAUGHT by \(tally.runs) seeds (\(took))")
                missed.append(name)
            }
        }
        Report.say(
            missed.isEmpty
                ? "all were caught" : "not caught: \(missed.joined(separator: ", "))")
        return missed.isEmpty
    }
}
