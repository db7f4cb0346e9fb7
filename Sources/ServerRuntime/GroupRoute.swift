internal import HTTPClient
internal import MonotonicTime

/// The way of requests to the primary of a replica group: whom to ask first, and whom next after an
/// answer or the lack of one. It keeps what one request has found out for those that follow.
///
/// It sends nothing and reads no clock: ``GroupClient`` does.
struct GroupRoute: Sendable {
    /// Who is asked.
    enum Place: Hashable, Sendable {
        /// The server of the group at this place in the configuration.
        case member(Int)
        /// The front end at this place, which passes the request on.
        case frontEnd(Int)
    }

    /// What is known of one request on its way.
    struct Journey: Sendable {
        /// Whether a front end may pass it on.
        let hasDetour: Bool
        /// Whether a server may have carried it out although nobody has said so.
        var mayHaveHappened = false
        /// The last answer of a server that will not carry it out now.
        var refusal: HTTPResponse?
        /// Since when a server that it was sent to has given no answer at all.
        var unansweredSince: Instant?
        /// Front ends that have failed it in this round.
        var failedFrontEnds = 0

        init(hasDetour: Bool) { self.hasDetour = hasDetour }
    }

    /// What comes after an attempt.
    enum Step: Sendable {
        /// The answer is the caller's. A change is what has become different for requests in
        /// general, for the log.
        case answer(HTTPResponse, change: Change?)
        /// Another attempt, after a pause.
        case attempt(Place, after: Instant.Span)
    }

    /// A change of the way that all requests take.
    enum Change: Sendable {
        /// Requests go by a front end now.
        case detour(frontEnd: Int)
        /// They go to the server itself again.
        case direct(member: Int)
    }

    /// Before another server is asked: long enough for nginx to notice what has happened.
    static let retryPause = Instant.Span.milliseconds(50)
    /// Before the server is asked that another one named.
    static let redirectPause = Instant.Span.milliseconds(5)

    private struct Detour {
        /// The front end that is asked.
        var frontEnd: Int
        /// Until when, before a request tries the short way again.
        var until: Instant
        /// Front ends in a row that have not got through.
        var failures = 0
        /// Whether this one has.
        var isOpen = false
    }

    private let members: [String]
    private let frontEnds: Int
    private let attemptLimit: Instant.Span
    private let detourDelay: Instant.Span
    private let detourLife: Instant.Span
    /// The place of the server that is taken for the primary.
    private(set) var primary: Int?
    /// The one that was learnt of last, and until when it is believed against its own word.
    private var learnt: (member: Int, until: Instant)?
    /// The way round, where requests go by it.
    private var detour: Detour?

    /// - Parameters:
    ///   - members: the names of the group's servers; at least one.
    ///   - frontEnds: how many there are to go round by.
    ///   - attemptLimit: how long one server may take before another is asked.
    ///   - detourDelay: how long a server must have given no answer before a request goes round.
    ///   - detourLife: how long requests go round before one tries the short way again.
    init(
        members: [String], frontEnds: Int, attemptLimit: Instant.Span,
        detourDelay: Instant.Span, detourLife: Instant.Span
    ) {
        self.members = members
        self.frontEnds = frontEnds
        self.attemptLimit = attemptLimit
        self.detourDelay = detourDelay
        self.detourLife = detourLife
    }

    /// Whether a request has a single server that it can go to.
    func isAlone(_ journey: Journey) -> Bool {
        members.count == 1 && (frontEnds == 0 || !journey.hasDetour)
    }

    /// Says where a new request goes first.
    mutating func first(for journey: Journey, at now: Instant) -> Place {
        if journey.hasDetour, let detour {
            if now < detour.until { return .frontEnd(detour.frontEnd) }
            // This one tries the short way, and the others go on as before meanwhile.
            self.detour?.until = now + detourLife
        }
        return .member(primary ?? 0)
    }

    /// Takes note of who is primary.
    /// - Returns: its place; nil where the name is not in the group.
    mutating func learn(primary name: String, at now: Instant) -> Place? {
        guard let member = members.firstIndex(of: name) else { return nil }
        primary = member
        detour = nil
        learnt = (member, now + attemptLimit)
        return .member(member)
    }

