public import MonotonicTime
internal import Synchronization
internal import Waiting

/// Calls closures at their times, from one thread of its own: the pause before a retry, the end of
/// a request's time. No thread sleeps on behalf of one request.
public final class TimerThread: Sendable {
    private struct Entry {
        let due: Instant
        let number: UInt64
        let body: @Sendable () -> Void
    }

    private struct State {
        /// A binary heap, soonest first.
        var heap: [Entry] = []
        var nextNumber: UInt64 = 0
        var isStopped = false
    }

    private let state = Mutex(State())
    private let changed = SteadySemaphore()

    /// Makes the timer and starts its thread.
    public init() {
        _ = WorkerThread(name: "timers") { [self] in run() }
    }

    /// Calls a closure once, at or soon after an instant. Any thread.
    /// - Parameters:
    ///   - due: when, on ``BootClock``.
    ///   - body: called on the timer's thread; it must not block. Dropped once ``stop()`` was
    ///     called.
    public func schedule(at due: Instant, _ body: @escaping @Sendable () -> Void) {
        let isSoonest = state.withLock { state -> Bool in
            guard !state.isStopped else { return false }
            state.heap.append(Entry(due: due, number: state.nextNumber, body: body))
            state.nextNumber += 1
            Self.siftUp(&state.heap)
            return state.heap.first?.due == due
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
            $0.heap = []
        }
        changed.signal()
    }

    private func run() {
        while true {
            let now = BootClock.now()
            var due: [@Sendable () -> Void] = []
            let (next, isStopped) = state.withLock { state -> (Instant?, Bool) in
                while let first = state.heap.first, first.due <= now {
                    due.append(first.body)
                    Self.removeFirst(&state.heap)
                }
                return (state.heap.first?.due, state.isStopped)
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

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        (left.due, left.number) < (right.due, right.number)
    }

    private static func siftUp(_ heap: inout [Entry]) {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private static func removeFirst(_ heap: inout [Entry]) {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if precedes(heap[child], heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
