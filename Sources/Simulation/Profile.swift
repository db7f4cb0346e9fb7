import MonotonicTime

/// How a simulated cluster is made and what befalls it: drawn from the seed.
struct Profile {
    /// What a schedule is aimed at; each seed has one.
    enum Aim: String, CaseIterable {
        case calm, network, crashes, pauses, partitions, disks, failovers, register, everything
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
    var drift: Double
    var tailEntries: Int
    var retainedEntries: UInt64
    var batchEntries: Int
    var diskDelay: Double
    /// The weights of the faults, in the order of `Fault.allCases`.
    var weights: [Double]

    init(seed: UInt64) {
        var random = Random(seed: seed &+ 0xA5A5)
        let aim = Aim.allCases[Int(seed % UInt64(Aim.allCases.count))]
        self.aim = aim
        catalogReplicas = random.element([1, 2, 2, 2, 2, 2, 3, 3])
        orderReplicas = random.element([1, 2, 2])
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
        drift = random.element([0, 0.01, 0.04])
        tailEntries = random.element([2, 16, 4096])
        retainedEntries = random.element([4, 32, 100_000])
        batchEntries = random.element([1, 4, 512])
        diskDelay = random.element([0.0005, 0.003, 0.02])
        if aim == .network { loss = random.element([0.05, 0.15, 0.3]) }
        weights = Profile.weights(of: aim)
    }

    private static func weights(of aim: Aim) -> [Double] {
        // kill, powerOff, powerOffAll, pause, cutPair, cutOneWay, isolate, deafen, slow, full, wipe,
        // drift
        switch aim {
        case .calm: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        case .network: [1, 0, 0, 1, 3, 3, 1, 1, 1, 0, 0, 1]
        case .crashes: [6, 3, 2, 1, 0, 0, 0, 0, 0, 0, 1, 0]
        case .pauses: [1, 0, 0, 8, 1, 1, 0, 0, 1, 0, 0, 1]
        case .partitions: [1, 0, 0, 1, 4, 4, 4, 4, 0, 0, 0, 0]
        case .disks: [2, 2, 1, 1, 0, 0, 0, 0, 5, 4, 2, 0]
        case .failovers: [4, 1, 0, 4, 1, 1, 3, 2, 0, 1, 1, 0]
        case .register: [4, 3, 1, 2, 3, 2, 1, 1, 1, 0, 3, 0]
        case .everything: [3, 2, 1, 3, 2, 2, 2, 2, 2, 2, 2, 1]
        }
    }
}
