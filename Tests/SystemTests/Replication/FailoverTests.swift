internal import Testing

/// Any one server, or any two of different tiers, can die or hang: no answered buy is lost or
/// doubled, no lookup is stale, no request fails, and none takes longer than five seconds.
@Suite(.serialized)
struct FailoverTests {
    /// How a server is hit, and how it comes back.
    enum Blow: String, CaseIterable, Sendable {
        case kill, pause

        func strike(_ server: String, of stage: some Stage) throws {
            switch self {
            case .kill: try stage.killServer(server)
            case .pause: try stage.pauseServer(server)
            }
        }

        func mend(_ server: String, of stage: some Stage) throws {
            switch self {
            case .kill: try stage.launchServer(server)
            case .pause: stage.resumeServer(server)
            }
        }
    }

    /// Two of everything, with stock that does not run out; what dies stays dead.
    static let plan = ClusterPlan.pair.with {
        $0.catalog = ClusterPlan.catalog(stock: 100_000)
        $0.restarts = false
    }
    static let openingStock = Dictionary(
        uniqueKeysWithValues: (1...7).map { ($0, 100_000) })

    /// Hits servers at once, lets clients go on without them, and brings them back.
    private func strike(_ victims: [String], _ blow: Blow, in trial: Trial) throws {
        let stage = trial.stage
        let resumption = ContinuousClock.now + .seconds(6)
        try trial.endure(
            "\(blow.rawValue) of \(victims.joined(separator: " and "))", hitting: victims
        ) {
            for victim in victims { try blow.strike(victim, of: stage) }
        } until: {
            for victim in victims where !victim.hasPrefix("frontEnd") {
                let kind = victim.filter { !$0.isNumber }
                try eventually("a \(kind) view without \(victim)") {
                    let status = try stage.status(of: stage.primary(kind))
                    return !status.members.contains(victim)
                }
            }
            // Each door is at work without the victims, and for longer than a lease.
            try trial.shoppers.waitForMore(150, at: trial.doors(without: victims))
            // One that is paused answers what it kept waiting when it goes on: it must not before
            // all of that is answered without it, or late.
            if blow == .pause {
                try eventually("the sixth second") { ContinuousClock.now >= resumption }
            }
        } mend: {
            for victim in victims { try blow.mend(victim, of: stage) }
        }
        try trial.shoppers.waitForMore(20, at: stage.doors)
    }

    private func judge(_ trial: Trial) throws {
        let verdict = try trial.verdict()
        print("    \(verdict.summary)")
        #expect(verdict.faults.isEmpty, "\(verdict.faults.joined(separator: "\n"))")
        #expect(verdict.delays.isEmpty, "\(verdict.delays.joined(separator: "\n"))")
    }

    @Test(.cluster(plan), arguments: Blow.allCases)
    func `Any one server can be hit under load, and no client notices more than a pause`(
        _ blow: Blow
    ) throws {
        let stage = Cluster.current
        try stage.waitUntilWhole()
        let trial = Trial(on: stage, openingStock: Self.openingStock)
        try trial.shoppers.waitForMore(20, at: stage.doors)
        try strike([stage.primary("catalogServer")], blow, in: trial)
        try strike([stage.backup("catalogServer")], blow, in: trial)
        try strike([stage.primary("orderServer")], blow, in: trial)
        try strike([stage.backup("orderServer")], blow, in: trial)
        try strike(["frontEndServer1"], blow, in: trial)
        try strike(["frontEndServer2"], blow, in: trial)
        // Those that were primaries at first are backups now; once more the other way round.
        try strike([stage.primary("catalogServer")], blow, in: trial)
        try judge(trial)
    }

    @Test(.cluster(plan), arguments: Blow.allCases)
    func `Two servers of different tiers can be hit at once`(_ blow: Blow) throws {
        let stage = Cluster.current
        try stage.waitUntilWhole()
        let trial = Trial(on: stage, openingStock: Self.openingStock)
        try trial.shoppers.waitForMore(20, at: stage.doors)
        try strike(
            [stage.primary("catalogServer"), stage.primary("orderServer")], blow, in: trial)
        try strike(["frontEndServer1", stage.primary("catalogServer")], blow, in: trial)
        try strike(["frontEndServer2", stage.primary("orderServer")], blow, in: trial)
        try strike(
            [stage.backup("catalogServer"), stage.primary("orderServer")], blow, in: trial)
        try judge(trial)
    }
}
