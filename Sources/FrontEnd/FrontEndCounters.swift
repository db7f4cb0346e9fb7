internal import MonotonicTime
internal import ServerRuntime
internal import Synchronization

/// What a front end counts besides its cache. Any thread, without a lock.
final class FrontEndCounters: Sendable {
    /// Requests by route and status, and how long they took.
    let requests = RequestMetrics(routes: RouteName.allCases.map(\.rawValue))
    /// The counters of the busiest route, found once.
    let lookups: RequestMetrics.Route
    let buyBatches = Atomic<Int>(0)
    /// Requests to the back end that were made again, there or elsewhere.
    let retries = Atomic<Int>(0)
    let heartbeatsAnswered = Atomic<Int>(0)
    let heartbeatsMissed = Atomic<Int>(0)
    let invalidationRequests = Atomic<Int>(0)

    init() {
        lookups = requests[RouteName.lookup.rawValue]
    }

    /// The answers to requests of some routes, all where none is named.
    func answers(_ names: RouteName..., with statuses: ClosedRange<Int> = 100...599) -> Int {
        let routes = names.isEmpty ? requests.routes : names.map { requests[$0.rawValue] }
        return routes.reduce(0) { $0 + $1.count(of: statuses) }
    }
}

/// Counts an answer that passes, under its route, and notes one that took long.
struct CountingSink: AnswerSink {
    private let sink: any AnswerSink
    private let route: RequestMetrics.Route
    private let timers: any Timers
    private let startedAt: Instant
    private let slow: SlowNote?

    init(
        _ sink: any AnswerSink, _ route: RequestMetrics.Route, _ timers: any Timers,
        since startedAt: Instant, slow: SlowNote?
    ) {
        self.slow = slow
        self.sink = sink
        self.route = route
        self.timers = timers
        self.startedAt = startedAt
    }

    func send(_ answer: Answer) {
        sink.send(answer)
        count(answer.status)
    }

    func send(_ hit: CachedBook.Hit) {
        sink.send(hit)
        count(200)
    }

    func begin(status: Int, headers: [(String, String)]) -> Bool {
        // An answer that takes a client's time to send is timed to its beginning.
        count(status)
        return sink.begin(status: status, headers: headers)
    }

    func write(_ bytes: [UInt8]) throws { try sink.write(bytes) }

    func finish() { sink.finish() }

    private func count(_ status: Int) {
        let time = timers.now() - startedAt
        route.count(status: status, nanoseconds: time.nanoseconds)
        slow?.write(took: time, status: status)
    }
}
