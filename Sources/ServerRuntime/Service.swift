public import API
public import FastCGI
public import MonotonicTime

/// One of the three kinds of server: what answers the requests that nginx hands on.
public protocol Service: Sendable {
    /// The largest body that it takes, in bytes.
    var bodyLimit: Int { get }
    /// The first segments of its paths, by which its requests are counted; nil for a service that
    /// counts them itself.
    var routeNames: [String]? { get }
    /// Starts its threads; called once, before the first request.
    func start()
    /// Answers a request, now or later, through the responder. Called on a worker thread that it
    /// must not hold up.
    func handle(_ request: borrowing Request, _ responder: Responder)
    /// Gives up what others would wait for while it is not reached any more; called once, before
    /// the last requests are finished, which may take seconds.
    func prepareToStop()
    /// Ends its threads; called once, after the last request.
    func stop()
}

/// What every request between servers brings besides its own headers.
public struct RequestContext: Sendable {
    /// The id of the user's request that it is for.
    public var requestID: String
    /// When its time is over.
    public var deadline: Instant
    /// The user's `traceparent` (W3C Trace Context), carried on as it came; nil where none came.
    public var traceParent: String?

    /// Makes a context of its parts.
    public init(requestID: String, deadline: Instant, traceParent: String? = nil) {
        self.requestID = requestID
        self.deadline = deadline
        self.traceParent = traceParent
    }

    /// Reads the context of a request.
    /// - Parameters:
    ///   - request: the request; what it brings that cannot be read counts as not brought.
    ///   - requestTimeout: what it may take where it does not say, and at most.
    public init(_ request: borrowing Request, requestTimeout: Duration) {
        requestID = (try? request.parameter("REQUEST_ID")) ?? "-"
        traceParent = (try? request.parameter("HTTP_TRACEPARENT")) ?? nil
        let limit = Instant.Span(requestTimeout)
        let text = (try? request.parameter("HTTP_X_REQUEST_TIMEOUT")) ?? nil
        let left = text.flatMap { Int64($0) }.map { min(max(0, $0), 3_600_000) }
        deadline = BootClock.now() + min(left.map { .milliseconds($0) } ?? limit, limit)
    }
}

extension Responder {
    /// Sends a JSON body.
    public func send(
        json body: [UInt8], status: Int = 200, headers: [(String, String)] = []
    ) {
        send(
            Response(
                status: status, headers: [("Content-Type", Bodies.mediaType)] + headers, body: body)
        )
    }

    /// Sends a problem document.
    public func send(_ problem: Problem, headers: [(String, String)] = []) {
        send(
            Response(
                status: problem.status,
                headers: [("Content-Type", Problem.mediaType), ("Cache-Control", "no-store")]
                    + problem.headers.map { ($0.name, $0.value) } + headers,
                body: problem.body))
    }

    /// Sends a JSON body, or the problem that kept it from being found.
    public func send(_ result: Result<[UInt8], Problem>) {
        switch result {
        case .success(let body): send(json: body)
        case .failure(let problem): send(problem)
        }
    }

    /// Sends plain text.
    public func send(text: String, contentType: String) {
        send(
            Response(
                status: 200, headers: [("Content-Type", contentType)], body: Array(text.utf8)))
    }
}
