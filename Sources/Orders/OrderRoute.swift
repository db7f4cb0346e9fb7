internal import API
internal import FastCGI
internal import ReplicaHost

/// What a path asks of an order server.
enum OrderRoute {
    case buy
    case buys
    case order
    case history
    case ordersCSV
    case audit
    case replica(ReplicaRoute)

    /// Finds the route of a path's decoded segments; nil where there is none.
    init?(_ segments: [String]) {
        if let route = ReplicaRoute(segments) {
            self = .replica(route)
            return
        }
        switch (segments.count, segments.first) {
        case (1, "buys"): self = .buys
        case (1, "orders"): self = .history
        case (1, "orders.csv"): self = .ordersCSV
        case (1, "audit"): self = .audit
        case (2, "buy"): self = .buy
        case (2, "orders"): self = .order
        default: return nil
        }
    }

    private var methods: [Request.Method] {
        switch self {
        case .buy, .buys: [.post]
        case .order, .history, .ordersCSV, .audit: [.get, .head]
        case .replica: []
        }
    }

    /// Checks a request's method and secret; those of the common routes are checked where they are
    /// served.
    func admit(_ request: InternalRequest) throws(Problem) {
        if case .replica = self { return }
        try request.require(methods)
        try request.requireSecret()
    }
}
