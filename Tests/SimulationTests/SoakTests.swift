import Foundation
import Testing

@testable import Simulation

@Suite struct SoakTests {
    /// How many schedules are run: `SIMULATION_SEEDS`, 300 where that is not set.
    static var seeds: UInt64 {
        ProcessInfo.processInfo.environment["SIMULATION_SEEDS"].flatMap(UInt64.init) ?? 300
    }

    @Test("No judge finds a fault, whatever befalls the servers", .timeLimit(.minutes(30)))
    func findsNothing() {
        let tally = Trials.run(
            seeds: 1_000_000..<1_000_000 + Self.seeds,
            threads: ProcessInfo.processInfo.activeProcessorCount)
        for failure in tally.failures {
            Issue.record("seed \(failure.seed): \(failure.verdict ?? "")")
        }
        #expect(tally.runs == Int(Self.seeds))
    }

    @Test("A seed that once failed does no more", arguments: KnownSeeds.mended)
    func staysMended(seed: UInt64) {
        let outcome = Simulation.run(seed: seed)
        #expect(outcome.verdict == nil, "\(outcome.verdict ?? "")")
    }
}
