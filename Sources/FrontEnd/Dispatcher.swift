internal import API
internal import MonotonicTime
internal import Synchronization

/// Sends requests to the back end, each until it has an answer or its time is over.
///
/// Any thread; nothing here waits.
final class Dispatcher: Sendable {
    /// The request got no answer in its time.
    struct OutOfTime: Error {}

    typealias Completion = @Sendable (Result<UpstreamAnswer, OutOfTime>) -> Void

    private let cluster: Mutex<Cluster>
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
        step(RequestRoute(need: need, deadline: deadline), request, completion)
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
            completion(.failure(OutOfTime()))
        case .pause(let until):
            timers.schedule(at: until) { [self] in self.step(next, request, completion) }
        case .send(let place, let timeout):
            guard let server else { return }
            upstream.send(request, to: server, timeout: timeout) { [self] result in
                received(result, from: place, next, request, completion)
            }
        }
    }

    private func received(
        _ result: Result<UpstreamAnswer, UpstreamFailure>, from place: Int, _ route: RequestRoute,
        _ request: UpstreamRequest, _ completion: @escaping Completion
    ) {
        var route = route
        let now = timers.now()
        let verdict = cluster.withLock { cluster in
            route.receive(result, from: place, in: &cluster, at: now)
        }
        if verdict == .answer, case .success(let answer) = result {
            completion(.success(answer))
        } else {
            counters.retries.add(1, ordering: .relaxed)
            step(route, request, completion)
        }
    }
}