    /// Takes what became of an attempt.
    /// - Parameter start: when it was made.
    mutating func receive(
        _ result: Result<HTTPResponse, HTTPClientError>, of journey: inout Journey,
        from place: Place, sentAt start: Instant, at now: Instant
    ) -> Step {
        switch place {
        case .member(let member):
            receive(result, of: &journey, from: member, sentAt: start, at: now)
        case .frontEnd(let frontEnd):
            receive(result, of: &journey, passedOnBy: frontEnd, at: now)
        }
    }

    private mutating func receive(
        _ result: Result<HTTPResponse, HTTPClientError>, of journey: inout Journey,
        from member: Int, sentAt start: Instant, at now: Instant
    ) -> Step {
        switch result {
        case .success(let response) where !(502...504).contains(response.status):
            primary = member
            defer { detour = nil }
            return .answer(response, change: detour?.isOpen == true ? .direct(member: member) : nil)
        case .success(let response):
            if response.status == 503 {
                journey.refusal = response
            } else if !response.isOfAbsentServer {
                journey.mayHaveHappened = true
            }
            if let step = goRound(journey, at: now) { return step }
            if isLearnt(member, at: now) {
                return .attempt(.member(member), after: Self.retryPause)
            }
            if let name = response.header("X-Primary"), name != members[member],
                let other = members.firstIndex(of: name)
            {
                primary = other
                return .attempt(.member(other), after: Self.redirectPause)
            }
        case .failure(let error):
            if journey.unansweredSince == nil { journey.unansweredSince = start }
            if error.mayHaveBeenProcessed { journey.mayHaveHappened = true }
            if let step = goRound(journey, at: now) { return step }
        }
        if primary == member { primary = nil }
        let next = primary ?? (member + 1) % members.count
        return .attempt(.member(next), after: Self.retryPause)
    }

    /// Takes what a front end has got for a request, or why it has not.
    private mutating func receive(
        _ result: Result<HTTPResponse, HTTPClientError>, of journey: inout Journey,
        passedOnBy frontEnd: Int, at now: Instant
    ) -> Step {
        switch result {
        // The group's word: the outcomes, or that it cannot give them.
        case .success(let response) where response.status == 200 || response.status == 409:
            let isNew = detour?.isOpen != true
            let until = isNew ? now + detourLife : detour?.until ?? now
            detour = Detour(frontEnd: frontEnd, until: until, isOpen: true)
            return .answer(response, change: isNew ? .detour(frontEnd: frontEnd) : nil)
        // One of an earlier release does not know the way, or a batch so large.
        case .success(let response) where (400...499).contains(response.status): break
        case .success, .failure:
            // What it has tried is not known here.
            journey.mayHaveHappened = true
        }
        journey.failedFrontEnds += 1
        let other = (frontEnd + 1) % frontEnds
        // What one request has found out at the cost of its time, the next one knows.
        if var detour, detour.frontEnd == frontEnd {
            detour.failures += 1
            (detour.frontEnd, detour.isOpen) = (other, false)
            self.detour = detour.failures < frontEnds ? detour : nil
        }
        if journey.failedFrontEnds < frontEnds {
            return .attempt(.frontEnd(other), after: Self.retryPause)
        }
        journey.failedFrontEnds = 0
        journey.unansweredSince = nil
        return .attempt(.member(primary ?? 0), after: Self.retryPause)
    }

    /// The way by a front end, where a request takes it now.
    private mutating func goRound(_ journey: Journey, at now: Instant) -> Step? {
        guard journey.hasDetour, frontEnds > 0, let since = journey.unansweredSince,
            now - since >= detourDelay
        else { return nil }
        let taken = detour ?? Detour(frontEnd: 0, until: now + detourLife)
        detour = taken
        return .attempt(.frontEnd(taken.frontEnd), after: Self.redirectPause)
    }

    /// Whether a server was learnt of as primary so lately that it may not have got to it yet.
    private func isLearnt(_ member: Int, at now: Instant) -> Bool {
        guard let learnt else { return false }
        return learnt.member == member && now < learnt.until
    }
}
