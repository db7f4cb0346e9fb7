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
    /// The most that a message takes, in seconds, as a rule; one in twenty takes up to ten times it.
    var delay: Double
    /// How many messages are seconds late.
    var lateness: Double
    var drift: Double
    var tailEntries: Int
    var retainedEntries: UInt64
    var batchEntries: Int
    var diskDelay: Double
    /// The weights of the faults, in the order of `Fault.allCases`.
    var weights: [Double]
    /// The longest that a request may take, in seconds, whatever the faults; nil where the faults
    /// are more than what the store promises to bear.
    var answerBound: Double?

    init(seed: UInt64) {
        var random = Random(seed: seed &+ 0xA5A5)
        let aim = Aim.allCases[Int(seed % UInt64(Aim.allCases.count))]
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
    }

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
    }

    private static func weights(of aim: Aim) -> [Double] {
        // kill, powerOff, powerOffAll, pause, suspend, cutPair, cutOneWay, isolate, deafen, slow,
        // full, wipe, drift, voters
        switch aim {
        case .calm: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
        case .network: [1, 0, 0, 1, 0, 3, 3, 1, 1, 1, 0, 0, 1, 0]
        case .crashes: [6, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
        case .pauses: [1, 0, 0, 6, 3, 1, 1, 0, 0, 1, 0, 0, 1, 0]
        case .partitions: [1, 0, 0, 1, 0, 4, 4, 4, 4, 0, 0, 0, 0, 0]
        case .disks: [2, 2, 1, 1, 0, 0, 0, 0, 0, 5, 4, 2, 0, 0]
        case .failovers: [4, 1, 0, 4, 1, 1, 1, 3, 2, 0, 1, 1, 0, 0]
        case .register: [4, 3, 1, 2, 1, 3, 2, 1, 1, 1, 1, 3, 0, 2]
        case .everything: [3, 2, 1, 3, 1, 2, 2, 2, 2, 2, 2, 2, 1, 1]
        case .clocks: [1, 0, 0, 1, 0, 4, 1, 6, 1, 0, 0, 0, 3, 0]
        case .single: [3, 1, 0, 3, 1, 0, 0, 3, 3, 0, 3, 1, 0, 0]
        }
    }
}
