import Testing

@testable import Simulation

@Suite struct MutationTests {
    @Test("A rule that is left out is noticed", arguments: KnownSeeds.catches)
    func isCaught(mutation: String, seed: UInt64) {
        let outcome = Simulation.run(seed: seed, mutation: mutation)
        #expect(outcome.verdict != nil)
    }

    @Test("The seeds that catch a mutation are without fault where no rule is left out")
    func seedsAreSound() {
        for seed in Set(KnownSeeds.catches.map(\.1)).sorted() {
            #expect(Simulation.run(seed: seed).verdict == nil)
        }
    }

    @Test("There is a seed for every mutation, and there are at least 24 of them")
    func catchesAreComplete() {
        let known = KnownSeeds.catches.map(\.0)
        #expect(known.sorted() == Simulation.mutations.sorted())
        #expect(known.count >= 24)
    }
}
