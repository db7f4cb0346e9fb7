/// What makes a buy happen once however often it is sent: 1 to 255 characters of at most four bytes
/// each, compared byte by byte.
public struct IdempotencyKey: Hashable, Sendable {
    /// The most bytes that a key may have.
    public static let maximumLength = 4 * 255

    /// The bytes of the key.
    public let bytes: [UInt8]

    /// Makes a key, or nothing where there are no bytes or too many.
    public init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard (1...Self.maximumLength).contains(bytes.count) else { return nil }
        self.bytes = bytes
    }

    /// Makes a key from a text's UTF-8.
    public init?(_ text: some StringProtocol) {
        self.init(text.utf8)
    }

    /// The key as text, for bodies and logs; bytes that are not UTF-8 are shown as U+FFFD.
    public var text: String {
        String(decoding: bytes, as: UTF8.self)
    }
}

/// One buy that succeeded, as the catalog group records it: the truth that orders are made from.
public struct Sale: Hashable, Sendable {
    /// 1, 2, 3 … in the order in which the sales were made, without a gap.
    public var saleNumber: Int64
    /// The book that was sold.
    public var itemNumber: Int64
    /// Its title when it was sold.
    public var title: String
    /// Its topic when it was sold.
    public var topic: String
    /// The price of a copy when it was sold.
    public var cost: Cents
    /// When it was sold, in milliseconds since 1970 by the clock of the primary that took the buy.
    public var time: Int64
    /// The key under which it was bought.
    public var key: IdempotencyKey
    /// How many copies.
    public var quantity: Int64

    /// Makes a sale with every field.
    public init(
        saleNumber: Int64, itemNumber: Int64, title: String, topic: String, cost: Cents,
        time: Int64, key: IdempotencyKey, quantity: Int64
    ) {
        self.saleNumber = saleNumber
        self.itemNumber = itemNumber
        self.title = title
        self.topic = topic
        self.cost = cost
        self.time = time
        self.key = key
        self.quantity = quantity
    }

    /// A number of 64 bits made from all fields. The sum of those of all sales, with overflow, is
    /// the digest of a set of sales whatever their order, and so can be compared between the two
    /// groups.
    public var digest: UInt64 {
        var digest = Digest()
        digest.combine(saleNumber)
        digest.combine(itemNumber)
        digest.combine(title)
        digest.combine(topic)
        digest.combine(cost.amount)
        digest.combine(time)
        digest.combine(key.bytes)
        digest.combine(quantity)
        return digest.value
    }
}

extension Sale {
    /// Sale numbers and order numbers there can be: those that JSON numbers carry exactly.
    public static let numbers: ClosedRange<Int64> = 1...9_007_199_254_740_991
    /// How many copies one buy can ask for.
    public static let quantities: ClosedRange<Int64> = 1...1_000_000
    /// Times that a buy can have, in milliseconds since 1970. The bound keeps the arithmetic of log
    /// times within 64 bits.
    public static let times: ClosedRange<Int64> = 0...9_007_199_254_740_991
}

/// A sale that has its order number.
public struct Order: Hashable, Sendable {
    /// 1, 2, 3 … without a gap, given by the order group.
    public var orderNumber: Int64
    /// What was sold.
    public var sale: Sale

    /// Makes an order.
    public init(orderNumber: Int64, sale: Sale) {
        self.orderNumber = orderNumber
        self.sale = sale
    }
}
