internal import API
internal import HTTPClient
internal import MonotonicTime

/// A request to a server of the back end.
struct UpstreamRequest: Sendable {
    var method: String
    /// Path and query, encoded.
    var path: String
    /// Path and query with which a replica passes it on to its primary; nil where none does.
    var relayPath: String?
    /// Headers besides those that every message between servers carries.
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    /// Whether it waits for no other: a lease hangs on it.
    var isUrgent = false
    /// The user's request that this one is for.
    var trace: Trace
}

/// What ties together the requests that one request of a user makes.
struct Trace: Sendable, Equatable {
    /// The id under which every server logs it.
    var requestID: String
    /// The user's `traceparent` (W3C Trace Context), nil where none came; nginx lets only valid
    /// ones pass. No server makes spans of its own, so it is carried on as it is.
    var parent: String?
    /// Where its time goes; nil for what no client has asked for.
    var journey: Journey?

    static func == (left: Trace, right: Trace) -> Bool {
        left.requestID == right.requestID && left.parent == right.parent
    }
}

/// What a server of the back end said.
typealias UpstreamAnswer = HTTPResponse

/// Why there is no answer.
enum UpstreamFailure: Error, Equatable, Sendable {
    /// The server cannot have seen the request: no connection.
    case unreachable
    /// The request was not sent, for reasons that say nothing of the server.
    case notSent
    /// The server may have acted on it: the connection broke, or the time was over.
    case unanswered
}

/// What reaches the servers of the back end. Sockets in the server, a script in tests.
protocol Upstream: Sendable {
    /// Sends a request. Any thread; never waits. What every message between servers carries (the
    /// secret, the request's id, what is left of its time) is added here.
    /// - Parameter completion: called once, from a thread that must not be held up.
    func send(
        _ request: UpstreamRequest, to server: ServerID, timeout: Instant.Span,
        completion: @escaping @Sendable (Result<UpstreamAnswer, UpstreamFailure>) -> Void)
}

/// The clock and what waits for it. The boot clock in the server, made up in tests.
protocol Timers: Sendable {
    /// The time now.
    func now() -> Instant
    /// The time of people, in milliseconds since 1970, UTC.
    func wallMilliseconds() -> Int64
    /// Calls a closure once at an instant or soon after.
    func schedule(at due: Instant, _ body: @escaping @Sendable () -> Void)
}
