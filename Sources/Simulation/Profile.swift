import MonotonicTime

/// How a simulated cluster is made and what befalls it: drawn from the seed.
struct Profile {
    /// What a schedule is aimed at; each seed has one.
    enum Aim: String, CaseIterable {
        case calm, network, crashes, pauses, partitions, disks, failovers, register, everything
        /// Clocks as far apart as they may be, and a primary that is cut off again and again.
        case clocks
        /// One server at a time, or two of different tiers: nobody waits for long.
        case single
        /// Answers that come nearly as late as a lease is long, and then nothing.
        case leases
        /// Lookups that are answered under another lease than they were asked under.
        case fills
        /// Two halves that do not hear each other, and a voter with an empty disk between them.
        case halves
        /// Updates that come when another primary has taken over.
        case successions
        /// Short logs, so that servers join by snapshots, and a primary that dies meanwhile.
        case snapshots
    }

    var aim: Aim
    var catalogReplicas: Int
    var orderReplicas: Int
    var frontEnds: Int
    var books: Int
    var clients: Int
    /// How long faults go on, in seconds.
    var faultTime: Double
    /// The mean pause between faults, in seconds.
    var faultInterval: Double
    var loss: Double
    var duplication: Double
    /// The most that a message takes, in seconds, as a rule; one in twenty takes up to ten times
    /// it.
    var delay: Double
    /// How many messages are seconds late.
    var lateness: Double
    var drift: Double
    var tailEntries: Int
    var retainedEntries: UInt64
    var batchEntries: Int
    var diskDelay: Double
    /// How often each fault is made, in proportion.
    var weights: [Fault: Double]
    /// The longest that a request may take, in seconds, whatever the faults; nil where the faults
    /// are more than what the store promises to bear.
    var answerBound: Double?

    /// What the schedule of a seed is aimed at: each seed in turn at another.
    static func aim(of seed: UInt64) -> Aim { Aim.allCases[Int(seed % UInt64(Aim.allCases.count))] }

    init(seed: UInt64) {
        var random = Random(seed: seed &+ 0xA5A5)
        let aim = Profile.aim(of: seed)
        self.aim = aim
        catalogReplicas = random.element([1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 5])
        orderReplicas = random.element([1, 2, 2, 2, 3])
        frontEnds = random.element([1, 2, 2, 2])
        if aim == .failovers || aim == .partitions {
            catalogReplicas = max(2, catalogReplicas)
        }
        books = random.element([1, 2, 4])
        clients = random.element([2, 4, 6])
        faultTime = random.real(6, 16)
        faultInterval = random.element([0.3, 0.8, 1.5, 3])
        loss = aim == .calm ? 0 : random.element([0, 0, 0.01, 0.05, 0.15])
        duplication = random.element([0, 0.02, 0.1])
        delay = random.element([0.001, 0.005, 0.02, 0.08])
        lateness = aim == .calm ? 0 : random.element([0, 0, 0.002, 0.02])
        drift = random.element([0, 0.01, 0.04])
        tailEntries = random.element([2, 16, 4096])
        retainedEntries = random.element([4, 32, 100_000])
        batchEntries = random.element([1, 4, 512])
        // One operation at a time would be too slow for the clients there are.
        if delay > 0.05 { batchEntries = max(4, batchEntries) }
        diskDelay = random.element([0.0005, 0.003, 0.02])
        if aim == .network { loss = random.element([0.05, 0.15, 0.3]) }
        weights = Profile.weights(of: aim)
        if aim == .single { makeBearable(&random) }
        if aim == .clocks { makeFast() }
        if [.leases, .fills, .halves, .successions, .snapshots].contains(aim) {
            makeDirected(&random)
        }
    }

    /// The bytes that the log keeps in memory and on disk, which in some schedules count sooner
    /// than its entries.
    var tailBytes: Int { tailEntries == 16 ? 400 : 8 << 20 }
    var retainedBytes: Int { retainedEntries == 32 ? 1_500 : 128 << 20 }

    /// How far off a clock's rate is that was drawn so: where clocks are what counts, as far as it
    /// may be.
    func error(of drawn: Double) -> Double {
        guard aim == .clocks else { return drawn }
        return drawn < 0 ? -drift : drift
    }

    /// Everything so fast that only the clocks count.
    private mutating func makeFast() {
        catalogReplicas = max(2, catalogReplicas)
        books = 1
        clients = 6
        faultInterval = 0.8
        loss = 0
        lateness = 0
        delay = 0.001
        drift = 0.04
        diskDelay = 0.0005
        batchEntries = 512
    }

