import MonotonicTime
import Replication

/// The made-up time, network and set of servers of one simulation.
final class World {
    private(set) var time: Int64 = 0
    private var queue = EventQueue()
    var random: Random
    let profile: Profile
    var nodes: [Node] = []
    /// Which server's messages do not reach which other: `cuts[from][to]`.
    var cuts: [[Int]]
    /// How much later than others messages of a kind come, in seconds at most, by their sender or
    /// their receiver.
    var lateness = Lateness()
    var hasFaults = true
    /// Is told that a server begins to fetch a snapshot.
    var fetching: (Node) -> Void = { _ in }
    var judge: Judge
    /// Prints the trace, where it is wanted.
    let print: ((String) -> Void)?
    /// Sums up all that has happened, so that two runs can be compared.
    private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325

    /// What comes late.
    struct Lateness {
        /// The updates that a server sends.
        var updates: [Int: Double] = [:]
        /// The answers that a server waits for.
        var answers: [Int: Double] = [:]
    }

    init(seed: UInt64, profile: Profile, print: ((String) -> Void)?) {
        random = Random(seed: seed)
        self.profile = profile
        self.print = print
        judge = Judge()
        cuts = []
    }

    var seconds: Double { Double(time) / 1e9 }

    func add(_ node: Node) {
        nodes.append(node)
        for index in cuts.indices { cuts[index].append(0) }
        cuts.append(Array(repeating: 0, count: nodes.count))
    }

    func trace(_ text: @autoclosure () -> String) {
        guard let print else { return }
        let micros = time / 1000
        let digits = String(micros % 1_000_000)
        let fraction = String(repeating: "0", count: 6 - digits.count) + digits
        print("\(micros / 1_000_000).\(fraction) \(text())")
    }

    func fold(_ value: UInt64) {
        digest = (digest ^ value) &* 0x0000_0100_0000_01B3
        digest ^= digest >> 29
    }

    func after(seconds: Double, _ body: @escaping () -> Void) {
        queue.add(at: time + Int64(max(0, seconds) * 1e9), body)
    }

    /// Lets time pass up to a point, or until a judge speaks up.
    func run(until end: Double) {
        let limit = Int64(end * 1e9)
        while judge.verdict == nil, let due = queue.nextTime, due <= limit {
            guard let next = queue.removeFirst() else { break }
            time = next.time
            fold(UInt64(next.time))
            next.body()
        }
        if judge.verdict == nil { time = max(time, limit) }
    }

    func stop() {
        queue.removeAll()
        for node in nodes { node.stop() }
        nodes = []
    }

    // MARK: The network

    /// How long a message takes: the second copy of one may come when everybody has forgotten it.
    private func draw(isCopy: Bool = false) -> Double {
        let delay = profile.delay * random.real(0.1, 1)
        guard hasFaults else { return delay }
        if random.chance(isCopy ? 0.3 : profile.lateness) { return delay + random.real(0.1, 4) }
        return random.chance(0.05) ? delay * random.real(1, 10) : delay
    }

    /// How much later than others a message is: nearly as much as it may be.
    private func extra(_ most: Double?) -> Double {
        most.map { $0 * random.real(0.9, 1) } ?? 0
    }

    private func isLost(from: Node, to: Node) -> Bool {
        if from === to { return false }
        if cuts[from.index][to.index] > 0 { return true }
        return hasFaults && random.chance(profile.loss)
    }

    /// Makes a request of another server, as HTTP through nginx would: it is carried out once,
    /// twice, late or never, and its maker gets one answer, or none when the time is up.
    func call<Answer>(
        from: Node, to: Node, timeout: Instant.Span, isUpdate: Bool = false,
        serve: @escaping (Node, @escaping (Answer) -> Void) -> Void,
        completion: @escaping (Answer?) -> Void
    ) {
        let generation = from.generation
        var isDone = false
        func finish(_ answer: Answer?) {
            guard !isDone, from.isRunning(generation) else { return }
            from.enter(generation) {
                guard !isDone else { return }
                isDone = true
                completion(answer)
            }
        }
        from.later(timeout) { finish(nil) }
        let copies = hasFaults && from !== to && random.chance(profile.duplication) ? 2 : 1
        for copy in 0..<copies where !isLost(from: from, to: to) {
            let way = from === to ? 0.0001 : draw(isCopy: copy > 0)
            let late = isUpdate ? extra(lateness.updates[from.index]) : 0
            after(seconds: way + late) { [self] in
                guard !to.isUnreached || from === to else { return finish(nil) }
                guard to.isUp else {
                    // Where the machine is there without the process, it says so.
                    if profile.answerBound != nil || random.chance(0.5) { finish(nil) }
                    return
                }
                guard !to.isSuspended else { return }
                let serving = to.generation
                to.enter(serving) { [self] in
                    serve(to) { [self] answer in
                        guard to.isRunning(serving), !isLost(from: to, to: from) else { return }
                        let way = from === to ? 0.0001 : draw()
                        after(seconds: way + extra(lateness.answers[from.index])) {
                            if !from.isSuspended { finish(answer) }
                        }
                    }
                }
            }
        }
    }
}
