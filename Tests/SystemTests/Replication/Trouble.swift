/// What was done to a store while clients shopped, and what follows for them.
struct Trouble: Sendable {
    /// What was done, for people.
    var what: String
    /// The front ends that were hit: at their own doors requests may fail.
    var doors: Set<String>
    /// Whether so much was hit that nothing can be expected of the store meanwhile.
    var isOutage: Bool
    /// From the blow until everything was whole again.
    var start: Int64
    var end: Int64 = .max

    /// Whether a door is one of those that were hit: a front end's own, or that of its host.
    func hits(_ door: String) -> Bool { doors.contains { door.hasPrefix($0) } }
}

/// Shoppers in a store that is being harmed: keeps account of what was done when, and judges in the
/// end whether they were told nothing wrong and lost nothing, and whether no request failed that
/// had no reason to.
final class Trial {
    let stage: any Stage
    let shoppers: Shoppers
    private let openingStock: [Int: Int]
    private(set) var troubles: [Trouble] = []
    private let began = nanoseconds()
    private let metronome = Metronome()

    init(
        on stage: some Stage, openingStock: [Int: Int], seed: UInt64 = .random(in: 0...999_999),
        _ habits: Shoppers.Habits = Shoppers.Habits()
    ) {
        self.stage = stage
        self.openingStock = openingStock
        shoppers = Shoppers(on: stage, seed: seed, habits)
    }

    /// Does harm, waits for what `until` waits for, mends it, and waits until the store is whole.
    /// - Parameter servers: whom the harm hits.
    func endure(
        _ what: String, hitting servers: [String], isOutage: Bool = false,
        harm: () throws -> Void, until: () throws -> Void, mend: () throws -> Void
    ) throws {
        let doors = Set(servers.filter { $0.hasPrefix("frontEnd") })
        troubles.append(
            Trouble(what: what, doors: doors, isOutage: isOutage, start: nanoseconds()))
        try harm()
        try until()
        try mend()
        try stage.waitUntilWhole()
        troubles[troubles.count - 1].end = nanoseconds()
    }

    /// The doors at which nothing may fail while these servers are hit.
    func doors(without servers: [String]) -> [Endpoint] {
        stage.doors.filter { door in !servers.contains { door.name.hasPrefix($0) } }
    }

    /// Ends the shopping, reads the books and judges.
    func verdict() throws -> Verdict {
        let history = shoppers.stop()
        metronome.stop()
        var audit: (audit: Audit, start: Int64, end: Int64)?
        // Sales whose order is still to be fetched may take a moment; nothing else may.
        _ = try? eventually("books that agree with what clients were told", within: .seconds(15)) {
            let start = nanoseconds()
            let read = try Audit(of: stage)
            audit = (read, start, nanoseconds())
            return read.faults(answered: history.receipts, openingStock: [:]).isEmpty
        }
        guard let audit else { throw HarnessError("the books cannot be read") }
        var faults = history.faults(
            audit.audit, audited: (audit.start, audit.end), openingStock: openingStock)
        do { try stage.auditByProgram() } catch { faults.append("\(error)") }
        let unexcused = history.failures.filter { excuse(for: $0) == nil }
        let origin = began
        faults += unexcused.prefix(10).map { failure in
            let at = Self.seconds(failure.start - origin)
            let lasted = Self.seconds(failure.duration)
            return "without a reason at \(failure.door), at \(at) s, after \(lasted) s: "
                + "\(failure.what); \(situation(at: failure))"
        }
        if unexcused.count > 10 { faults.append("… \(unexcused.count) such failures in all") }
        let late = history.lateAnswers.filter { excuse(for: $0) == nil }
        return Verdict(
            faults: faults, delays: late.compactMap(delay), history: history, troubles: troubles,
            doors: stage.publicDoors, longestRequest: late.map(\.duration).max(), began: began)
    }

    /// What the longest delay may be, but for what the machine itself takes.
    private static let longestDelay: Int64 = 5_000_000_000

    /// In words, that an answer came later than it may; nil where it did not.
    private func delay(of answer: ShopRequest) -> String? {
        let machine = metronome.delay(from: answer.start, to: answer.end)
        guard answer.duration - machine > Self.longestDelay else { return nil }
        return "\(answer.what) at \(answer.door), at \(Self.seconds(answer.start - began)) s, took "
            + "\(Self.seconds(answer.duration)) s, of which the machine itself took "
            + "\(Self.seconds(machine)) s; \(situation(at: answer))"
    }

    private func excuse(for request: ShopRequest) -> Trouble? {
        troubles.first { trouble in
            trouble.start <= request.end && request.start <= trouble.end
                && (trouble.isOutage || trouble.hits(request.door))
        }
    }

    private func situation(at request: ShopRequest) -> String {
        let around = troubles.filter { $0.start <= request.end && request.start <= $0.end }
        guard !around.isEmpty else { return "nothing was wrong with the store then" }
        return around.map { "\($0.what) from \(Self.seconds($0.start - began)) s" }
            .joined(separator: "; ")
    }

    private static func seconds(_ nanoseconds: Int64) -> String {
        "\((Double(nanoseconds) / 1e7).rounded() / 100)"
    }
}

/// What came of a trial.
struct Verdict: Sendable {
    /// All that was wrong; empty where nothing was.
    var faults: [String]
    /// The answers that came later than five seconds and what the machine itself took, at doors
    /// where nothing may be noticed.
    var delays: [String]
    var history: History
    var troubles: [Trouble]
    var doors: [Endpoint]
    /// How long the slowest answer took at those doors, in nanoseconds; nil where none was late.
    var longestRequest: Int64?
    var began: Int64

    /// The longest time without a good answer at the public doors while trouble of a kind that must
    /// not be noticed was about, in seconds.
    func longestPause(ofBuys: Bool) -> Double {
        troubles.filter { !$0.isOutage }.map { trouble in
            // A public door that was hit itself is no measure.
            let open = doors.filter { !trouble.hits($0.name) }
            let times = (trouble.start - 1_000_000_000)..<max(trouble.start, trouble.end)
            return history.longestPause(ofBuys: ofBuys, at: open, within: times)
        }.max() ?? 0
    }

    /// What happened, for people, on one line.
    var summary: String {
        let known = history.deeds.count(where: \.isKnown)
        let buys = history.deeds.count { deed in
            if case .sold = deed.outcome { true } else { false }
        }
        func text(_ seconds: Double) -> String { "\((seconds * 100).rounded() / 100) s" }
        let longest = longestRequest.map { text(Double($0) / 1e9) } ?? "below 0.5 s"
        return "\(known) answers (\(buys) sales), \(history.failures.count) requests failed with "
            + "a reason, longest pause: lookups \(text(longestPause(ofBuys: false))), "
            + "buys \(text(longestPause(ofBuys: true))), longest request: \(longest)"
    }
}
