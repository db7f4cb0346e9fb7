public import FastCGI
internal import MonotonicTime
internal import Synchronization

/// Counts a server's requests by route and status, and how long they took by route.
///
/// All counters are there from the start, so that counting takes no lock.
public final class RequestMetrics: Sendable {
    /// The statuses that have a counter of their own; others are counted as `other`.
    private static let statuses = [
        200, 201, 204, 304, 400, 401, 404, 405, 409, 412, 413, 415, 422, 500, 502, 503, 504,
    ]
    private static let labels = statuses.map { "\($0)" } + ["other"]

    /// One route's counters.
    public final class Route: Sendable {
        /// Its name, the value of the label `route`.
        public let name: String
        private let counts: [MetricsRegistry.Counter]
        private let others = MetricsRegistry.Histogram(.seconds)
        private let fast = MetricsRegistry.Histogram(.seconds)

        fileprivate init(_ name: String) {
            self.name = name
            counts = RequestMetrics.labels.map { _ in MetricsRegistry.Counter() }
        }

        /// Counts an answer.
        public func count(status: Int, nanoseconds: Int64) {
            let statuses = RequestMetrics.statuses
            counts[statuses.firstIndex(of: status) ?? statuses.count].increment()
            others.observe(nanoseconds: nanoseconds)
        }

        /// Counts an answer of status 200 where even one addition more would count: the histogram's
        /// own count stands for it.
        public func countFast(nanoseconds: Int64) { fast.observe(nanoseconds: nanoseconds) }

        /// How long the requests took.
        public var durations: MetricsRegistry.Histogram.Snapshot { others.snapshot + fast.snapshot }

        /// How many answers there were of each status; those that there were none of are left out.
        public var answers: [(status: String, count: Int)] {
            let fast = fast.snapshot.count
            return zip(RequestMetrics.labels, counts).compactMap { label, counter in
                let count = counter.count + (label == "200" ? fast : 0)
                return count == 0 ? nil : (label, count)
            }
        }

        /// How many answers there were with a status of some range.
        public func count(of range: ClosedRange<Int>) -> Int {
            answers.reduce(0) { sum, answer in
                sum + (Int(answer.status).map(range.contains) == true ? answer.count : 0)
            }
        }
    }

    /// The routes, in the order in which they were named.
    public let routes: [Route]
    private let routesByName: [String: Route]
    private let unknown: Route

    /// Counts requests of these routes; those of any other count as `none`.
    public init(routes names: [String]) {
        let routes = (names + ["none"]).map { Route($0) }
        self.routes = routes
        routesByName = Dictionary(uniqueKeysWithValues: routes.map { ($0.name, $0) })
        unknown = routes[names.count]
    }

    /// The counters of a route; nil and unknown names are requests without a route.
    public subscript(name: String?) -> Route {
        name.flatMap { routesByName[$0] } ?? unknown
    }

    /// Shows the counters in a registry.
    public func register(in metrics: MetricsRegistry) {
        let routes = routes
        metrics.counters(
            "pygmy_http_requests_total", help: "Answered requests by route and status."
        ) {
            routes.flatMap { route in
                route.answers.map { answer in
                    ("route=\"\(route.name)\",status=\"\(answer.status)\"", Double(answer.count))
                }
            }
        }
        for route in routes {
            metrics.histogram(
                "pygmy_http_request_duration_seconds",
                help: "From when a request was read to when its answer was written, by route.",
                labels: "route=\"\(route.name)\""
            ) { route.durations }
        }
    }
}

extension RequestMetrics {
    /// Counts a server's requests by the first segments of their paths, from when they were read.
    public var observation: Server.Observation {
        { [self] request in
            let route = self[request.pathSegments?.first]
            let start = BootClock.now()
            return { status in
                route.count(status: status, nanoseconds: (BootClock.now() - start).nanoseconds)
            }
        }
    }
}
