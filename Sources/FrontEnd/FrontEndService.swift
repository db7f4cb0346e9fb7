internal import API
internal import Durability
public import FastCGI
internal import HTTPClient
internal import Logging
internal import MonotonicTime
internal import RegisterHost
public import ServerRuntime
internal import Synchronization

/// The front end as a server: what `frontEndServer` runs.
///
/// Requests come on FastCGI's workers and are answered there from the cache, or later, from the
/// HTTP client's thread, by whatever the back end says. It has one thread more, for heartbeats.
public final class FrontEndService: Service {
    private let front: StoreFront
    private let acceptors: AcceptorHost?
    private let heartbeatInterval: Duration
    private let heartbeats = Mutex<PeriodicThread?>(nil)

    /// Makes the service; it does nothing before `start()`.
    /// - Throws: where the data directory, which holds the server's votes, cannot be used.
    public convenience init(_ environment: ServerEnvironment) throws(StartFailure) {
        let acceptors: AcceptorHost
        do throws(StorageError) {
            acceptors = try AcceptorHost(
                environment: environment,
                directory: DataDirectory(
                    path: environment.configuration.dataDirectory(of: environment.id),
                    name: environment.id.name))
        } catch {
            throw StartFailure(error)
        }
        try acceptors.checkVoters(environment)
        let metrics = environment.metrics
        let front = StoreFront(
            id: environment.id, incarnation: .random(in: 1 ... .max),
            configuration: environment.configuration, credentials: environment.credentials,
            upstream: HTTPUpstream(environment), timers: ServerTimers(environment.timers),
            ballotBox: { body, group, completion throws(Problem) in
                try acceptors.receive(body: body, group: group, completion: completion)
            },
            logger: environment.logger, metricsText: { metrics.text() })
        front.register(in: metrics)
        self.init(
            front, acceptors,
            heartbeatInterval: environment.configuration.settings.heartbeatInterval)
    }

    init(_ front: StoreFront, _ acceptors: AcceptorHost? = nil, heartbeatInterval: Duration) {
        self.front = front
        self.acceptors = acceptors
        self.heartbeatInterval = heartbeatInterval
    }

    /// The largest body that it takes, in bytes.
    public var bodyLimit: Int { StoreFront.bodyLimit }
    /// Nil: it counts its requests itself, the busiest with as little as can be.
    public var routeNames: [String]? { nil }

    /// Starts the heartbeats. Once.
    public func start() {
        acceptors?.start()
        let thread = PeriodicThread(name: "heartbeats", interval: heartbeatInterval) {
            [front] in front.watch.beat()
        }
        heartbeats.withLock { $0 = thread }
    }

    /// Gives the cache lease up and asks for no other: the catalog waits for it to run out where it
    /// cannot invalidate here.
    public func prepareToStop() { front.watch.stop() }

    /// Ends the heartbeats.
    public func stop() {
        heartbeats.withLock { $0 }?.stop()
        acceptors?.stop()
    }

    /// Answers a request; on a FastCGI worker, which it never holds up.
    public func handle(_ request: borrowing Request, _ responder: Responder) {
        if request.method == .get,
            let number = request.withPath({ LookupPath.itemNumber($0) })
        {
            lookUp(number, request, responder)
        } else {
            front.handle(IncomingRequest(request), responder)
        }
    }

    /// The path that most requests take. A hit is a scan of the few parameters, two readings of the
    /// clock, one short hold of the cache's lock, three writes of bytes that are ready, and two
    /// additions for the metrics.
    private func lookUp(
        _ number: Int64, _ request: borrowing Request, _ responder: Responder
    ) {
        let isPlain =
            !IncomingRequest.prefersHTML(request)
            && request.withParameter("HTTP_IF_NONE_MATCH", { $0.count }) ?? 0 == 0
        guard isPlain else { return front.handle(IncomingRequest(request), responder) }
        let now = front.timers.now()
        let hit = front.lookups.lookup(number, at: now) {
            let request = IncomingRequest(request)
            let sink = CountingSink(
                responder, front.counters.lookups, front.timers, since: now,
                slow: front.slowNote(of: request, .lookup))
            return front.waiter(for: request, sink, at: now)
        }
        guard let hit else { return }
        responder.send(hit)
        front.counters.lookups.countFast(nanoseconds: (front.timers.now() - now).nanoseconds)
    }
}

/// The back end by way of HTTP.
struct HTTPUpstream: Upstream {
    private let client: HTTPClient
    private let authorization: String
    private let authorities: [ServerID: String]
    private let logger: Logger

    init(_ environment: ServerEnvironment) {
        client = environment.client
        logger = environment.logger
        authorization = environment.credentials.clusterSecret.authorization
        authorities = Dictionary(
            uniqueKeysWithValues: environment.configuration.servers.map {
                ($0.id, $0.address.description)
            })
    }

    func send(
        _ request: UpstreamRequest, to server: ServerID, timeout: Instant.Span,
        completion: @escaping @Sendable (Result<UpstreamAnswer, UpstreamFailure>) -> Void
    ) {
        guard let authority = authorities[server] else {
            return completion(.failure(.unreachable))
        }
        var headers =
            request.headers + [
                ("Authorization", authorization), ("X-Request-ID", request.trace.requestID),
                ("X-Request-Timeout", String(timeout.nanoseconds / 1_000_000)),
            ]
        if let parent = request.trace.parent { headers.append(("traceparent", parent)) }
        let outgoing = HTTPRequest(
            method: request.method, authority: authority, path: request.path, headers: headers,
            body: request.body, isUrgent: request.isUrgent)
        let start = BootClock.now()
        client.send(outgoing, timeout: timeout.duration) { [logger] result in
            // A client's request says at its end where its time went.
            if request.trace.journey == nil || logger.logLevel <= .debug {
                SlowRequest.note(
                    request.method, request.path, at: server.name, took: BootClock.now() - start,
                    status: try? result.get().status, requestID: request.trace.requestID, logger)
            }
            completion(result.mapError(UpstreamFailure.init))
        }
    }
}

extension UpstreamFailure {
    /// What a failed exchange says of the server.
    init(_ error: HTTPClientError) {
        switch error {
        case .connectionRefused, .unreachable: self = .unreachable
        case .notSent, .invalidRequest, .unavailable: self = .notSent
        case .timedOut, .broken, .tooLarge, .cancelled, .shutDown: self = .unanswered
        }
    }
}

/// The boot clock and the timers of the process.
struct ServerTimers: Timers {
    private let timers: TimerThread

    init(_ timers: TimerThread) { self.timers = timers }

    func now() -> Instant { BootClock.now() }

    func wallMilliseconds() -> Int64 { WallClock.milliseconds() }

    func schedule(at due: Instant, _ body: @escaping @Sendable () -> Void) {
        timers.schedule(at: due, body)
    }
}
