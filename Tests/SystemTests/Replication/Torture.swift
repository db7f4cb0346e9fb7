internal import ChildProcess
internal import Foundation
internal import Glibc
internal import TestSupport

/// What is done to servers, drawn from a seed.
struct TortureSchedule {
    /// One thing that is done to a server, and undone later.
    enum Blow: Sendable, CustomStringConvertible {
        case kill(String)
        case pause(String)
        /// What this server sends to others is lost, or what they send to it, or both.
        case cut(String, HostNetwork.Loss, fromIt: Bool, toIt: Bool)
        /// What one server sends to one other is lost.
        case cutBetween(String, String, HostNetwork.Loss)

        var servers: [String] {
            switch self {
            case .kill(let server), .pause(let server), .cut(let server, _, _, _): [server]
            case .cutBetween(let sender, let receiver, _): [sender, receiver]
            }
        }

        /// The kind of it, for the summary.
        var kind: String {
            switch self {
            case .kill: "kill -9"
            case .pause: "SIGSTOP"
            case .cut(_, let loss, true, true): "all \(loss.rawValue) lost"
            case .cut(_, let loss, let fromIt, _):
                "\(loss.rawValue) \(fromIt ? "from" : "to") a server lost"
            case .cutBetween(_, _, let loss): "\(loss.rawValue) between two servers lost"
            }
        }

        var description: String { "\(kind) (\(servers.joined(separator: " to ")))" }
    }

    /// Blows that overlap.
    struct Step: Sendable {
        var blows: [Blow]
        /// The time between one blow and the next; zero for all at once.
        var gap: Duration
        /// How long it lasts after the last blow.
        var lasting: Duration
        /// The order in which they are undone, and the time between.
        var mending: [Int]
        var mendingGap: Duration
        /// Whether the store may be out of service meanwhile.
        var isOutage: Bool
        /// How long the store is left alone afterwards.
        var rest: Duration
    }

    private var random: Lottery
    private let servers: [String]
    private let canCut: Bool

    init(seed: UInt64, servers: [String], canCut: Bool) {
        random = Lottery(seed: seed)
        self.servers = servers
        self.canCut = canCut
    }

    /// The next step; for ever.
    mutating func next() -> Step {
        let kind = Int.random(in: 0..<100, using: &random)
        var blows: [Blow]
        var isOutage = false
        if kind < 55 {
            blows = [blow(servers.randomElement(using: &random) ?? servers[0])]
        } else if kind < 75 {
            // Two servers of different tiers.
            let shuffled = servers.shuffled(using: &random)
            let second = shuffled.first { $0.prefix(5) != shuffled[0].prefix(5) } ?? shuffled[0]
            blows = [blow(shuffled[0]), blow(second)]
        } else if kind < 82, canCut {
            let pair = servers.shuffled(using: &random)
            blows = [.cutBetween(pair[0], pair[1], loss())]
            isOutage = true
        } else if kind < 88 {
            blows = servers.shuffled(using: &random).map { .kill($0) }
            isOutage = true
        } else {
            let count = Int.random(in: 2...5, using: &random)
            blows = servers.shuffled(using: &random).prefix(count).map { blow($0) }
            isOutage = true
        }
        // What is cut heals all at once, and a server is not hit twice.
        return Step(
            blows: blows, gap: time(0...(isOutage ? 900 : 0)), lasting: time(50...3500),
            mending: blows.indices.shuffled(using: &random), mendingGap: time(0...900),
            isOutage: isOutage, rest: time(0...1500))
    }

    private mutating func blow(_ server: String) -> Blow {
        switch Int.random(in: 0..<(canCut ? 4 : 2), using: &random) {
        case 0: return .kill(server)
        case 1: return .pause(server)
        default:
            let direction = Int.random(in: 0..<3, using: &random)
            return .cut(server, loss(), fromIt: direction != 1, toIt: direction != 2)
        }
    }

    private mutating func loss() -> HostNetwork.Loss {
        HostNetwork.Loss.allCases.randomElement(using: &random) ?? .packets
    }

    private mutating func time(_ milliseconds: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: milliseconds, using: &random))
    }
}

/// Clients at every door, and a schedule of blows, for some time.
struct Torture {
    let stage: any Stage
    let seed: UInt64
    let duration: Duration
    let openingStock: [Int: Int]

    private var hosts: HostCluster? { stage as? HostCluster }

