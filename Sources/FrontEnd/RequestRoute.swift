internal import API
internal import HTTPClient
internal import MonotonicTime

/// The way of one request through a group: which server next, for how long, and when to give up.
///
/// A request that one server fails is tried on another until its time is over. Each is harmless
/// when it is carried out twice: it reads, or says what shall be, or has an idempotency key.
struct RequestRoute: Sendable {
    /// What to do now.
    enum Step: Equatable {
        /// Send the request to the server at this place, and wait for it no longer than this.
        case send(place: Int, timeout: Instant.Span)
        /// Nobody is left to ask: begin again at this instant.
        case pause(until: Instant)
        /// The time is over.
        case giveUp
    }

    /// What an attempt came to.
    enum Verdict: Equatable {
        /// It is the answer.
        case answer
        /// Try again; `isGone` where the server itself was not there.
        case retry(isGone: Bool)
        /// Try the server of this name, which is primary.
        case redirect(String)
    }

    /// How long one server may take for a read before another is asked: a pause that a person
    /// notices, many times what a read takes.
    static let readLimit = Instant.Span.milliseconds(1_000)
    /// The same for a write, which may wait for a view without a silent backup.
    static let writeLimit = Instant.Span.milliseconds(2_500)
    static let firstPause = Instant.Span.milliseconds(20)
    static let longestPause = Instant.Span.milliseconds(200)

    let need: Cluster.Need
    let deadline: Instant
    /// The last reason that a server gave for not serving it; nil once a server may have acted.
    private(set) var refusal: UpstreamAnswer?
    /// Whether a server may have carried the request out already.
    private(set) var mayHaveHappened = false
    /// Whether the server that it went to last is to pass it on to the primary, which that server
    /// may reach while this one does not.
    private(set) var isRelayed = false
    private var tried: Set<Int> = []
    private var redirect: Int?
    private var pause = Self.firstPause

    private let isWrite: Bool

    /// - Parameter isWrite: whether only a primary answers it.
    init(need: Cluster.Need, deadline: Instant, isWrite: Bool = true) {
        self.need = need
        self.deadline = deadline
        self.isWrite = isWrite
    }

    /// Says where the request goes now.
    mutating func next(in cluster: inout Cluster, at now: Instant) -> Step {
        let left = deadline - now
        // Less than a millisecond cannot be told to a server.
        guard left >= .milliseconds(1) else { return .giveUp }
        guard let place = redirect ?? cluster.choose(need, excluding: tried) else {
            tried = []
            let until = now + pause
            pause = min(pause + pause, Self.longestPause)
            // The time is never given up before it is over: whoever waits would begin again.
            return .pause(until: min(until, deadline))
        }
        redirect = nil
        tried.insert(place)
        isRelayed = cluster.isRelayed(need, by: place)
        guard cluster.hasAlternative(need.kind) else { return .send(place: place, timeout: left) }
        let limit =
            switch need {
            case .member: Self.readLimit
            case .primary: Self.writeLimit
            }
        return .send(place: place, timeout: min(left, limit))
    }

    /// Takes what a server answered, or why it did not.
    mutating func receive(
        _ result: Result<UpstreamAnswer, UpstreamFailure>, from place: Int,
        in cluster: inout Cluster, at now: Instant
    ) -> Verdict {
        let verdict = judge(result, from: cluster.servers[place].id.name)
        note(result)
        switch verdict {
        // Who has passed it on is not the primary, nor is who answers what a backup may answer.
        case .answer:
            let isPrimary = isWrite && !isRelayed
            cluster.answered(place, need: isPrimary ? need : .member(need.kind), at: now)
        case .retry(let isGone): cluster.failed(place, isGone: isGone, at: now)
        case .redirect(let name):
            cluster.failed(place, isGone: false, at: now)
            if let primary = cluster.place(of: name) {
                cluster.named(primary: primary)
                // Two servers that name each other are asked once a round.
                if !tried.contains(primary) { redirect = primary }
            }
        }
        return verdict
    }

    /// Gives up on the server that it was sent to, and begins a new round.
    mutating func abandon() {
        mayHaveHappened = true
        refusal = nil
        tried = []
    }

    private mutating func note(_ result: Result<UpstreamAnswer, UpstreamFailure>) {
        switch result {
        case .failure(.unreachable), .failure(.notSent): break
        case .success(let answer) where answer.isOfAbsentServer: break
        case .success(let answer) where answer.status == 503:
            let isProblem = answer.header("Content-Type") == Problem.mediaType
            if isProblem, !mayHaveHappened { refusal = answer }
        case .failure(.unanswered), .success:
            if case .member = need { break }
            mayHaveHappened = true
            refusal = nil
        }
    }

    private func judge(
        _ result: Result<UpstreamAnswer, UpstreamFailure>, from name: String
    ) -> Verdict {
        switch result {
        case .failure(.unreachable): return .retry(isGone: true)
        case .failure(.unanswered), .failure(.notSent): return .retry(isGone: false)
        case .success(let answer):
            switch answer.status {
            case 503:
                guard !isRelayed, let primary = answer.header("X-Primary") else {
                    return .retry(isGone: false)
                }
                return primary == name ? .retry(isGone: false) : .redirect(primary)
            // Of the primary behind it.
            case 504 where isRelayed: return .retry(isGone: false)
            // The server's nginx answers for a server that is not there.
            case 502, 504: return .retry(isGone: true)
            // A secret that differs, or a fault of that server: another may do better.
            case 401, 500...: return .retry(isGone: false)
            default: return .answer
            }
        }
    }
}
