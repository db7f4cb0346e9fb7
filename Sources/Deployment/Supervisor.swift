/// Decides what to start, restart and stop. It does nothing itself: it takes what happened and the
/// time, and returns what is to be done. Times are counted from any fixed point.
///
/// A process that ends is started again after a pause of 0.1 s, which doubles to 5 s and is back at
/// 0.1 s once the process lived for 10 s. One that refuses to run as it is configured is tried
/// again every 30 s, for what it was told may be mended meanwhile. Stopping goes by stages, because
/// servers that still have requests in hand need those behind them, and all of them need nginx:
/// front ends first, then order servers, then catalog servers, nginx last.
///
/// Invariant: once `stop` was called nothing is started any more.
public struct Supervisor: Sendable {
    /// A process to look after.
    public struct Process: Sendable, Equatable {
        /// Its name, such as `catalogServer1` or `nginx`.
        public let name: String
        /// The stage at which it is stopped; lower ones first.
        public let stage: Int
        /// The signal that asks it to finish what it does and end.
        public let stopSignal: Signal
        /// How long it may take over that.
        public let stopTime: Duration

        /// A process.
        public init(name: String, stage: Int, stopSignal: Signal, stopTime: Duration) {
            self.name = name
            self.stage = stage
            self.stopSignal = stopSignal
            self.stopTime = stopTime
        }
    }

    /// The signals that are sent.
    public enum Signal: Sendable, Equatable {
        /// SIGTERM, which ends a server once it has answered what it took on.
        case terminate
        /// SIGQUIT, which does the same with nginx.
        case quit
        /// SIGKILL.
        case kill
    }

    /// How a process ended.
    public enum Ending: Sendable, Equatable {
        /// By itself, with an exit status.
        case status(Int32)
        /// By a signal.
        case signal(Int32)
        /// It could not even be started.
        case notStarted(String)
    }

    /// What is to be done, in order.
    public enum Action: Sendable, Equatable {
        /// Start the process of that name, and say when it ends.
        case start(String)
        /// Send a signal to the process; `kill` goes to all that it started too.
        case signal(String, Signal)
        /// Tell the person who is watching.
        case report(Event)
    }

    /// What a person wants to hear of.
    public enum Event: Sendable, Equatable {
        /// A process ended and is started again after a pause.
        case restarting(String, Ending, after: Duration)
        /// A process ended and is left so: by `--no-restart`, or, for a while, because it refused
        /// to run (EX_CONFIG) and would refuse again.
        case left(String, Ending)
        /// A process does not end when asked to and is killed.
        case killing(String)
        /// No process of a kind can run: the whole is given up.
        case givenUp(String)
    }

    private enum State: Equatable {
        case running(since: Duration)
        case pausing(until: Duration)
        case ended
    }

    private struct Entry {
        let process: Process
        var state = State.ended
        var pause = Supervisor.firstPause
        var hasRefused = false
    }

    /// EX_CONFIG of sysexits.h: the process says that it cannot run as it was told to.
    public static let refusal: Int32 = 78
    private static let firstPause: Duration = .milliseconds(100)
    private static let longestPause: Duration = .seconds(5)
    private static let refusalPause: Duration = .seconds(30)
    private static let provenAfter: Duration = .seconds(10)

    private var entries: [Entry]
    private let restarts: Bool
    private var isReady = false
    private var stopping: (stage: Int, deadline: Duration)?
    /// Whether it was given up, because all processes of a stage refused to run.
    public private(set) var hasGivenUp = false

    /// A supervisor of processes, which are started in this order.
    public init(_ processes: [Process], restarts: Bool) {
        entries = processes.map { Entry(process: $0) }
        self.restarts = restarts
    }

    /// Starts everything.
    public mutating func begin(at now: Duration) -> [Action] {
        entries.indices.map { start($0, at: now) }
    }

    /// From here on a refusal ends only the process itself: the others serve clients.
    public mutating func becameReady() { isReady = true }

