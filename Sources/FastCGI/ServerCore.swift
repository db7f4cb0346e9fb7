internal import CFastCGI
internal import Glibc
internal import Logging
internal import Synchronization
internal import Threads

/// What the workers, the connections and the responders of one server share.
final class ServerCore: Sendable {
    let configuration: Server.Configuration
    let logger: Logger
    let handler: Server.Handler
    let observe: Server.Observation?
    let poller: Poller
    let listener: ListeningSocket
    let roster: Roster
    /// Requests that a handler was given.
    let requests = Atomic<Int>(0)
    /// Requests whose answer is written or given up.
    let finished = Atomic<Int>(0)
    /// The socket is not accepted from while descriptors or memory are short.
    private let acceptIsPaused = Atomic<Bool>(false)
    /// Whether the next failure to accept is worth a line.
    private let faultIsNews = Atomic<Bool>(true)
    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])
    /// Written to when the last connection has gone.
    private let drained: Int32

    init(
        socketPath: String, configuration: Server.Configuration, logger: Logger,
        observe: Server.Observation?, handler: @escaping Server.Handler
    ) throws(FastCGIError) {
        self.observe = observe
        self.configuration = configuration
        self.logger = logger
        self.handler = handler
        listener = try ListeningSocket(
            path: socketPath, backlog: configuration.backlog, mode: configuration.socketMode)
        do throws(FastCGIError) {
            poller = try Poller(isForOne: configuration.threadsOnDuty == 1)
            drained = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
            guard drained >= 0 else { throw SystemCall.failure("eventfd", "-") }
        } catch {
            listener.unlinkIfOwn()
            Glibc.close(listener.descriptor)
            throw error
        }
        roster = Roster(
            workers: max(1, configuration.threads), places: max(1, configuration.threadsOnDuty),
            poller: poller)
        poller.add(listener: listener.descriptor)
    }

    var connectionCount: Int { connections.withLock { $0.count } }

    // MARK: Working

    /// The life of one worker.
    func work(as index: Int) {
        // Room for the largest block of parameters with its record headers.
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: configuration.parameterLimit * 2 + 16384, alignment: 8)
        defer { scratch.deallocate() }
        while roster.report(index) {
            while true {
                // What was fetched here is not left behind by a worker that is relieved just then:
                // the others may be waiting for reports already.
                let mayWait = roster.isOnDuty(index)
                guard mayWait || poller.hasFetched else { break }
                let isPaused = acceptIsPaused.load(ordering: .relaxed)
                // -1 is without end.
                let patience: Int32 = isPaused ? 100 : -1
                switch poller.next(timeoutMilliseconds: mayWait ? patience : 0) {
                case nil:
                    if isPaused, mayWait { resumeAccepting() }
                case .wakeup:
                    return
                case .listener:
                    acceptAll()
                    if !acceptIsPaused.load(ordering: .relaxed) {
                        poller.arm(listener: listener.descriptor)
                    }
                case .connection(let connection, let isClosed):
                    if isClosed {
                        // Nobody would read the answer.
                        connection.close()
                    } else {
                        roster.begin(index)
                        serve(connection, scratch)
                        roster.finish(index)
                    }
                }
            }
        }
    }

    private func serve(_ connection: Connection, _ scratch: UnsafeMutableRawBufferPointer) {
        guard let request = connection.read(scratch: scratch) else { return }
        requests.add(1, ordering: .relaxed)
        let responder = Responder(connection, observer: observe?(request))
        handler(request, responder)
        responder.handlerReturned()
    }

    // MARK: Connections

    /// Accepts everything that is in the backlog.
    func acceptAll() {
        while true {
            let descriptor = pygmy_accept(listener.descriptor)
            if descriptor >= 0 {
                faultIsNews.store(true, ordering: .relaxed)
                open(descriptor)
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return
            default:
                let message = SystemCall.message(errno)
                // It is tried ten times a second, for as long as that lasts.
                if faultIsNews.exchange(false, ordering: .relaxed) {
                    logger.error("accept failed: \(message); it is tried again until it succeeds")
                }
                acceptIsPaused.store(true, ordering: .relaxed)
                return
            }
        }
    }

    private func open(_ descriptor: Int32) {
        var receive = SystemCall.timeval(configuration.receiveTimeout)
        var send = SystemCall.timeval(configuration.sendTimeout)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &receive, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &send, size)
        let connection = Connection(descriptor: descriptor, core: self)
        // In the registry before the set: a worker may close it as soon as it is in the set.
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
        if !poller.add(connection) {
            logger.error("epoll_ctl failed: \(SystemCall.message(errno))")
            connections.withLock { $0[ObjectIdentifier(connection)] = nil }
            Glibc.close(descriptor)
        }
    }

    /// Drops a connection from the registry; the caller closes its descriptor afterwards.
    func forget(_ connection: Connection) {
        let isEmpty = connections.withLock {
            $0[ObjectIdentifier(connection)] = nil
            return $0.isEmpty
        }
        poller.release(connection)
        if isEmpty { eventfd_write(drained, 1) }
        if acceptIsPaused.load(ordering: .relaxed) { resumeAccepting() }
    }

    private func resumeAccepting() {
        if acceptIsPaused.exchange(false, ordering: .relaxed) {
            poller.arm(listener: listener.descriptor)
        }
    }

    // MARK: Ending

    /// Ends the workers once they are done with what they are at.
    func endWorkers(_ threads: [WorkerThread]) {
        poller.wakeAll()
        roster.dismiss()
        for thread in threads { thread.join() }
    }

    /// Waits until no connection is open; false when the time is over before.
    func waitUntilDrained(_ timeout: Duration) -> Bool {
        let deadline = ContinuousClock.now + timeout
        while true {
            acceptAll()
            if connectionCount == 0 { return true }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return false }
            var descriptor = pollfd(fd: drained, events: Int16(POLLIN), revents: 0)
            poll(&descriptor, 1, SystemCall.milliseconds(left))
            var count: eventfd_t = 0
            eventfd_read(drained, &count)
        }
    }

    /// Makes the other side see every connection closed; the workers then close them here.
    func shutDownConnections() {
        connections.withLock { open in
            for connection in open.values { shutdown(connection.descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Refuses whoever still tries to connect. The last thing, once no worker runs any more.
    func closeListener() {
        Glibc.close(listener.descriptor)
    }

    deinit {
        poller.close()
        Glibc.close(drained)
    }
}
