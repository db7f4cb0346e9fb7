/// A book as a customer sees it.
public struct Book: Hashable, Sendable {
    /// The number under which the book is looked up and bought.
    public var itemNumber: Int64
    /// The title.
    public var title: String
    /// The topic under which a search finds it.
    public var topic: String
    /// The price of one copy.
    public var cost: Cents
    /// How many copies are left.
    public var stock: Int64
    /// Up to how many copies it is restocked; nil for as many as every book (`maximumStock`).
    public var restockTo: Int64?

    /// Makes a book; whether it can be stored says `faults`.
    public init(
        itemNumber: Int64, title: String, topic: String, cost: Cents, stock: Int64,
        restockTo: Int64? = nil
    ) {
        self.itemNumber = itemNumber
        self.title = title
        self.topic = topic
        self.cost = cost
        self.stock = stock
        self.restockTo = restockTo
    }

    /// A number of 64 bits made from all fields: the same for equal books on every server, and as
    /// good as never the same for different ones. It serves as the book's entity tag.
    public var digest: UInt64 {
        var digest = Digest()
        digest.combine(itemNumber)
        digest.combine(title)
        digest.combine(topic)
        digest.combine(cost.amount)
        digest.combine(stock)
        if let restockTo { digest.combine(restockTo) }
        return digest.value
    }
}

extension Book {
    /// Item numbers that a book can have: those that JSON numbers carry exactly.
    public static let itemNumbers: ClosedRange<Int64> = 1...9_007_199_254_740_991
    /// Costs that a book can have. The bound keeps every sum of an audit within 64 bits.
    public static let costs: ClosedRange<Cents> = Cents(0)...Cents(1_000_000_000)
    /// Stocks that a book can have. The bound keeps every sum of an audit within 64 bits.
    public static let stocks: ClosedRange<Int64> = 0...1_000_000_000
    /// The most bytes of UTF-8 that a title may have.
    public static let maximumTitleLength = 4096
    /// The most bytes of UTF-8 that a topic may have.
    public static let maximumTopicLength = 255

    /// What keeps a book from being stored.
    public enum Fault: Hashable, Sendable {
        /// The item number is not in `itemNumbers`.
        case itemNumber
        /// The title is empty or longer than `maximumTitleLength`.
        case title
        /// The topic is empty or longer than `maximumTopicLength`.
        case topic
        /// The cost is not in `costs`.
        case cost
        /// The stock is not in `stocks`.
        case stock
        /// The stock that it is restocked to is not in `stocks`.
        case restockTo
    }

    /// Everything that keeps this book from being stored, in the order of its fields; empty as a
    /// rule.
    public var faults: [Fault] {
        var faults: [Fault] = []
        if !Book.itemNumbers.contains(itemNumber) { faults.append(.itemNumber) }
        if !(1...Book.maximumTitleLength).contains(title.utf8.count) { faults.append(.title) }
        if !(1...Book.maximumTopicLength).contains(topic.utf8.count) { faults.append(.topic) }
        if !Book.costs.contains(cost) { faults.append(.cost) }
        if !Book.stocks.contains(stock) { faults.append(.stock) }
        if let restockTo, !Book.stocks.contains(restockTo) { faults.append(.restockTo) }
        return faults
    }
}

/// A book together with the account of its copies.
///
/// Invariant: `opening + restocked == book.stock + sold`.
public struct BookRecord: Hashable, Sendable {
    /// The book itself.
    public var book: Book
    /// Copies there were when the book was first stored.
    public var opening: Int64
    /// Copies added since, by restocking and by changes of the stock; negative where a change took
    /// more away than was ever added.
    public var restocked: Int64
    /// Copies sold.
    public var sold: Int64
    /// Whether the book was withdrawn: it cannot be found or bought, its account is kept.
    public var isWithdrawn: Bool

    /// Makes a record with every field.
    public init(book: Book, opening: Int64, restocked: Int64, sold: Int64, isWithdrawn: Bool) {
        self.book = book
        self.opening = opening
        self.restocked = restocked
        self.sold = sold
        self.isWithdrawn = isWithdrawn
    }

    /// The record of a book that was not there before.
    public init(opening book: Book) {
        self.init(book: book, opening: book.stock, restocked: 0, sold: 0, isWithdrawn: false)
    }

    /// Whether the account adds up and no copy was sold that there was not.
    public var isBalanced: Bool {
        opening &+ restocked == book.stock &+ sold && book.stock >= 0 && sold >= 0
    }

    /// The record of a book that is not for sale and never had any stock.
    static func withdrawn(_ book: Book) -> BookRecord {
        var record = BookRecord(opening: book)
        record.isWithdrawn = true
        return record
    }

    /// Sets the stock to a number, and enters the difference in the account as restocked.
    mutating func restock(to stock: Int64) {
        restocked += stock - book.stock
        book.stock = stock
    }
}
