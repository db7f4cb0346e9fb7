internal import API
internal import HTTPClient
internal import MonotonicTime
internal import Synchronization

/// Sends requests to the back end, each until it has an answer or its time is over.
///
/// Any thread; nothing here waits.
final class Dispatcher: Sendable {
    /// The request got no answer in its time.
    struct OutOfTime: Error {
        /// What a server of the group last gave as its reason, where none can have acted.
        var refusal: UpstreamAnswer?
    }

    /// What became of a request: the answer, or none; and whether a server other than the one that
    /// answered may have carried it out before.
    typealias Completion =
        @Sendable (
            _ result: Result<UpstreamAnswer, OutOfTime>, _ mayHaveHappened: Bool
        ) -> Void

    /// An attempt whose answer is awaited.
    private struct Attempt: Sendable {
        let place: Int
        let server: ServerID
        let since: Instant
        let route: RequestRoute
        let request: UpstreamRequest
        let completion: Completion
    }

    private struct UnderWay: Sendable {
        var attempts: [UInt64: Attempt] = [:]
        var lastNumber: UInt64 = 0
    }

    /// How long a server may take for what it was to pass on before it is asked anew, once it is
    /// the primary itself.
    private static let relayPatience = Instant.Span.milliseconds(250)

    private let cluster: Mutex<Cluster>
    private let underWay = Mutex(UnderWay())
    private let upstream: any Upstream
    private let timers: any Timers
    private let counters: FrontEndCounters

    init(
        _ cluster: Cluster, upstream: any Upstream, timers: any Timers, counters: FrontEndCounters
    ) {
        self.cluster = Mutex(cluster)
        self.upstream = upstream
        self.timers = timers
        self.counters = counters
    }

    /// Sends a request to a server that meets a need.
    /// - Parameter completion: called once, perhaps before this returns.
    func send(
        _ request: UpstreamRequest, to need: Cluster.Need, deadline: Instant,
        completion: @escaping Completion
    ) {
        step(
            RequestRoute(need: need, deadline: deadline, isWrite: request.method != "GET"), request,
            completion)
    }

    /// Looks at what is known of the cluster, or changes it. Short: requests wait for it.
    func withCluster<Result: Sendable>(
        _ body: (inout sending Cluster) -> sending Result
    ) -> Result {
        cluster.withLock { body(&$0) }
    }

    private func step(
        _ route: RequestRoute, _ request: UpstreamRequest, _ completion: @escaping Completion
    ) {
        var route = route
        let now = timers.now()
        let (step, server) = cluster.withLock { cluster -> (RequestRoute.Step, ServerID?) in
            let step = route.next(in: &cluster, at: now)
            if case .send(let place, _) = step { return (step, cluster.servers[place].id) }
            return (step, nil)
        }
        let next = route
        switch step {
        case .giveUp:
            completion(.failure(OutOfTime(refusal: route.refusal)), route.mayHaveHappened)
        case .pause(let until):
            timers.schedule(at: until) { [self] in self.step(next, request, completion) }
        case .send(let place, let timeout):
            guard let server else { return }
            let attempt = Attempt(
                place: place, server: server, since: now, route: next, request: request,
                completion: completion)
            let number = underWay.withLock { underWay in
                underWay.lastNumber += 1
                underWay.attempts[underWay.lastNumber] = attempt
                return underWay.lastNumber
            }
            var outgoing = request
            if next.isRelayed, let path = request.relayPath { outgoing.path = path }
            upstream.send(outgoing, to: server, timeout: timeout) { [self] result in
                settle(number, result)
            }
        }
    }

    /// Takes the result of an attempt, unless another was made in its place.
    private func settle(_ number: UInt64, _ result: Result<UpstreamAnswer, UpstreamFailure>) {
        guard let attempt = take(number, status: try? result.get().status) else { return }
        received(result, from: attempt.place, attempt.route, attempt.request, attempt.completion)
    }

    /// Ends an attempt; nil where it has ended already.
    private func take(_ number: UInt64, status: Int?) -> Attempt? {
        guard let attempt = underWay.withLock({ $0.attempts.removeValue(forKey: number) }) else {
            return nil
        }
        attempt.request.trace.journey?.add(
            Journey.Leg(
                server: attempt.server.name, time: timers.now() - attempt.since, status: status))
        return attempt
    }

    /// Looks, once it is known that a group has another primary, for requests that wait for the
    /// former one, which may stand still, or for who was to pass them on: each goes to the new one
    /// now, and the answer of the old one, should it still come, is ignored. Every write is
    /// harmless when it is made twice.
    func reconsider() {
        let primaries = cluster.withLock { cluster in
            [ServerKind.catalog, .order].map { (kind: $0, place: cluster[$0].primary) }
        }
        let now = timers.now()
        var isAnyYoung = false
        let stranded = underWay.withLock { underWay in
            underWay.attempts.filter { _, attempt in
                guard case .primary(let kind) = attempt.route.need,
                    let primary = primaries.first(where: { $0.kind == kind })?.place
                else { return false }
                guard primary == attempt.place else { return true }
                guard attempt.route.isRelayed else { return false }
                // It may have come to the new primary as such, which answers any moment.
                let isOld = now - attempt.since >= Self.relayPatience
                if !isOld { isAnyYoung = true }
                return isOld
            }.keys.sorted()
        }
        if isAnyYoung { timers.schedule(at: now + Self.relayPatience) { [self] in reconsider() } }
        for number in stranded {
            guard let attempt = take(number, status: nil) else { continue }
            var route = attempt.route
            route.abandon()
            counters.retries.add(1, ordering: .relaxed)
            step(route, attempt.request, attempt.completion)
        }
    }

    private func received(
        _ result: Result<UpstreamAnswer, UpstreamFailure>, from place: Int, _ route: RequestRoute,
        _ request: UpstreamRequest, _ completion: @escaping Completion
    ) {
        var route = route
        let mayHaveHappened = route.mayHaveHappened
        let now = timers.now()
        let verdict = cluster.withLock { cluster in
            route.receive(result, from: place, in: &cluster, at: now)
        }
        if verdict == .answer, case .success(let answer) = result {
            completion(.success(answer), mayHaveHappened)
        } else {
            counters.retries.add(1, ordering: .relaxed)
            step(route, request, completion)
        }
    }
}
