internal import API
internal import FastCGI
internal import ReplicaHost

/// What a path asks of a catalog server.
enum CatalogRoute {
    case search(topic: String)
    case searchWords
    case lookup
    case lookups
    case topics
    case buy
    case buys
    case restock
    case item
    case catalogCSV
    case sales
    case audit
    case replica(ReplicaRoute)

    /// Finds the route of a path's decoded segments; nil where there is none.
    init?(_ segments: [String]) {
        if let route = ReplicaRoute(segments) {
            self = .replica(route)
            return
        }
        switch (segments.count, segments.first) {
        case (1, "search"): self = .searchWords
        case (1, "topics"): self = .topics
        case (1, "buys"): self = .buys
        case (1, "lookups"): self = .lookups
        case (1, "catalog.csv"): self = .catalogCSV
        case (1, "sales"): self = .sales
        case (1, "audit"): self = .audit
        case (2, "search") where !segments[1].isEmpty: self = .search(topic: segments[1])
        case (2, "lookup"): self = .lookup
        case (2, "buy"): self = .buy
        case (2, "restock"): self = .restock
        case (2, "items"): self = .item
        default: return nil
        }
    }

    private var methods: [Request.Method] {
        switch self {
        case .search, .searchWords, .lookup, .topics, .catalogCSV, .audit: [.get, .head]
        case .sales: [.get, .head, .put]
        case .buy, .buys, .lookups, .restock: [.post]
        case .item: [.put, .delete]
        case .replica: []
        }
    }

    private var isOpen: Bool {
        switch self {
        case .search, .searchWords, .lookup: true
        default: false
        }
    }

    /// Checks a request's method and secret; those of the common routes are checked where they are
    /// served.
    func admit(_ request: InternalRequest) throws(Problem) {
        if case .replica = self { return }
        try request.require(methods)
        if !isOpen { try request.requireSecret() }
    }
}