    /// A cluster that is in order but for the faults that the schedule is aimed at.
    private mutating func makeDirected(_ random: inout Random) {
        catalogReplicas = random.element(aim == .leases || aim == .halves ? [2, 2, 3] : [3, 3, 4])
        orderReplicas = 2
        frontEnds = 2
        faultTime = 16
        faultInterval = 3
        loss = 0
        duplication = 0.02
        lateness = 0
        delay = random.element([0.001, 0.005])
        diskDelay = random.element([0.0005, 0.003])
        if aim == .leases { clients = 12 }
        if aim == .fills {
            // So many books that not all of them are changing when the primary dies.
            books = 4
            clients = 4
            catalogReplicas = 3
        }
        guard aim == .snapshots else { return }
        catalogReplicas = random.element([4, 4, 5])
        faultInterval = 2
        clients = 12
        delay = 0.005
        diskDelay = 0.01
        batchEntries = 4
        tailEntries = 2
    }

    /// A cluster of two or more of everything on a network and disks in order.
    private mutating func makeBearable(_ random: inout Random) {
        answerBound = 5
        catalogReplicas = random.element([2, 2, 2, 3])
        orderReplicas = random.element([2, 2, 2, 3])
        frontEnds = 2
        faultTime = 30
        loss = 0
        duplication = 0.01
        lateness = 0
        delay = random.element([0.001, 0.005])
        drift = 0.01
        diskDelay = random.element([0.0005, 0.003])
        // A log that is shorter than what is bought while a snapshot travels gets nobody level.
        tailEntries = max(64, tailEntries)
        retainedEntries = max(400, retainedEntries)
    }

    /// How often each fault is made, in proportion.
    private static func weights(of aim: Aim) -> [Fault: Double] {
        switch aim {
        case .calm: [.drift: 1]
        case .network:
            [
                .kill: 1, .pause: 1, .cutPair: 3, .cutOneWay: 3, .isolate: 1, .deafen: 1,
                .slowDisk: 1, .drift: 1,
            ]
        case .crashes: [.kill: 6, .powerOff: 3, .powerOffAll: 2, .pause: 1, .wipe: 1]
        case .pauses:
            [.kill: 1, .pause: 6, .suspend: 3, .cutPair: 1, .cutOneWay: 1, .slowDisk: 1, .drift: 1]
        case .partitions:
            [
                .kill: 1, .pause: 1, .cutPair: 4, .cutOneWay: 4, .isolate: 4, .deafen: 4,
                .unreached: 2,
            ]
        case .disks:
            [
                .kill: 2, .powerOff: 2, .powerOffAll: 1, .pause: 1, .slowDisk: 5, .fullDisk: 4,
                .fullState: 2, .wipe: 2,
            ]
        case .failovers:
            [
                .kill: 4, .powerOff: 1, .pause: 4, .suspend: 1, .cutPair: 1, .cutOneWay: 1,
                .isolate: 3, .deafen: 2, .fullDisk: 1, .fullState: 1,
                .unreached: 1, .wipe: 1,
            ]
        case .register:
            [
                .kill: 4, .powerOff: 3, .powerOffAll: 1, .pause: 2, .suspend: 1, .cutPair: 3,
                .cutOneWay: 2, .isolate: 1, .deafen: 1, .slowDisk: 1, .fullDisk: 1, .wipe: 3,
                .voters: 2,
            ]
        case .everything:
            [
                .kill: 3, .powerOff: 2, .powerOffAll: 1, .pause: 3, .suspend: 1, .cutPair: 2,
                .cutOneWay: 2, .isolate: 2, .deafen: 2, .slowDisk: 2, .fullDisk: 2, .fullState: 1,
                .unreached: 1, .wipe: 2, .drift: 1, .voters: 1, .lateAnswers: 1, .lateFills: 1,
                .lateUpdates: 1,
                .halves: 1,
            ]
        case .clocks:
            [.kill: 1, .pause: 1, .cutPair: 4, .cutOneWay: 1, .isolate: 6, .deafen: 1, .drift: 3]
        case .single:
            [
                .kill: 3, .powerOff: 1, .pause: 3, .suspend: 1, .isolate: 3, .deafen: 3,
                .fullDisk: 3, .fullState: 2, .unreached: 3, .wipe: 1,
            ]
        case .leases: [.lateAnswers: 8, .kill: 1, .drift: 1]
        case .fills: [.lateFills: 8, .kill: 1]
        case .halves: [.halves: 6, .kill: 1, .isolate: 1]
        case .successions: [.lateUpdates: 6, .kill: 1, .isolate: 1]
        case .snapshots: [.dropBackup: 6, .kill: 1, .wipe: 1]
        }
    }
}
