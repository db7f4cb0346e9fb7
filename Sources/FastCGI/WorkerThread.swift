internal import CFastCGI
internal import Glibc

/// A thread that can be joined once.
struct WorkerThread: Sendable {
    private let thread: pthread_t

    /// Starts a thread.
    /// - Parameters:
    ///   - name: for debuggers, at most 15 bytes.
    ///   - body: what it does.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(FastCGIError) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(body))
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw .system(call: "pthread_create", path: name, errno: result)
        }
        pygmy_thread_name(thread, name)
        self.thread = thread
    }

    /// Waits for its end.
    func join() {
        pthread_join(thread, nil)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
