import Testing

@testable import Simulation

@Suite struct MutationTests {
    @Test(
        "A rule that is left out is noticed by what it is there for", arguments: KnownSeeds.catches)
    func isCaught(mutation: String, seed: UInt64, verdict: String) throws {
        let outcome = Simulation.run(seed: seed, mutation: mutation)
        let said = try #require(outcome.verdict)
        #expect(said.contains(verdict))
    }

    @Test("The seeds that catch a mutation are without fault where no rule is left out")
    func seedsAreSound() {
        for seed in Set(KnownSeeds.catches.map(\.seed)).sorted() {
            #expect(Simulation.run(seed: seed).verdict == nil)
        }
    }

    @Test("There is a seed for every mutation, and there are at least 24 of them")
    func catchesAreComplete() {
        let known = KnownSeeds.catches.map(\.mutation)
        #expect(known.sorted() == Simulation.mutations.sorted())
        #expect(known.count >= 24)
    }
}
