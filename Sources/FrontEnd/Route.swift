internal import API

/// What a path asks for.
enum Route: Equatable, Sendable {
    case search(topic: String)
    case lookup(String)
    case buy(String)
    case order(String)
    case topics
    case status
    case health
    case metrics
    case restock(String)
    case item(String)
    case catalogCSV
    case ordersCSV
    case invalidate(String)
    case register(group: String)

    /// Finds the route of a path's decoded segments; nil where there is none.
    init?(_ segments: [String]) {
        switch segments.count {
        case 1:
            switch segments[0] {
            case "topics": self = .topics
            case "status": self = .status
            case "health": self = .health
            case "metrics": self = .metrics
            case "catalog.csv": self = .catalogCSV
            case "orders.csv": self = .ordersCSV
            default: return nil
            }
        case 2 where !segments[1].isEmpty:
            switch segments[0] {
            case "search": self = .search(topic: segments[1])
            case "lookup": self = .lookup(segments[1])
            case "buy": self = .buy(segments[1])
            case "orders": self = .order(segments[1])
            case "restock": self = .restock(segments[1])
            case "items": self = .item(segments[1])
            case "invalidate": self = .invalidate(segments[1])
            case "register": self = .register(group: segments[1])
            default: return nil
            }
        default: return nil
        }
    }

    /// The methods of the route, as `Allow` lists them.
    var allowed: [String] { methods + ["OPTIONS"] }

    /// The methods that do something.
    var methods: [String] {
        switch self {
        case .search, .lookup, .order, .topics, .status, .health, .metrics, .catalogCSV,
            .ordersCSV:
            ["GET", "HEAD"]
        // A HEAD must not buy anything, and a GET does only because the original store's did.
        case .buy: ["GET", "POST"]
        case .restock: ["POST"]
        case .item: ["PUT", "DELETE"]
        case .invalidate: ["DELETE"]
        case .register: ["PUT"]
        }
    }

    /// The answer to `OPTIONS`, to whoever asks: what the route is not asked for is no secret.
    /// Routes that only read tell a browser that a page from elsewhere may read them too; nginx adds
    /// the origin to the answers themselves.
    var options: Answer {
        var headers = [("Allow", allowed.joined(separator: ", ")), ("Cache-Control", "no-store")]
        if isOpenToPages {
            headers += [
                ("Access-Control-Allow-Methods", "GET, HEAD"),
                ("Access-Control-Allow-Headers", "Accept, If-None-Match, X-Request-ID, traceparent"),
                ("Access-Control-Max-Age", "86400"),
            ]
        }
        return Answer(status: 204, headers: headers)
    }

    /// Whether a page from elsewhere may read the route (CORS). nginx's `$pygmy_cors_origin` says
    /// the same of the paths.
    private var isOpenToPages: Bool {
        switch self {
        case .search, .lookup, .order, .topics, .status, .health: true
        case .buy, .metrics, .restock, .item, .catalogCSV, .ordersCSV, .invalidate, .register:
            false
        }
    }

    /// Who may use the route.
    var access: Access {
        switch self {
        case .search, .lookup, .health, .metrics: .everybody
        case .buy, .order, .topics, .status: .clients
        case .restock, .item, .catalogCSV, .ordersCSV: .administrator
        case .invalidate, .register: .cluster
        }
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

/// Percent-encoding of a path segment or a query's value.
enum PercentEncoding {
    /// The text with everything escaped but the unreserved characters of RFC 3986.
    static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
