internal import API

/// The routes of a front end, each with all that is the same for every request of it.
///
/// The raw value is the route's name in metrics. `/openapi.json` describes those that are public.
enum RouteName: String, CaseIterable, Sendable {
    case search, lookup, buy, order, topics, status, health, livez, readyz, metrics
    case searchWords = "search-words"
    case orders
    case restock, item
    case catalogCSV = "catalog.csv"
    case ordersCSV = "orders.csv"
    case invalidate, register, detour, cache
    case cachedBook = "cached-book"

    /// The path, with a name in braces where a request has a value.
    var template: String {
        switch self {
        case .search: "/search/{topic}"
        case .searchWords: "/search"
        case .lookup: "/lookup/{itemNumber}"
        case .buy: "/buy/{itemNumber}"
        case .order: "/orders/{orderNumber}"
        case .restock: "/restock/{itemNumber}"
        case .item: "/items/{itemNumber}"
        case .invalidate: "/invalidate/{itemNumbers}"
        case .register: "/register/{group}"
        case .detour: "/detour/{group}"
        case .cachedBook: "/cache/{itemNumber}"
        case .topics, .status, .health, .livez, .readyz, .metrics, .orders, .catalogCSV,
            .ordersCSV, .cache:
            "/\(rawValue)"
        }
    }

    /// The methods of the route, as `Allow` lists them.
    var allowed: [String] { methods + ["OPTIONS"] }

    /// The methods that do something.
    private var methods: [String] {
        switch self {
        case .search, .searchWords, .lookup, .order, .orders, .topics, .status, .health, .livez,
            .readyz, .metrics, .catalogCSV, .ordersCSV:
            ["GET", "HEAD"]
        // A HEAD must not buy anything, and a GET does only because the original store's did.
        case .buy: ["GET", "POST"]
        case .restock, .detour: ["POST"]
        case .item: ["PUT", "DELETE"]
        case .invalidate: ["DELETE"]
        case .register: ["PUT"]
        case .cache, .cachedBook: ["GET", "HEAD", "DELETE"]
        }
    }

    /// Who may use the route.
    var access: Access {
        switch self {
        case .search, .searchWords, .lookup, .health, .livez, .readyz, .metrics: .everybody
        case .buy, .order, .topics, .status: .clients
        case .restock, .item, .orders, .catalogCSV, .ordersCSV: .administrator
        case .invalidate, .register, .detour, .cache, .cachedBook: .cluster
        }
    }

    /// Whether nginx's public listener has the route: its `$pygmy_is_public` says the same.
    var isPublic: Bool { access != .cluster && self != .metrics }

    /// Whether a page from elsewhere may read the route (CORS). nginx's `$pygmy_cors_origin` says
    /// the same of the paths.
    var isOpenToPages: Bool {
        switch self {
        case .search, .searchWords, .lookup, .order, .topics, .status, .health: true
        case .buy, .livez, .readyz, .metrics, .restock, .item, .orders, .catalogCSV,
            .ordersCSV, .invalidate, .register, .detour, .cache, .cachedBook:
            false
        }
    }

    /// The answer to `OPTIONS`, to whoever asks: what can be asked of a route is no secret. Routes
    /// that only read tell a browser that a page from elsewhere may read them too; nginx adds the
    /// origin to the answers themselves.
    var options: Answer {
        var headers = [("Allow", allowed.joined(separator: ", ")), ("Cache-Control", "no-store")]
        if isOpenToPages {
            headers += [
                ("Access-Control-Allow-Methods", "GET, HEAD"),
                (
                    "Access-Control-Allow-Headers",
                    "Accept, If-None-Match, X-Request-ID, traceparent"
                ),
                ("Access-Control-Max-Age", "86400"),
            ]
        }
        return Answer(status: 204, headers: headers)
    }

    /// Who may use a route.
    enum Access: Sendable {
        case everybody
        /// Whoever comes by the public listener; on the server's own address, the cluster.
        case clients
        /// Whoever shows the administrator's token.
        case administrator
        /// The servers of the cluster.
        case cluster
    }
}

/// What a path asks for: a route, and the value in its path where it has one.
struct Route: Equatable, Sendable {
    let name: RouteName
    /// The last segment of a path that has two; empty for the others.
    let value: String

    /// Finds the route of a path's decoded segments; nil where there is none.
    init?(_ segments: [String]) {
        guard let first = segments.first else { return nil }
        switch segments.count {
        case 1:
            guard let name = Self.withoutValue[first] else { return nil }
            (self.name, value) = (name, "")
        case 2 where !segments[1].isEmpty:
            guard let name = Self.withValue[first] else { return nil }
            (self.name, value) = (name, segments[1])
        default: return nil
        }
    }

    private static let withValue = routes { $0.template.contains("{") }
    private static let withoutValue = routes { !$0.template.contains("{") }

    /// Routes by the first segment of their paths.
    private static func routes(where isWanted: (RouteName) -> Bool) -> [String: RouteName] {
        Dictionary(
            uniqueKeysWithValues: RouteName.allCases.filter(isWanted).map { name in
                (String(name.template.dropFirst().prefix { $0 != "/" }), name)
            })
    }
}

/// The path of a lookup as nearly every client writes it, read without making a string.
enum LookupPath {
    /// The number in `/lookup/{itemNumber}`, with or without a slash at the end; nil where the path
    /// is another, or is written in a way that takes the general reader.
    static func itemNumber(_ path: Span<UInt8>) -> Int64? {
        let prefix: StaticString = "/lookup/"
        let start = prefix.utf8CodeUnitCount
        var end = path.count
        if end > start + 1, path[end - 1] == UInt8(ascii: "/") { end -= 1 }
        // 18 digits fit an Int64 whatever they are.
        guard end > start, end <= start + 18 else { return nil }
        for position in 0..<start where path[position] != prefix.utf8Start[position] { return nil }
        var number: Int64 = 0
        for position in start..<end {
            let digit = path[position] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            number = number &* 10 &+ Int64(digit)
        }
        return number > 0 ? number : nil
    }
}
