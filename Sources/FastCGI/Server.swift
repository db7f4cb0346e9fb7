internal import CFastCGI
internal import Glibc
public import Logging
internal import Synchronization
internal import Threads

/// A FastCGI responder on a unix socket. See the front page of the module, `FastCGI.swift`.
///
/// Take-over: a second process that starts on the same path replaces the name at once and loses no
/// request; this server is then stopped with ``stop()`` and serves what is still connected to it.
/// For that nginx must close kept connections by itself within a moment (`keepalive_timeout 300ms`,
/// `keepalive_time 500ms`): a responder that closes one at the instant that nginx writes to it
/// costs a request.
///
/// Signals: broken connections must not raise SIGPIPE, so ``start()`` ignores it. Everything else
/// is left as it was, though libfcgi would install handlers of its own.
public final class Server: Sendable {
    /// Answers one request, at once or later, through the responder.
    ///
    /// Called on a worker thread, which it must not hold up: no lock that is held for long, no
    /// disk, no network. The request is valid until the handler returns; take from it what is
    /// needed later.
    public typealias Handler =
        @Sendable (_ request: borrowing Request, _ responder: Responder) -> Void

    /// Called before the handler; what it gives is told of the answer.
    public typealias Observation =
        @Sendable (_ request: borrowing Request) -> Responder.Observer?

    /// What a server can be told besides its path and its handler.
    public struct Configuration: Sendable {
        /// Workers. Two to four are enough, since no worker waits for an answer.
        public var threads = 2
        /// How many of them wait for requests; the others take the place of one whose request takes
        /// long. A quarter of the processors: nginx needs most of the others to feed them.
        public var threadsOnDuty = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 4)
        /// The largest body that a handler gets, in bytes; a longer one is ``Body/tooLarge``.
        public var bodyLimit = 1 << 20
        /// The largest block of parameters, in bytes; a connection that brings more is closed. More
        /// than nginx's own limits on headers let through.
        public var parameterLimit = 1 << 16
        /// How long the rest of a request may keep a worker waiting.
        public var receiveTimeout = Duration.seconds(5)
        /// How long the web server may take to read an answer that does not fit its buffer.
        public var sendTimeout = Duration.seconds(10)
        /// How long ``Server/stop()`` waits for the web server to close its connections.
        public var drainTimeout = Duration.seconds(10)
        /// Connections that may wait to be accepted. nginx gives 502 at once where it is full.
        public var backlog: Int32 = 4096
        /// The mode of the socket: who may connect needs write permission.
        public var socketMode: UInt32 = 0o660

        /// Makes a configuration of the defaults.
        public init() {}
    }

    /// What a server counts.
    public struct Metrics: Sendable {
        /// Requests that were handed to the handler since the start.
        public var requests: Int
        /// Requests that are not answered yet.
        public var inFlight: Int
        /// Connections that are open, idle ones included.
        public var connections: Int
        /// Workers that are parsing, handling or writing at this moment.
        public var busyThreads: Int
    }

    private enum Phase {
        case new
        case running(ServerCore, [WorkerThread])
        case stopped
    }

    private let socketPath: String
    private let configuration: Configuration
    private let logger: Logger
    private let observe: Observation?
    private let handler: Handler
    private let phase = Mutex(Phase.new)

    /// Makes a server that does nothing yet.
    /// - Parameters:
    ///   - socketPath: the unix socket that nginx connects to; longer than `sun_path` is allowed
    ///     here.
    ///   - configuration: threads, limits and times.
    ///   - logger: gets a line for whatever goes wrong with a connection.
    ///   - observe: is told of requests and their answers, as to count them; nil for nobody.
    ///   - handler: answers the requests.
    public init(
        socketPath: String, configuration: Configuration = Configuration(), logger: Logger,
        observe: Observation? = nil, handler: @escaping Handler
    ) {
        self.observe = observe
        self.socketPath = socketPath
        self.configuration = configuration
        self.logger = logger
        self.handler = handler
    }

    /// Listens, takes over the path, and begins to serve; returns when it does.
    ///
    /// A server starts once. Block the signals that the program waits for before this, since its
    /// threads inherit the mask.
    public func start() throws(FastCGIError) {
        try Library.initialise()
        try phase.withLock { phase throws(FastCGIError) in
            guard case .new = phase else { throw .startedTwice }
            let core = try ServerCore(
                socketPath: socketPath, configuration: configuration, logger: logger,
                observe: observe, handler: handler)
            var threads: [WorkerThread] = []
            do throws(WorkerThread.Refusal) {
                for index in 0..<max(1, configuration.threads) {
                    threads.append(
                        try WorkerThread(name: "fastcgi-\(index)") { core.work(as: index) })
                }
            } catch {
                core.endWorkers(threads)
                core.listener.unlinkIfOwn()
                core.closeListener()
                throw .system(call: "pthread_create", path: socketPath, errno: error.code)
            }
            phase = .running(core, threads)
        }
    }

    /// Ends gracefully: removes the name unless a successor has it, accepts the backlog dry, and
    /// serves until the web server has closed every connection, at most for the drain timeout.
    ///
    /// Waits for that. Requests that are unanswered at the end are cut off. Harmless when repeated.
    public func stop() {
        let running = phase.withLock { phase -> (ServerCore, [WorkerThread])? in
            guard case .running(let core, let threads) = phase else { return nil }
            phase = .stopped
            return (core, threads)
        }
        guard let (core, threads) = running else { return }
        core.listener.unlinkIfOwn()
        if !core.waitUntilDrained(configuration.drainTimeout) {
            let count = core.connectionCount
            logger.warning("stopped with \(count) connections that were not closed in time")
            core.shutDownConnections()
            _ = core.waitUntilDrained(.seconds(1))
        }
        core.endWorkers(threads)
        core.closeListener()
    }

    /// The counters now; zeros before the start and after the end. Any thread.
    public var metrics: Metrics {
        let core = phase.withLock { phase -> ServerCore? in
            guard case .running(let core, _) = phase else { return nil }
            return core
        }
        guard let core else {
            return Metrics(requests: 0, inFlight: 0, connections: 0, busyThreads: 0)
        }
        // In this order: a request that ends in between must not be counted as minus one.
        let finished = core.finished.load(ordering: .acquiring)
        let requests = core.requests.load(ordering: .relaxed)
        return Metrics(
            requests: requests, inFlight: max(0, requests - finished),
            connections: core.connectionCount,
            busyThreads: core.roster.busyCount)
    }
}
