internal import CCurl
internal import Glibc

/// The thread of a client.
struct LoopThread: Sendable {
    private let thread: pthread_t

    /// Starts a thread.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(HTTPClientError) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(name: name, body))
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                // The name is for debuggers.
                pygmy_name_this_thread(body.name)
                body.run()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw .unavailable("a thread could not be started (\(result))")
        }
        self.thread = thread
    }

    /// Whether it is the thread that asks.
    var isCurrent: Bool { pthread_equal(pthread_self(), thread) != 0 }

    /// Waits for its end; once.
    func join() { pthread_join(thread, nil) }

    /// Lets it end by itself; instead of ``join()``.
    func detach() { pthread_detach(thread) }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}
