import Testing

@testable import Simulation

@Suite struct SimulationTests {
    @Test("The same seed gives the same run", arguments: [3, 9, 42, 117] as [UInt64])
    func isDeterministic(seed: UInt64) {
        let first = Simulation.run(seed: seed)
        let second = Simulation.run(seed: seed)
        #expect(first.digest == second.digest)
        #expect(first.operations == second.operations)
        #expect(first.faults == second.faults)
    }

    @Test("Two seeds give two runs")
    func seedsDiffer() {
        #expect(Simulation.run(seed: 1).digest != Simulation.run(seed: 2).digest)
    }

    @Test("A run in this process is the run of the same seed in any other")
    func isTheSameEverywhere() {
        #expect(String(Simulation.run(seed: 11).digest, radix: 16) == KnownSeeds.digestOf11)
    }

    @Test("A trace does not change what happens")
    func traceIsNeutral() {
        var lines = 0
        let traced = Simulation.run(seed: 5) { _ in lines += 1 }
        #expect(lines > 100)
        #expect(traced.digest == Simulation.run(seed: 5).digest)
    }

    @Test("Each kind of schedule is there, with faults, operations, and answers from caches")
    func coversEverything() {
        let tally = Trials.run(seeds: 0..<60, threads: 2)
        #expect(tally.failures.isEmpty)
        for fault in Fault.allCases {
            #expect(tally.faults[fault.rawValue, default: 0] > 0, "no \(fault.rawValue)")
        }
        #expect(tally.operations > 10_000)
        #expect(tally.answered > tally.operations * 9 / 10)
        #expect(tally.hits > tally.operations / 20)
        #expect(tally.views > 300)
    }

    @Test("A seed that once failed does no more", arguments: KnownSeeds.mended)
    func staysMended(seed: UInt64) {
        let outcome = Simulation.run(seed: seed)
        #expect(outcome.verdict == nil, "\(outcome.verdict ?? "")")
    }
}
