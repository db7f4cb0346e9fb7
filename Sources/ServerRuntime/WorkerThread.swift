internal import Dispatch
internal import Glibc
internal import MonotonicTime
internal import Waiting

/// A thread with a name that can be waited for.
///
/// Servers are threads and `Mutex`: libfcgi, libcurl and SQLite block. Made with pthread rather
/// than Foundation's `Thread`, so that a front end need not load Foundation.
public final class WorkerThread: Sendable {
    /// What the new thread is given; it takes the only reference.
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let finished = DispatchSemaphore(value: 0)

    /// Starts a thread; the server stops where the system refuses one more, for it cannot work.
    /// - Parameters:
    ///   - name: what debuggers and `top -H` show; the first 15 bytes count.
    ///   - body: what it does; the thread ends when it returns.
    public init(name: String, body: @escaping @Sendable () -> Void) {
        let finished = self.finished
        let code = Self.start(name) {
            body()
            finished.signal()
        }
        precondition(code == 0, "no thread can be started: \(String(cString: strerror(code)))")
    }

    /// Starts a thread for one request, which nobody waits for.
    /// - Returns: whether it runs; not so where the system refuses one more, which is no reason for
    ///   the server to stop.
    public static func run(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        start(name, body) == 0
    }

    /// - Returns: 0, or the error's number.
    private static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Int32 {
        let start = Unmanaged.passRetained(Start(name: String(name.prefix(15)), body: body))
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(attributes, 1 << 20)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        var thread = pthread_t()
        let code = pthread_create(
            &thread, attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                nameThisThread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        if code != 0 { start.release() }
        return code
    }

    /// Waits until the body has returned. Any thread but the thread itself; once or more often.
    public func join() {
        finished.wait()
        finished.signal()
    }
}

/// Names the calling thread; Glibc's own functions for it are variadic or hidden from Swift.
private func nameThisThread(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = name.withCString { write(file, $0, strlen($0)) }
    close(file)
}

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
        thread = WorkerThread(name: name) {
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