    /// Runs it, prints what happened, and gives all that was wrong.
    func run() throws -> [String] {
        print("torture: seed \(seed), \(duration.components.seconds) s")
        var habits = Shoppers.Habits()
        habits.clientsPerDoor = 3
        habits.rest = 25
        // The last two books run out; one of them is filled up again.
        habits.restocked = (book: 7, level: 50, times: 40)
        let trial = Trial(on: stage, openingStock: openingStock, seed: seed, habits)
        var schedule = TortureSchedule(
            seed: seed, servers: stage.serverNames, canCut: hosts != nil)
        var counts: [String: Int] = [:]
        let deadline = ContinuousClock.now + duration
        var ending: String?
        do {
            while ContinuousClock.now < deadline {
                let step = schedule.next()
                for blow in step.blows { counts[blow.kind, default: 0] += 1 }
                try carryOut(step, in: trial)
            }
        } catch {
            ending = "\(error), after \(trial.troubles.last?.what ?? "nothing")"
            try? revive()
        }
        let verdict = try trial.verdict()
        let faults = (ending.map { [$0] } ?? []) + verdict.faults
        let blows = counts.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
        print(
            """
            torture: seed \(seed), \(faults.isEmpty ? "all is well" : "\(faults.count) faults"): \
            \(blows.joined(separator: ", ")); \(verdict.summary)
            """)
        if !faults.isEmpty { keepLogs(verdict, faults) }
        return faults
    }

    private func carryOut(_ step: TortureSchedule.Step, in trial: Trial) throws {
        let what = step.blows.map(\.description).joined(separator: " and ")
        try trial.endure(what, hitting: step.blows.flatMap(\.servers), isOutage: step.isOutage) {
            for blow in step.blows {
                try strike(blow)
                pause(step.gap)
            }
        } until: {
            pause(step.lasting)
        } mend: {
            for index in step.mending {
                try mend(step.blows[index])
                pause(step.mendingGap)
            }
        }
        pause(step.rest)
    }

    /// The schedule's own time, not a wait for anything.
    private func pause(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        Thread.sleep(forTimeInterval: Double(seconds) + Double(attoseconds) / 1e18)
    }

    private func strike(_ blow: TortureSchedule.Blow) throws {
        switch blow {
        case .kill(let server): try stage.killServer(server)
        case .pause(let server): try stage.pauseServer(server)
        case .cut(let server, let loss, let fromIt, let toIt):
            guard let hosts else { return }
            let it = hosts.hostNumber(of: server)
            let others = hosts.serverNames.map(hosts.hostNumber(of:)).filter { $0 != it }
            if fromIt { try hosts.network.cut(loss, from: it, to: others) }
            if toIt { for other in others { try hosts.network.cut(loss, from: other, to: [it]) } }
        case .cutBetween(let sender, let receiver, let loss):
            guard let hosts else { return }
            try hosts.network.cut(
                loss, from: hosts.hostNumber(of: sender), to: [hosts.hostNumber(of: receiver)])
        }
    }

    private func mend(_ blow: TortureSchedule.Blow) throws {
        switch blow {
        case .kill(let server): try stage.launchServer(server)
        case .pause(let server): stage.resumeServer(server)
        case .cut, .cutBetween: try hosts?.network.heal()
        }
    }

    /// After a step that failed: everything up again, so that there are books to judge by.
    private func revive() throws {
        try hosts?.network.heal()
        for server in stage.serverNames {
            if stage.pid(of: server) == nil { try stage.launchServer(server) }
            stage.resumeServer(server)
        }
        try stage.waitUntilWhole()
    }

    private func keepLogs(_ verdict: Verdict, _ faults: [String]) {
        let folder = FileManager.default.temporaryDirectory.path + "/pygmy-torture-\(seed)"
        try? FileManager.default.removeItem(atPath: folder)
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        for (number, logs) in stage.logFolders.enumerated() {
            try? FileManager.default.copyItem(atPath: logs, toPath: "\(folder)/log-\(number + 1)")
        }
        let story = verdict.troubles.map { trouble in
            let times = [trouble.start, trouble.end].map { Double($0 - verdict.began) / 1e9 }
            return "\(times[0]) to \(times[1]) s: \(trouble.what)"
        }
        let text = (faults + ["", "began at \(Date())"] + story).joined(separator: "\n") + "\n"
        try? Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/faults.txt"))
        print("torture: the logs are in \(folder)")
    }
}
