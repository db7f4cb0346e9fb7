internal import API
internal import FastCGI
internal import HTTPClient
internal import Logging
internal import MonotonicTime
internal import ServerRuntime

/// Takes the body of a `PUT /register/{group}`, and calls back once with the body of the answer;
/// nil where the vote could not be made durable.
typealias BallotBox =
    @Sendable (
        _ body: [UInt8], _ group: String, _ completion: @escaping @Sendable ([UInt8]?) -> Void
    ) throws(Problem) -> Void

/// The store as clients see it: takes a request, and answers it through its sink, now or later.
///
/// Any thread; nothing here waits.
final class StoreFront: Sendable {
    /// This server.
    let id: ServerID
    /// This server's name.
    var name: String { id.name }
    /// The front ends beside this one.
    let otherFrontEnds: [ServerID]
    let upstream: any Upstream
    let settings: Configuration.Settings
    let credentials: Credentials
    let dispatcher: Dispatcher
    let lookups: LookupDesk
    let buys: BuyDesk
    let exports: ExportDesk
    let watch: BackEndWatch
    let timers: any Timers
    let counters: FrontEndCounters
    /// This server's votes in the view registers.
    let ballotBox: BallotBox
    /// The body of `GET /metrics`.
    let metricsText: @Sendable () -> String
    let startedAt: Instant
    private let logger: Logger
    private let requestTimeout: Instant.Span

    /// The largest body that is taken: a batch of buys that an order server sends round. What
    /// clients send nginx has limited further.
    static let bodyLimit = 1 << 20

    init(
        id: ServerID, incarnation: UInt64, configuration: Configuration,
        credentials: Credentials, upstream: any Upstream, timers: any Timers,
        ballotBox: @escaping BallotBox, logger: Logger,
        metricsText: @escaping @Sendable () -> String
    ) {
        self.ballotBox = ballotBox
        self.logger = logger
        self.id = id
        self.upstream = upstream
        otherFrontEnds = configuration.servers(of: .frontEnd).map(\.id).filter { $0 != id }
        settings = configuration.settings
        self.credentials = credentials
        self.timers = timers
        self.metricsText = metricsText
        startedAt = timers.now()
        counters = FrontEndCounters()
        requestTimeout = Instant.Span(settings.requestTimeout)
        dispatcher = Dispatcher(
            Cluster(configuration, at: startedAt), upstream: upstream, timers: timers,
            counters: counters)
        lookups = LookupDesk(
            name: id.name, threshold: settings.cacheThreshold,
            timeToLive: Instant.Span(settings.cacheTimeout), dispatcher: dispatcher,
            timers: timers)
        buys = BuyDesk(dispatcher: dispatcher, timers: timers, counters: counters)
        exports = ExportDesk(dispatcher: dispatcher, timers: timers)
        watch = BackEndWatch(
            name: id.name, incarnation: incarnation, configuration: configuration,
            dispatcher: dispatcher,
            lookups: lookups, upstream: upstream, timers: timers, counters: counters,
            logger: logger)
    }

    /// Answers a request.
    func handle(_ request: IncomingRequest, _ sink: any AnswerSink) {
        let found = request.segments.flatMap { Route($0) }
        let sink = CountingSink(
            sink, counters.requests[found?.name.rawValue], timers, since: timers.now(),
            slow: found.map { slowNote(of: request, $0.name) })
        do throws(Problem) {
            let route = try checked(found, for: request)
            if request.method == .options { return sink.send(route.name.options) }
            try admit(request, to: route.name)
            try serve(route, request, sink)
        } catch {
            sink.send(.problem(error, indented: request.isIndented))
        }
    }

    /// What says where a request's time went, should it take long.
    func slowNote(of request: IncomingRequest, _ route: RouteName) -> SlowNote {
        SlowNote(
            method: request.methodName, route: route, requestID: request.requestID,
            journey: request.journey, logger: logger)
    }

    /// When a request's time is over.
    func deadline(of request: IncomingRequest, at now: Instant) -> Instant {
        guard let timeout = request.timeout else { return now + requestTimeout }
        return now + min(.milliseconds(min(max(0, timeout), 3_600_000)), requestTimeout)
    }