    /// A process ended.
    public mutating func ended(_ name: String, _ ending: Ending, at now: Duration) -> [Action] {
        guard let index = entries.firstIndex(where: { $0.process.name == name }),
            case .running(let since) = entries[index].state
        else { return [] }
        entries[index].state = .ended
        if stopping != nil { return advance(at: now) }
        if ending == .status(Supervisor.refusal) {
            let isNews = !entries[index].hasRefused || now - since >= Supervisor.provenAfter
            entries[index].hasRefused = true
            if restarts { entries[index].state = .pausing(until: now + Supervisor.refusalPause) }
            return (isNews ? [.report(.left(name, ending))] : [])
                + giveUpIfHopeless(index, at: now)
        }
        entries[index].hasRefused = false
        guard restarts else { return [.report(.left(name, ending))] }
        if now - since >= Supervisor.provenAfter { entries[index].pause = Supervisor.firstPause }
        let pause = entries[index].pause
        entries[index].pause = min(pause * 2, Supervisor.longestPause)
        entries[index].state = .pausing(until: now + pause)
        return [.report(.restarting(name, ending, after: pause))]
    }

    /// Time passed.
    public mutating func tick(at now: Duration) -> [Action] {
        if let stopping {
            return now >= stopping.deadline ? kill(stage: stopping.stage) : []
        }
        return entries.indices.compactMap { index in
            guard case .pausing(let until) = entries[index].state, now >= until else { return nil }
            return start(index, at: now)
        }
    }

    /// Ends everything, stage by stage. A second call kills what is left.
    public mutating func stop(at now: Duration) -> [Action] {
        guard stopping == nil else {
            return entries.indices.filter(isRunning).map {
                .signal(entries[$0].process.name, .kill)
            }
        }
        for index in entries.indices where !isRunning(index) { entries[index].state = .ended }
        stopping = (Int.min, now)
        return advance(at: now)
    }

    /// Whether everything was stopped.
    public var isFinished: Bool { stopping != nil && !entries.indices.contains(where: isRunning) }

    /// When `tick` has something to do next, if nothing happens before.
    public var deadline: Duration? {
        if let stopping { return stopping.deadline }
        return entries.compactMap { entry in
            if case .pausing(let until) = entry.state { until } else { nil }
        }.min()
    }

    private func isRunning(_ index: Int) -> Bool {
        if case .running = entries[index].state { true } else { false }
    }

    private mutating func start(_ index: Int, at now: Duration) -> Action {
        entries[index].state = .running(since: now)
        return .start(entries[index].process.name)
    }

    /// Once nothing of the stage runs any more, asks the next one to end.
    private mutating func advance(at now: Duration) -> [Action] {
        let running = entries.filter { entry in
            if case .running = entry.state { true } else { false }
        }.map(\.process)
        guard let stage = running.map(\.stage).min(), stage != stopping?.stage else { return [] }
        let next = running.filter { $0.stage == stage }
        let time = next.map(\.stopTime).max() ?? .zero
        stopping = (stage, now + time)
        return next.map { .signal($0.name, $0.stopSignal) }
    }

    private mutating func kill(stage: Int) -> [Action] {
        // Whatever follows, it is not asked twice: the ends of these come as events.
        stopping = (stage, .seconds(Int64.max / 4))
        return entries.indices.filter { isRunning($0) && entries[$0].process.stage == stage }
            .flatMap { index -> [Action] in
                let name = entries[index].process.name
                return [.report(.killing(name)), .signal(name, .kill)]
            }
    }

    /// Before the store first answered, a kind of server that refuses as a whole ends the attempt.
    private mutating func giveUpIfHopeless(_ index: Int, at now: Duration) -> [Action] {
        let stage = entries[index].process.stage
        let isHopeless = entries.allSatisfy { $0.process.stage != stage || $0.hasRefused }
        guard isHopeless, !isReady else { return [] }
        hasGivenUp = true
        return [.report(.givenUp(entries[index].process.name))] + stop(at: now)
    }
}
