/// What a request for the history of orders asks for:
/// `?itemNumber=2&from=2026-11-01&to=2026-12-01T00:00:00Z&sort=newest&limit=100&after=17`.
public struct OrderHistoryQuery: Sendable, Equatable {
    /// The parameters that it has.
    public static let parameters = ["itemNumber", "from", "to", "sort", "limit", "after"]
    /// The most orders of one page.
    public static let pageLimit = 1000

    /// Only orders of this book; nil for those of all.
    public var itemNumber: Int64?
    /// Only orders from this time on, in milliseconds since 1970.
    public var from: Int64 = 0
    /// Only orders before this time, in milliseconds since 1970.
    public var to = Int64.max
    /// Whether the newest comes first.
    public var isNewestFirst = true
    /// How many orders to give at most.
    public var limit = 100
    /// The number of the order to go on behind, the last of the page before; nil for the first
    /// page.
    public var after: Int64?

    /// All orders, the newest hundred.
    public init() {}

    /// Reads a query.
    /// - Throws: 400 with what is wrong with a parameter.
    public init(_ query: [(name: String, value: String)]) throws(Problem) {
        for (name, value) in query {
            switch name {
            case "itemNumber":
                itemNumber = try Self.number(value, name, 1...9_007_199_254_740_991)
            case "after": after = try Self.number(value, name, 1...9_007_199_254_740_991)
            case "limit":
                limit = Int(min(try Self.number(value, name, 0...Int64.max), Int64(Self.pageLimit)))
            case "from": from = try Self.time(value, name)
            case "to": to = try Self.time(value, name)
            case "sort":
                guard ["newest", "oldest"].contains(value) else {
                    throw .malformedRequest("sort must be newest or oldest")
                }
                isNewestFirst = value == "newest"
            default: break
            }
        }
    }

    private static func number(
        _ text: String, _ name: String, _ range: ClosedRange<Int64>
    ) throws(Problem) -> Int64 {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int64(text), range.contains(number)
        else {
            throw .malformedRequest(
                "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func time(_ text: String, _ name: String) throws(Problem) -> Int64 {
        guard let time = Timestamp.milliseconds(text) else {
            throw .malformedRequest(
                "\(name) must be a time in UTC as 2026-11-22 or 2026-11-22T22:20:05Z")
        }
        return time
    }
}

/// One order of a page of the history.
public struct OrderHistoryEntry: Sendable {
    /// The order's number.
    public var orderNumber: Int64
    /// The book.
    public var itemNumber: Int64
    /// Its title when it was sold.
    public var title: String
    /// Its topic when it was sold.
    public var topic: String
    /// The price of a copy when it was sold, in cents.
    public var cents: Int64
    /// How many copies.
    public var quantity: Int64
    /// When it was sold, in milliseconds since 1970.
    public var time: Int64
    /// The key of the buy.
    public var idempotencyKey: [UInt8]

    /// Makes an entry.
    public init(
        orderNumber: Int64, itemNumber: Int64, title: String, topic: String, cents: Int64,
        quantity: Int64, time: Int64, idempotencyKey: [UInt8]
    ) {
        self.orderNumber = orderNumber
        self.itemNumber = itemNumber
        self.title = title
        self.topic = topic
        self.cents = cents
        self.quantity = quantity
        self.time = time
        self.idempotencyKey = idempotencyKey
    }
}

extension Bodies {
    /// `{"orders":[{"orderNumber":17,"itemNumber":1,"title":"…","topic":"…","cost":10.00,
    /// "quantity":1,"time":"…","idempotencyKey":"…"},…],"next":17}`; `next` is what the next page's
    /// `after` is, null at the end.
    public static func orderHistory(_ orders: [OrderHistoryEntry], next: Int64?) -> [UInt8] {
        var text = JSONText(reservingCapacity: 64 + 256 * orders.count)
        text.object { page in
            page.array("orders") { array in
                for order in orders {
                    array.object { entry in
                        entry.member("orderNumber", order.orderNumber)
                        entry.member("itemNumber", order.itemNumber)
                        entry.member("title", order.title)
                        entry.member("topic", order.topic)
                        entry.member("cost", cents: order.cents)
                        entry.member("quantity", order.quantity)
                        entry.member("time", Timestamp.text(milliseconds: order.time))
                        entry.member("idempotencyKey", utf8: order.idempotencyKey)
                    }
                }
            }
            if let next { page.member("next", next) } else { page.null("next") }
        }
        return text.bytes
    }
}