    /// The route of a request, which must have its method.
    private func checked(_ route: Route?, for request: IncomingRequest) throws(Problem) -> Route {
        guard let segments = request.segments else {
            throw .malformedRequest(
                "The path is not valid: it must be UTF-8, percent-encoded, without NUL")
        }
        guard let route else { throw .notFound("/" + segments.joined(separator: "/")) }
        guard route.name.allowed.contains(request.methodName) else {
            throw .methodNotAllowed(request.methodName, allowed: route.name.allowed)
        }
        return route
    }

    /// Checks that a request may have its route, and that its body has come.
    private func admit(_ request: IncomingRequest, to route: RouteName) throws(Problem) {
        switch route.access {
        case .everybody: break
        case .administrator:
            guard credentials.adminToken.matches(authorization: request.authorization) else {
                throw .unauthorized()
            }
        case .clients where request.isPublic: break
        case .cluster, .clients:
            guard credentials.clusterSecret.matches(authorization: request.authorization) else {
                throw .unauthorized("cluster's secret")
            }
        }
        switch request.body {
        case .complete: break
        case .tooLarge: throw .bodyTooLarge(limit: Self.bodyLimit)
        case .truncated: throw .malformedRequest("The body is shorter than its Content-Length")
        }
    }

    private func serve(
        _ route: Route, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        let value = route.value
        switch route.name {
        case .search: try search(value, request, sink)
        case .searchWords: try searchWords(request, sink)
        case .lookup: try lookup(value, request, sink)
        case .buy: try buy(value, request, sink)
        case .order: try order(value, request, sink)
        case .orders: try orders(request, sink)
        case .topics: topics(request, sink)
        case .status: status(request, sink)
        case .health: health(request, sink)
        case .livez: sink.send(.report(liveness, request))
        case .readyz: sink.send(.report(readiness, request))
        case .metrics: metrics(sink)
        case .restock: try restock(value, request, sink)
        case .item: try administer(value, request, sink)
        case .catalogCSV: try exports.stream(.catalog, request, deadline(of:at:), sink)
        case .ordersCSV: try exports.stream(.order, request, deadline(of:at:), sink)
        case .invalidate: try invalidate(value, request, sink)
        case .register: try vote(value, request, sink)
        case .detour: try detour(value, request, sink)
        case .cache: try cache(request, sink)
        case .cachedBook: try cachedBook(value, request, sink)
        }
    }

    // MARK: Pieces that the routes share

    /// The number of a book in a path.
    static func bookNumber(_ segment: String) throws(Problem) -> Int64 {
        switch ItemNumber.parse(segment) {
        case .number(let number): return number
        case .ofNoBook: throw .noSuchBook(nil)
        case .malformed: throw .notANumber(segment)
        }
    }

    /// Sends a request to a group and the answer to the client.
    func relay(
        _ upstream: UpstreamRequest, to need: Cluster.Need, for request: IncomingRequest,
        _ sink: any AnswerSink,
        answer: @escaping @Sendable (UpstreamAnswer, IncomingRequest) -> Answer
    ) {
        dispatcher.send(
            upstream, to: need, deadline: deadline(of: request, at: timers.now())
        ) { result, _ in
            switch result {
            case .success(let response): sink.send(answer(response, request))
            case .failure(let failure):
                if let refusal = failure.refusal {
                    return sink.send(.relayed(refusal, indented: request.isIndented))
                }
                let group = need.kind == .order ? "order" : "catalog"
                sink.send(
                    .problem(
                        .unavailable("No \(group) server answered in time"),
                        indented: request.isIndented))
            }
        }
    }

    /// An answer with an entity tag, or 304 where the client has it already.
    static func conditional(_ response: UpstreamAnswer, _ request: IncomingRequest) -> Answer {
        guard response.status == 200 else {
            return .relayed(response, indented: request.isIndented)
        }
        let body = request.isIndented ? JSONText.indented(response.body) : response.body
        let tag = EntityTag.of(body)
        var headers = [
            ("ETag", tag), ("Cache-Control", CachedBook.cacheControl), ("Vary", "Accept"),
        ]
        if let next = response.header("Link") { headers.append(("Link", next)) }
        if let list = request.ifNoneMatch, EntityTag.list(list, names: tag) {
            return Answer(status: 304, headers: headers)
        }
        return Answer(
            status: 200, headers: [("Content-Type", Bodies.mediaType)] + headers, body: body)
    }
}
