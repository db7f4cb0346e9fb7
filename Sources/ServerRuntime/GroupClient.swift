public import API
public import HTTPClient
public import Logging
public import MonotonicTime
internal import Synchronization

/// Sends requests to the primary of a replica group, whoever that is now, until their time is over.
///
/// A request goes to the server that is known as primary, or, where none is known, to each server
/// of the group in turn. An answer of 503 that names another server in `X-Primary` redirects it;
/// any other 503, a refused connection or a server that hangs for ``attemptLimit`` is followed by
/// an attempt elsewhere. What still hangs somewhere when ``learn(primary:)`` is told of another
/// primary goes there at once, and stays there for ``attemptLimit`` although that server may not
/// know yet what it is. A request may so be made more than once: every one of them carries a key or
/// is harmless when repeated.
///
/// Where a server gives no answer at all for a while, and no other becomes primary, the link to it
/// may be cut while others reach it. Then a request that has a way round (``Request/detour``) goes
/// to the front ends, and so do those after it for a while. See `docs/decisions/detours.md`.
public final class GroupClient: Sendable {
    /// What a request that got no answer ended with.
    public enum Failure: Error, Sendable {
        /// Its time was over; `mayHaveHappened` where a server may have carried it out all the
        /// same.
        case timedOut(mayHaveHappened: Bool)
    }

    /// A request of this kind, whoever answers it.
    public struct Request: Sendable {
        /// The method: `GET`, `POST`, ….
        public var method: String
        /// The path with its query, encoded.
        public var path: String
        /// Headers besides the ones that every message between servers has.
        public var headers: [(String, String)]
        /// The body, empty for none.
        public var body: [UInt8]
        /// The path under which a front end passes it on to the group's primary, with the same
        /// method and body; nil where it has no such way.
        public var detour: String?
        /// The id of the user's request that it is for.
        public var requestID: String
        /// That request's `traceparent`, where it has one.
        public var traceParent: String?

        /// Makes a request.
        public init(
            method: String, path: String, headers: [(String, String)] = [], body: [UInt8] = [],
            detour: String? = nil, requestID: String, traceParent: String? = nil
        ) {
            self.detour = detour
            self.traceParent = traceParent
            self.method = method
            self.path = path
            self.headers = headers
            self.body = body
            self.requestID = requestID
        }
    }

    /// A server of the group: its name and the address of its nginx listener.
    public typealias Member = (name: String, authority: String)

    private let members: [Member]
    private let detours: [Member]
    private let client: HTTPClient
    private let timers: TimerThread
    private let authorization: String
    private let logger: Logger
    private let attemptLimit: Instant.Span
    private let state: Mutex<State>

    private struct State {
        var route: GroupRoute
        /// The attempts that wait for an answer, under numbers of their own.
        var waiting: [UInt64: (request: Sent, place: GroupRoute.Place)] = [:]
        var lastNumber: UInt64 = 0
    }

    /// A request on its way.
    private struct Sent: Sendable {
        let request: Request
        let deadline: Instant
        let completion: @Sendable (Result<HTTPResponse, Failure>) -> Void
        var journey: GroupRoute.Journey
    }

    /// Makes a client of one group.
    /// - Parameters:
    ///   - members: the servers of the group in the order of the configuration.
    ///   - client: what sends.
    ///   - timers: what waits before a repetition.
    ///   - secret: the cluster's secret.
    ///   - attemptLimit: how long one server may take before another is asked.
    ///   - logger: is told of what takes long.
    ///   - detours: the front ends, which pass on what cannot get through.
    ///   - detourDelay: how long a server must have given no answer before: another one takes a
    ///     dead primary's place sooner than that as a rule.
    ///   - detourLife: how long requests go by a front end before one tries the short way again.
    public init(
        members: [Member], client: HTTPClient, timers: TimerThread, secret: Secret,
        attemptLimit: Duration, logger: Logger, detours: [Member] = [],
        detourDelay: Duration = .seconds(1), detourLife: Duration = .seconds(5)
    ) {
        precondition(!members.isEmpty, "a group has servers")
        self.members = members
        self.detours = detours
        self.logger = logger
        self.client = client
        self.timers = timers
        authorization = secret.authorization
        self.attemptLimit = Instant.Span(attemptLimit)
        state = Mutex(
            State(
                route: GroupRoute(
                    members: members.map(\.name), frontEnds: detours.count,
                    attemptLimit: self.attemptLimit, detourDelay: Instant.Span(detourDelay),
                    detourLife: Instant.Span(detourLife))))
    }

