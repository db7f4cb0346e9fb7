internal import Foundation
internal import Synchronization

/// Runs every job on a thread of its own, so that a test may block without starving the others.
final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let thread = Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        thread.stackSize = 4 << 20
        thread.start()
    }
}

/// Lets a bounded number of tasks through at once; the others wait in their order.
final class Turnstile: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(places: Int) {
        state = Mutex(State(free: places))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let mayPass = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if mayPass { continuation.resume() }
        }
    }

    func leave() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

/// Runs `body` on `count` threads at once and gives their results in order.
func onThreads<Result: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) -> Result
) -> [Result] {
    let threads = (0..<count).map { index in ResultThread { body(index) } }
    return threads.map { $0.join() }
}

/// A thread whose result can be waited for.
final class ResultThread<Result: Sendable>: Sendable {
    private let result = Mutex<Result?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Result) {
        let thread = Thread { [self] in
            let value = body()
            result.withLock { $0 = value }
            done.signal()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Whether the thread has come to its end.
    var hasEnded: Bool { result.withLock { $0 != nil } }

    /// Waits for the thread's end; may be called once.
    func join() -> Result {
        done.wait()
        guard let value = result.withLock({ $0 }) else {
            preconditionFailure("a thread ended without a result")
        }
        return value
    }
}
