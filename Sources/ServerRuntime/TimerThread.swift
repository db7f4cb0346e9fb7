internal import HeapModule
public import MonotonicTime
internal import Synchronization
internal import Threads

/// Calls closures at their times, from one thread of its own: the pause before a retry, the end of
/// a request's time. No thread sleeps on behalf of one request.
public final class TimerThread: Sendable {
    private struct Entry: Comparable {
        let due: Instant
        /// Of two that are due together, the one that came first.
        let number: UInt64
        let body: @Sendable () -> Void

        static func < (left: Entry, right: Entry) -> Bool {
            (left.due, left.number) < (right.due, right.number)
        }

        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
    }

    private struct State {
        var entries = Heap<Entry>()
        var nextNumber: UInt64 = 0
        var isStopped = false
    }

    private let state = Mutex(State())
    private let changed = SteadySemaphore()

    /// Makes the timer and starts its thread.
    public init() {
        _ = WorkerThread.required(name: "timers") { [self] in run() }
    }

    /// Calls a closure once, at or soon after an instant. Any thread.
    /// - Parameters:
    ///   - due: when, on ``BootClock``.
    ///   - body: called on the timer's thread; it must not block. Dropped once ``stop()`` was
    ///     called.
    public func schedule(at due: Instant, _ body: @escaping @Sendable () -> Void) {
        let isSoonest = state.withLock { state -> Bool in
            guard !state.isStopped else { return false }
            state.entries.insert(Entry(due: due, number: state.nextNumber, body: body))
            state.nextNumber += 1
            return state.entries.min?.due == due
        }
        if isSoonest { changed.signal() }
    }

    /// Calls a closure once a span from now has passed. Any thread.
    public func schedule(after span: Instant.Span, _ body: @escaping @Sendable () -> Void) {
        schedule(at: BootClock.now() + span, body)
    }

    /// Drops what is scheduled and ends the thread.
    public func stop() {
        state.withLock {
            $0.isStopped = true
            $0.entries = []
        }
        changed.signal()
    }

    private func run() {
        while true {
            let now = BootClock.now()
            var due: [@Sendable () -> Void] = []
            let (next, isStopped) = state.withLock { state -> (Instant?, Bool) in
                while let first = state.entries.min, first.due <= now {
                    due.append(state.entries.removeMin().body)
                }
                return (state.entries.min?.due, state.isStopped)
            }
            if isStopped { return }
            for body in due { body() }
            if !due.isEmpty { continue }
            if let next {
                _ = changed.wait(nanoseconds: (next - now).nanoseconds)
            } else {
                changed.wait()
            }
        }
    }
}
