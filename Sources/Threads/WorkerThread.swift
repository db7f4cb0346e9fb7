internal import Glibc
internal import Synchronization

/// A thread with a name that can be waited for.
///
/// The servers are threads and `Mutex`: libfcgi, libcurl and SQLite block. Made with pthread rather
/// than Foundation's `Thread`, so that a front end need not load Foundation.
public final class WorkerThread: Sendable {
    /// The system refuses one more thread.
    public struct Refusal: Error, Equatable, CustomStringConvertible {
        /// Why: the number that `pthread_create` returned, one of errno's.
        public let code: Int32

        /// What the number means.
        public var description: String {
            "no thread can be started: \(String(cString: strerror(code)))"
        }
    }

    private let thread: pthread_t
    private let isJoined = Mutex(false)

    /// Starts a thread.
    /// - Parameters:
    ///   - name: what debuggers and `top -H` show; the first 15 bytes count.
    ///   - body: what it does; the thread ends when it returns, and lives on where this object is
    ///     dropped before.
    public init(name: String, body: @escaping @Sendable () -> Void) throws(Refusal) {
        thread = try Self.start(name, body)
    }

    deinit {
        if !isJoined.withLock({ $0 }) { pthread_detach(thread) }
    }

    /// Starts a thread that a server cannot work without: it stops where there is none.
    public static func required(
        name: String, body: @escaping @Sendable () -> Void
    ) -> WorkerThread {
        do throws(Refusal) {
            return try WorkerThread(name: name, body: body)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Starts a thread for one request, which nobody waits for.
    /// - Returns: whether it runs; not so where the system refuses one more, which is no reason for
    ///   the server to stop.
    public static func run(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        (try? WorkerThread(name: name, body: body)) != nil
    }

    /// Whether it is the thread that asks.
    public var isCurrent: Bool { pthread_equal(pthread_self(), thread) != 0 }

    /// Waits until the thread has ended. Any thread but the thread itself; once or more often.
    public func join() {
        isJoined.withLock { isJoined in
            if !isJoined { pthread_join(thread, nil) }
            isJoined = true
        }
    }

    /// What the new thread is given; it takes the only reference.
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private static func start(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) throws(Refusal) -> pthread_t {
        let start = Unmanaged.passRetained(Start(name: String(name.prefix(15)), body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                nameThisThread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw Refusal(code: code)
        }
        return thread
    }
}

/// Names the calling thread; Glibc's own functions for it are variadic or hidden from Swift.
private func nameThisThread(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = name.withCString { write(file, $0, strlen($0)) }
    close(file)
}
