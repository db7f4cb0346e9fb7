// A whole store on made-up disks, networks and clocks, in one thread, and judges of what it did.
//
// One number, the seed, fixes everything: how the cluster is made, what befalls it, what clients
// do. `Simulation.run` first lets faults happen, then ends them all and gives the servers time to
// get level, and then has `Judge` look at what clients were told and what replicas applied. The
// engine is the real one, as are the rules of the store and the front ends' cache; disks, network,
// clocks, and the drivers between them are made up here.
//
// Begin with `World` (time and network), `Node` (a process and its disk), `ReplicaDriver` (the
// engine's host), `Services` and `FrontEnd` (what the servers do), `Faults`, `Judge` and `Replay`.

import Bookstore
import MonotonicTime
import Replication

/// One run of a simulated cluster.
public enum Simulation {
    /// What came of a run.
    public struct Outcome: Sendable {
        /// The seed.
        public var seed: UInt64
        /// What the judges found wrong; nil where nothing was.
        public var verdict: String?
        /// How long the run was, in simulated seconds.
        public var seconds: Double
        /// A sum of all that happened: the same for the same seed, in any process.
        public var digest: UInt64
        /// What clients asked for.
        public var operations: Int
        /// What of it was answered.
        public var answered: Int
        /// The lookups that a cache answered.
        public var hits: Int
        /// The views that were entered.
        public var views: Int
        /// How often each kind of fault was made.
        public var faults: [String: Int]
    }

    /// The names of the mutations.
    public static var mutations: [String] {
        Mutation.allCases.map(\.rawValue) + HostMutation.allCases.map(\.rawValue)
    }

    /// What schedules are aimed at.
    public static var aims: [String] { Profile.Aim.allCases.map(\.rawValue) }

    /// What the schedule of a seed is aimed at.
    public static func aim(of seed: UInt64) -> String { Profile.aim(of: seed).rawValue }

    /// Runs one schedule.
    /// - Parameters:
    ///   - seed: what fixes everything.
    ///   - mutation: the name of a rule to leave out.
    ///   - print: takes the lines of the trace.
    public static func run(
        seed: UInt64, mutation: String? = nil, print: ((String) -> Void)? = nil
    ) -> Outcome {
        let profile = Profile(seed: seed)
        let world = World(seed: seed, profile: profile, print: print)
        world.trace("seed \(seed): \(profile)")
        world.judge.engineMutation = mutation.flatMap(Mutation.init)
        world.judge.hostMutation = mutation.flatMap(HostMutation.init)
        let cluster = Cluster(world: world)
        for node in world.nodes {
            world.after(seconds: world.random.real(0, 0.5)) { node.boot() }
        }
        world.run(until: 2)
        let faults = Faults(world: world, cluster: cluster)
        let clients = Clients(world: world, cluster: cluster)
        world.run(until: 2 + profile.faultTime)
        faults.end()
        let healed = world.time
        world.run(until: world.seconds + 6)
        clients.close()
        for _ in 0..<15 where clients.underWay > 0 { world.run(until: world.seconds + 1) }
        // What is committed reaches the backups with the next heartbeat; sales are looked for every
        // second.
        world.run(until: world.seconds + 1.5)
        FinalCheck(world: world, cluster: cluster, healed: healed).run(
            isIdle: clients.underWay == 0)
        let operations = world.judge.operations
        let outcome = Outcome(
            seed: seed, verdict: world.judge.verdict, seconds: world.seconds,
            digest: world.digest, operations: operations.count,
            answered: operations.count { $0.answered != nil },
            hits: operations.count {
                if case .view(_, isHit: true)? = $0.result { true } else { false }
            }, views: world.judge.viewCount, faults: world.judge.faults)
        world.stop()
        return outcome
    }
}
