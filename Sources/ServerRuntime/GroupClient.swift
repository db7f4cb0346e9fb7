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
    /// The front ends. A place behind those of the members is that of one of them.
    private let detours: [Member]
    private let detourDelay: Instant.Span
    private let detourLife: Instant.Span
    private let client: HTTPClient
    private let timers: TimerThread
    private let authorization: String
    private let logger: Logger
    private let attemptLimit: Instant.Span
    private let retryPause = Instant.Span.milliseconds(50)
    private let state = Mutex(State())

    private struct State {
        /// The place of the server that is taken for the primary.
        var primary: Int?
        /// The one that was learnt of last, and until when it is believed against its own word.
        var learnt: (place: Int, until: Instant)?
        /// The way round, where requests go by it.
        var detour: Detour?
        /// The attempts that wait for an answer.
        var waiting: [UInt64: Waiting] = [:]
        var lastNumber: UInt64 = 0

        mutating func add(_ attempt: Attempt, at place: Int) -> UInt64 {
            lastNumber += 1
            waiting[lastNumber] = Waiting(attempt: attempt, place: place)
            return lastNumber
        }
    }

    private struct Detour {
        /// The front end that is asked.
        var place: Int
        /// Until when, before a request tries the short way again.
        var until: Instant
        /// Front ends in a row that have not got through.
        var failures = 0
        /// Whether this one has.
        var isOpen = false
    }

    private struct Waiting {
        let attempt: Attempt
        let place: Int
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
        self.members = members
        self.detours = detours
        self.detourDelay = Instant.Span(detourDelay)
        self.detourLife = Instant.Span(detourLife)
        self.logger = logger
        self.client = client
        self.timers = timers
        authorization = secret.authorization
        self.attemptLimit = Instant.Span(attemptLimit)
    }

    /// Takes note of who is primary, and sends there again what waits for another server's answer;
    /// a name that is not in the group is ignored. Any thread.
    public func learn(primary name: String) {
        guard let index = members.firstIndex(where: { $0.name == name }) else { return }
        let waiting = state.withLock { state in
            state.primary = index
            state.detour = nil
            state.learnt = (index, BootClock.now() + attemptLimit)
            let elsewhere = state.waiting.filter { $0.value.place != index }
            for number in elsewhere.keys { state.waiting[number] = nil }
            return elsewhere
        }
        for (_, waiting) in waiting.sorted(by: { $0.key < $1.key }) {
            var attempt = waiting.attempt
            attempt.mayHaveHappened = true
            self.attempt(attempt, at: index)
        }
    }

    /// The server that the next request goes to first.
    public var presumedPrimary: String? {
        state.withLock { $0.primary }.map { members[$0].name }
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
        let now = BootClock.now()
        let first = state.withLock { state -> Int in
            if request.detour != nil, let detour = state.detour {
                if now < detour.until { return detour.place }
                // This one tries the short way, and the others go on as before meanwhile.
                state.detour?.until = now + detourLife
            }
            return state.primary ?? 0
        }
        attempt(
            Attempt(request: request, deadline: deadline, completion: completion), at: first)
    }

    private struct Attempt: Sendable {
        let request: Request
        let deadline: Instant
        let completion: @Sendable (Result<HTTPResponse, Failure>) -> Void
        var mayHaveHappened = false
        var last: HTTPResponse?
        /// Since when a server that it was sent to has given no answer at all.
        var unansweredSince: Instant?
        /// Front ends that have failed it in this round.
        var failedDetours = 0
    }

    private func attempt(_ attempt: Attempt, at index: Int) {
        let left = attempt.deadline - BootClock.now()
        guard left > .zero, !members.isEmpty else { return finish(attempt) }
        let isDetour = index >= members.count
        let receiver = isDetour ? detours[index - members.count] : members[index]
        let isAlone = members.count == 1 && (detours.isEmpty || attempt.request.detour == nil)
        let limit = isAlone ? left : min(left, attemptLimit)
        var headers =
            attempt.request.headers + [
                ("Authorization", authorization),
                ("X-Request-ID", attempt.request.requestID),
                ("X-Request-Timeout", String(limit.nanoseconds / 1_000_000)),
            ]
        if let parent = attempt.request.traceParent { headers.append(("traceparent", parent)) }
        let request = HTTPRequest(
            method: attempt.request.method, authority: receiver.authority,
            path: (isDetour ? attempt.request.detour : nil) ?? attempt.request.path,
            headers: headers, body: attempt.request.body)
        let number = state.withLock { $0.add(attempt, at: index) }
        let start = BootClock.now()
        client.send(request, timeout: limit.duration) { [self] result in
            SlowRequest.note(
                attempt.request.method, request.path, at: receiver.name,
                took: BootClock.now() - start, status: try? result.get().status,
                requestID: attempt.request.requestID, logger)
            // Sent to another primary meanwhile, which answers instead.
            guard state.withLock({ $0.waiting.removeValue(forKey: number) }) != nil else { return }
            if isDetour {
                returned(result, of: attempt, from: index)
            } else {
                var attempt = attempt
                if case .failure = result, attempt.unansweredSince == nil {
                    attempt.unansweredSince = start
                }
                received(result, of: attempt, from: index)
            }
        }
    }

    /// Takes what a front end has got for a request, or why it has not.
    private func returned(
        _ result: Result<HTTPResponse, HTTPClientError>, of attempt: Attempt, from index: Int
    ) {
        var attempt = attempt
        switch result {
        // The catalog's word: the outcomes, or that it misses sales.
        case .success(let response) where response.status == 200 || response.status == 409:
            let isNew = state.withLock { state -> Bool in
                var detour = state.detour ?? Detour(place: index, until: .init(nanoseconds: 0))
                let isNew = !detour.isOpen
                if isNew { detour.until = BootClock.now() + detourLife }
                (detour.place, detour.failures, detour.isOpen) = (index, 0, true)
                state.detour = detour
                return isNew
            }
            if isNew { logger.notice("\(detours[index - members.count].name) is the way round") }
            attempt.completion(.success(response))
            return
        // One of an earlier release does not know the way, or a batch so large.
        case .success(let response) where (400...499).contains(response.status): break
        case .success, .failure:
            // What it has tried is not known here.
            attempt.mayHaveHappened = true
        }
        attempt.failedDetours += 1
        let other = members.count + (index - members.count + 1) % detours.count
        let next = state.withLock { state -> Int in
            // What one request has found out at the cost of its time, the next one knows.
            if var detour = state.detour, detour.place == index {
                detour.failures += 1
                (detour.place, detour.isOpen) = (other, false)
                state.detour = detour.failures < detours.count ? detour : nil
            }
            return attempt.failedDetours < detours.count ? other : state.primary ?? 0
        }
        if next < members.count {
            attempt.failedDetours = 0
            attempt.unansweredSince = nil
        }
        self.attempt(attempt, at: next, after: retryPause)
    }

    private func received(
        _ result: Result<HTTPResponse, HTTPClientError>, of attempt: Attempt, from index: Int
    ) {
        var attempt = attempt
        switch result {
        case .success(let response) where response.status < 502 || response.status > 504:
            let wasCut = state.withLock { state -> Bool in
                state.primary = index
                defer { state.detour = nil }
                return state.detour?.isOpen == true
            }
            if wasCut { logger.notice("\(members[index].name) answers again") }
            attempt.completion(.success(response))
            return
        case .success(let response):
            if response.status == 503 {
                attempt.last = response
            } else if !response.isOfAbsentServer {
                attempt.mayHaveHappened = true
            }
            if let detour = detour(for: attempt) {
                return self.attempt(attempt, at: detour, after: .milliseconds(5))
            }
            if isLearnt(index) {
                return self.attempt(attempt, at: index, after: retryPause)
            }
            if let name = response.header("X-Primary"), name != members[index].name,
                let other = members.firstIndex(where: { $0.name == name })
            {
                state.withLock { $0.primary = other }
                self.attempt(attempt, at: other, after: .milliseconds(5))
                return
            }
        case .failure(let error):
            if error.mayHaveBeenProcessed { attempt.mayHaveHappened = true }
            if let detour = detour(for: attempt) {
                return self.attempt(attempt, at: detour, after: .milliseconds(5))
            }
        }
        let next = state.withLock { state in
            if state.primary == index { state.primary = nil }
            return state.primary ?? (index + 1) % members.count
        }
        self.attempt(attempt, at: next, after: retryPause)
    }

    /// The front end that a request goes to now; nil where it does not.
    private func detour(for attempt: Attempt) -> Int? {
        guard let since = attempt.unansweredSince, attempt.request.detour != nil, !detours.isEmpty,
            BootClock.now() - since >= detourDelay
        else { return nil }
        return state.withLock { state in
            let detour =
                state.detour
                ?? Detour(place: members.count, until: BootClock.now() + detourLife)
            state.detour = detour
            return detour.place
        }
    }

    /// Whether a server was learnt of as primary so lately that it may not have got to it yet.
    private func isLearnt(_ index: Int) -> Bool {
        guard let learnt = state.withLock({ $0.learnt }) else { return false }
        return learnt.place == index && BootClock.now() < learnt.until
    }

    private func attempt(_ attempt: Attempt, at index: Int, after pause: Instant.Span) {
        guard BootClock.now() + pause < attempt.deadline else { return finish(attempt) }
        timers.schedule(after: pause) { [self] in self.attempt(attempt, at: index) }
    }

    private func finish(_ attempt: Attempt) {
        if let last = attempt.last, !attempt.mayHaveHappened {
            attempt.completion(.success(last))
        } else {
            attempt.completion(.failure(.timedOut(mayHaveHappened: attempt.mayHaveHappened)))
        }
    }
}
