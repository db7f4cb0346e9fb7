internal import Dispatch
internal import Synchronization

/// Which workers are on duty, and take requests, and which stand by.
///
/// One worker that always finds work is faster than several that the kernel wakes for every
/// request: on two cores four workers on duty gave a fifth fewer cached lookups a second than one
/// (docs/decisions/workers-on-duty.md). So there are only as many on duty as nginx can keep busy.
/// But no request shall wait for another that takes long: whoever is at one request for longer than
/// ``Roster/patience`` is relieved by one that stands by, and stands by itself when it is done.
final class Roster: Sendable {
    /// How long a worker may be at one request before another takes its place, at least; at most it
    /// is twice that.
    static let patience = Duration.milliseconds(10)

    private struct State {
        var freePlaces: Int
        /// One of those that stand by looks after the others.
        var hasWatcher = false
        var isEnding = false
    }

    /// What one worker shows the others.
    private final class Worker: Sendable {
        /// Changes with every request.
        let turns = Atomic<Int>(0)
        let isBusy = Atomic<Bool>(false)
        let isOnDuty = Atomic<Bool>(false)
    }

    private let workers: [Worker]
    private let state: Mutex<State>
    private let poller: Poller
    private let standby = DispatchSemaphore(value: 0)

    /// Makes a roster.
    /// - Parameters:
    ///   - places: how many are on duty at a time.
    ///   - poller: says when it is the end.
    init(workers count: Int, places: Int, poller: Poller) {
        workers = (0..<count).map { _ in Worker() }
        state = Mutex(State(freePlaces: min(places, count)))
        self.poller = poller
    }

    /// Workers that are at a request now.
    var busyCount: Int { workers.count { $0.isBusy.load(ordering: .relaxed) } }

    // MARK: A worker's own

    /// Waits until the worker is on duty; false at the end.
    func report(_ index: Int) -> Bool {
        while true {
            let turn = state.withLock { state -> Turn in
                if state.isEnding { return .end }
                if state.freePlaces > 0 {
                    state.freePlaces -= 1
                    return .duty
                }
                if state.hasWatcher { return .standby }
                state.hasWatcher = true
                return .watch
            }
            switch turn {
            case .end: return false
            case .duty:
                workers[index].isOnDuty.store(true, ordering: .relaxed)
                return true
            case .standby: standby.wait()
            case .watch: watch()
            }
        }
    }

    private enum Turn { case end, duty, standby, watch }

    /// Whether the worker has not been relieved.
    func isOnDuty(_ index: Int) -> Bool { workers[index].isOnDuty.load(ordering: .relaxed) }

    /// The worker begins with a request.
    func begin(_ index: Int) {
        let worker = workers[index]
        // Only this worker writes it.
        worker.turns.store(worker.turns.load(ordering: .relaxed) + 1, ordering: .relaxed)
        worker.isBusy.store(true, ordering: .relaxed)
    }

    /// The worker is done with it.
    func finish(_ index: Int) { workers[index].isBusy.store(false, ordering: .relaxed) }

    // MARK: Relief

    /// Looks after those on duty until one of them has to be relieved, or the end.
    private func watch() {
        var seen = [Int?](repeating: nil, count: workers.count)
        while !poller.waitForEnd(Self.patience) {
            for (index, worker) in workers.enumerated() {
                guard worker.isOnDuty.load(ordering: .relaxed),
                    worker.isBusy.load(ordering: .relaxed)
                else {
                    seen[index] = nil
                    continue
                }
                let count = worker.turns.load(ordering: .relaxed)
                guard seen[index] == count else {
                    seen[index] = count
                    continue
                }
                worker.isOnDuty.store(false, ordering: .relaxed)
                return leaveWatch(freeing: 1)
            }
        }
        leaveWatch(freeing: 0)
    }

    private func leaveWatch(freeing places: Int) {
        state.withLock { state in
            state.freePlaces += places
            state.hasWatcher = false
        }
        // Somebody else is to watch.
        standby.signal()
    }

    /// Ends the waiting of those that stand by, once the poller has ended that of the others.
    func dismiss() {
        state.withLock { $0.isEnding = true }
        for _ in workers { standby.signal() }
    }
}
