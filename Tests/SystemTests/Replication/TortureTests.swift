internal import Foundation
internal import Testing

/// Kills, pauses and cuts drawn from a seed, one after another and together, under load from all
/// doors. Whatever was done, every book was one book, every answered buy is there once, and the
/// books add up; and where no more was hit than the store promises to bear, no request failed.
///
/// `PYGMY_TORTURE_MINUTES` says how long (in all), `PYGMY_TORTURE_SEED` with which seed to begin: a
/// seed gives the same blows again, though not the same moments.
@Suite(.serialized)
struct TortureTests {
    /// One run in a store of its own.
    struct Round: Sendable, CustomTestStringConvertible {
        var seed: UInt64
        var duration: Duration
        var testDescription: String { "seed \(seed)" }
    }

    /// Half of the time for each layout, in rounds that are not too long to be judged.
    static let rounds: [Round] = {
        let environment = ProcessInfo.processInfo.environment
        let minutes = environment["PYGMY_TORTURE_MINUTES"].flatMap(Double.init) ?? 1.5
        let seed =
            environment["PYGMY_TORTURE_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)
        let seconds = minutes * 30
        let count = max(1, Int(seconds / 120))
        return (0..<count).map { number in
            Round(seed: seed + UInt64(number), duration: .seconds(seconds / Double(count)))
        }
    }()

    static let plan = ClusterPlan.pair.with {
        var lines = ClusterPlan.catalog(stock: 100_000).split(separator: "\n")
        lines[6] = "6,Why theory classes are so hard,GraduateSchool,75,200"
        lines[7] = "7,Spring in the Pioneer Valley,Misc,215,46"
        $0.catalog = lines.joined(separator: "\n") + "\n"
        $0.restarts = false
    }
    static let openingStock: [Int: Int] = [
        1: 100_000, 2: 100_000, 3: 100_000, 4: 100_000, 5: 100_000, 6: 200, 7: 46,
    ]

    private func torture(_ stage: some Stage, _ round: Round) throws {
        let faults = try Torture(
            stage: stage, seed: round.seed, duration: round.duration,
            openingStock: Self.openingStock
        ).run()
        #expect(faults.isEmpty, "seed \(round.seed): \(faults.joined(separator: "\n"))")
    }

    @Test(.cluster(plan), arguments: rounds)
    func `On one machine, servers that are killed and paused lose nothing and lie about nothing`(
        _ round: Round
    ) throws {
        let stage = Cluster.current
        try stage.waitUntilWhole()
        try torture(stage, round)
    }

    @Test(
        .folder(plan),
        .enabled(if: HostNetwork.isPossible, "networks of hosts cannot be made here"),
        arguments: rounds)
    func `On hosts whose network is cut, servers lose nothing and lie about nothing`(
        _ round: Round
    ) throws {
        let stage = try HostCluster(Self.plan, root: Cluster.current.directory + "/hosts")
        defer { stage.end() }
        try stage.start()
        try torture(stage, round)
    }
}
