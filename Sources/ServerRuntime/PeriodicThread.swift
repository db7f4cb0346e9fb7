internal import MonotonicTime
internal import Threads

/// A task that a thread of its own repeats until it is stopped.
public final class PeriodicThread: Sendable {
    private let stopping = SteadySemaphore()
    private let thread: WorkerThread

    /// Starts to repeat a task.
    /// - Parameters:
    ///   - name: the thread's name.
    ///   - interval: from the end of one run to the start of the next; the first run comes at once.
    ///   - body: the task.
    public init(name: String, interval: Duration, body: @escaping @Sendable () -> Void) {
        let stopping = self.stopping
        let nanoseconds = Instant.Span(interval).nanoseconds
        thread = .required(name: name) {
            repeat {
                body()
            } while !stopping.wait(nanoseconds: nanoseconds)
        }
    }

    /// Ends the repetition and waits for the run that is under way.
    public func stop() {
        stopping.signal()
        thread.join()
    }
}