    /// Takes note of who is primary, and sends there again what waits for another server's answer;
    /// a name that is not in the group is ignored. Any thread.
    public func learn(primary name: String) {
        let (primary, elsewhere) = state.withLock { state -> (GroupRoute.Place, [Sent]) in
            guard let primary = state.route.learn(primary: name, at: BootClock.now()) else {
                return (.member(0), [])
            }
            let elsewhere = state.waiting.filter { $0.value.place != primary }
            for number in elsewhere.keys { state.waiting[number] = nil }
            return (primary, elsewhere.sorted { $0.key < $1.key }.map(\.value.request))
        }
        for var sent in elsewhere {
            sent.journey.mayHaveHappened = true
            attempt(sent, at: primary)
        }
    }

    /// Sends a request; any thread, never waits.
    /// - Parameters:
    ///   - request: what to send.
    ///   - deadline: until when to try.
    ///   - completion: called once, on a thread that must not be held up.
    public func send(
        _ request: Request, deadline: Instant,
        completion: @escaping @Sendable (Result<HTTPResponse, Failure>) -> Void
    ) {
        let journey = GroupRoute.Journey(hasDetour: request.detour != nil)
        let first = state.withLock { $0.route.first(for: journey, at: BootClock.now()) }
        attempt(
            Sent(request: request, deadline: deadline, completion: completion, journey: journey),
            at: first)
    }

    private func attempt(_ sent: Sent, at place: GroupRoute.Place) {
        let start = BootClock.now()
        let left = sent.deadline - start
        guard left > .zero else { return giveUp(sent) }
        let (number, isAlone) = state.withLock { state in
            state.lastNumber += 1
            state.waiting[state.lastNumber] = (sent, place)
            return (state.lastNumber, state.route.isAlone(sent.journey))
        }
        let limit = isAlone ? left : min(left, attemptLimit)
        let request = message(sent.request, to: place, limit: limit)
        client.send(request, timeout: limit.duration) { [self] result in
            let now = BootClock.now()
            SlowRequest.note(
                request.method, request.path, at: name(of: place), took: now - start,
                status: try? result.get().status, requestID: sent.request.requestID, logger)
            var sent = sent
            let step = state.withLock { state -> GroupRoute.Step? in
                // Sent to another primary meanwhile, which answers instead.
                guard state.waiting.removeValue(forKey: number) != nil else { return nil }
                return state.route.receive(
                    result, of: &sent.journey, from: place, sentAt: start, at: now)
            }
            switch step {
            case nil: break
            case .attempt(let next, let pause): attempt(sent, at: next, after: pause)
            case .answer(let response, let change):
                if let change { log(change) }
                sent.completion(.success(response))
            }
        }
    }

    private func message(
        _ request: Request, to place: GroupRoute.Place, limit: Instant.Span
    ) -> HTTPRequest {
        var headers =
            request.headers + [
                ("Authorization", authorization),
                ("X-Request-ID", request.requestID),
                ("X-Request-Timeout", String(limit.nanoseconds / 1_000_000)),
            ]
        if let parent = request.traceParent { headers.append(("traceparent", parent)) }
        let (authority, path) =
            switch place {
            case .member(let index): (members[index].authority, request.path)
            case .frontEnd(let index): (detours[index].authority, request.detour ?? request.path)
            }
        return HTTPRequest(
            method: request.method, authority: authority, path: path, headers: headers,
            body: request.body)
    }

    private func attempt(_ sent: Sent, at place: GroupRoute.Place, after pause: Instant.Span) {
        guard BootClock.now() + pause < sent.deadline else { return giveUp(sent) }
        timers.schedule(after: pause) { [self] in attempt(sent, at: place) }
    }

    private func giveUp(_ sent: Sent) {
        if let refusal = sent.journey.refusal, !sent.journey.mayHaveHappened {
            sent.completion(.success(refusal))
        } else {
            sent.completion(.failure(.timedOut(mayHaveHappened: sent.journey.mayHaveHappened)))
        }
    }

    private func log(_ change: GroupRoute.Change) {
        switch change {
        case .detour(let index): logger.notice("\(detours[index].name) is the way round")
        case .direct(let index): logger.notice("\(members[index].name) answers again")
        }
    }

    private func name(of place: GroupRoute.Place) -> String {
        switch place {
        case .member(let index): members[index].name
        case .frontEnd(let index): detours[index].name
        }
    }
}
