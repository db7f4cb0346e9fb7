/// What a client or an administrator asks of the catalog group, as it stands in the log.
public enum CatalogOperation: Hashable, Sendable {
    /// Buys copies of a book: all of them or none.
    case buy(Buy)
    /// Fills a book's stock up to a number of copies, or to its own `restockTo`; a stock that is
    /// higher stays.
    case restock(itemNumber: Int64, maximum: Int64)
    /// Adds a book, or changes it.
    case putBook(PutBook)
    /// Takes a book out of the catalog. Its sales and its account are kept.
    case withdraw(itemNumber: Int64, condition: Condition)
    /// Records a sale that the catalog has lost and an order tells of, under its number.
    case restoreSale(Sale)
    /// A change by an administrator, which is made once however often it arrives under its key: a
    /// restocking, a change or a withdrawal.
    indirect case once(key: IdempotencyKey, time: Int64, CatalogOperation)

    /// A buy.
    public struct Buy: Hashable, Sendable {
        /// The key that makes it happen once.
        public var key: IdempotencyKey
        /// The book.
        public var itemNumber: Int64
        /// How many copies, one as a rule.
        public var quantity: Int64
        /// When the primary took it, in milliseconds since 1970.
        public var time: Int64

        /// Makes a buy.
        public init(key: IdempotencyKey, itemNumber: Int64, quantity: Int64 = 1, time: Int64) {
            self.key = key
            self.itemNumber = itemNumber
            self.quantity = quantity
            self.time = time
        }
    }

    /// A book to be added or changed.
    public struct PutBook: Hashable, Sendable {
        /// The book as it shall be.
        public var book: Book
        /// Whether a book that is there keeps the stock it has; a new one has `book.stock`.
        public var keepsStock: Bool
        /// What must hold for it to be done.
        public var condition: Condition

        /// Makes a change.
        public init(_ book: Book, keepsStock: Bool = false, condition: Condition = .always) {
            self.book = book
            self.keepsStock = keepsStock
            self.condition = condition
        }
    }

    /// What must hold of a book for a change to be made (RFC 9110, section 13).
    public enum Condition: Hashable, Sendable {
        /// Nothing.
        case always
        /// That there is no such book (`If-None-Match: *`).
        case isAbsent
        /// That there is such a book (`If-Match: *`).
        case isPresent
        /// That the book has this digest (`If-Match: "…"`).
        case hasDigest(UInt64)
        /// What no book can meet: it did not hold when the change was asked for. Only a change that
        /// was made before, under the same key, has another outcome.
        case never

        /// Whether it holds where the book is this one, or there is none.
        public func holds(of book: Book?) -> Bool {
            switch self {
            case .always: true
            case .isAbsent: book == nil
            case .isPresent: book != nil
            case .hasDigest(let digest): book?.digest == digest
            case .never: false
            }
        }
    }

    /// The book that the operation touches.
    public var itemNumber: Int64 {
        switch self {
        case .buy(let buy): buy.itemNumber
        case .restock(let itemNumber, _): itemNumber
        case .putBook(let change): change.book.itemNumber
        case .withdraw(let itemNumber, _): itemNumber
        case .restoreSale(let sale): sale.itemNumber
        case .once(_, _, let change): change.itemNumber
        }
    }

    /// The keys of the log entry: the item number that it touches, behind `listingKey` where topics
    /// and searches may show it otherwise.
    public var keys: [UInt64] {
        let item = UInt64(bitPattern: itemNumber)
        switch self {
        case .buy, .restock: return [item]
        case .putBook, .withdraw, .restoreSale: return [CatalogOperation.listingKey, item]
        case .once(_, _, let change): return change.keys
        }
    }

    /// The key that stands for what topics and searches show: 0, which no book has.
    public static let listingKey: UInt64 = 0
}

extension CatalogOperation {
    private static let version: UInt8 = 1

    /// The operation as the payload of a log entry.
    public var encoded: [UInt8] {
        var writer = ByteWriter(version: Self.version)
        switch self {
        case .buy(let buy):
            writer.write(byte: 1)
            writer.write(buy.itemNumber)
            writer.write(buy.quantity)
            writer.write(buy.time)
            writer.write(buy.key.bytes)
        case .restock(let itemNumber, let maximum):
            writer.write(byte: 2)
            writer.write(itemNumber)
            writer.write(maximum)
        case .putBook(let change):
            // Releases that know of no `restockTo` read all books that have none.
            writer.write(byte: change.book.restockTo == nil ? 3 : 6)
            writer.write(change.book)
            if let restockTo = change.book.restockTo { writer.write(restockTo) }
            writer.write(change.keepsStock)
            writer.write(change.condition)
        case .withdraw(let itemNumber, let condition):
            writer.write(byte: 4)
            writer.write(itemNumber)
            writer.write(condition)
        case .restoreSale(let sale):
            writer.write(byte: 5)
            writer.write(sale)
        case .once(let key, let time, let change):
            writer.write(byte: 7)
            writer.write(time)
            writer.write(key.bytes)
            writer.write(change.encoded)
        }
        return writer.bytes
    }

    /// Reads an operation from the payload of a log entry. What it returns is within the bounds
    /// that the rules rely on.
    public init(decoding bytes: [UInt8]) throws(DecodingFault) {
        var reader = try ByteReader(bytes, version: Self.version)
        switch try reader.byte() {
        case 1:
            let itemNumber = try reader.number(in: Book.itemNumbers)
            let quantity = try reader.number(in: Sale.quantities)
            let time = try reader.number(in: Sale.times)
            self = .buy(
                Buy(key: try reader.key(), itemNumber: itemNumber, quantity: quantity, time: time))
        case 2:
            self = .restock(
                itemNumber: try reader.number(in: Book.itemNumbers),
                maximum: try reader.number(in: Book.stocks))
        case let kind where kind == 3 || kind == 6:
            var book = try reader.book()
            if kind == 6 { book.restockTo = try reader.number(in: Book.stocks) }
            self = .putBook(
                PutBook(
                    book, keepsStock: try reader.flag(),
                    condition: try reader.condition()))
        case 4:
            self = .withdraw(
                itemNumber: try reader.number(in: Book.itemNumbers),
                condition: try reader.condition())
        case 5:
            self = .restoreSale(try reader.sale())
        case 7:
            let time = try reader.number(in: Sale.times)
            let key = try reader.key()
            let change = try CatalogOperation(decoding: Array(try reader.bytes()))
            switch change {
            case .restock, .putBook, .withdraw: self = .once(key: key, time: time, change)
            case .buy, .restoreSale, .once: throw .outOfRange
            }
        case let other: throw .unknownCase(other)
        }
        try reader.end()
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ condition: CatalogOperation.Condition) {
        switch condition {
        case .always: write(byte: 0)
        case .isAbsent: write(byte: 1)
        case .isPresent: write(byte: 2)
        case .hasDigest(let digest):
            write(byte: 3)
            write(unsigned: digest)
        case .never: write(byte: 4)
        }
    }
}

extension ByteReader {
    fileprivate mutating func condition() throws(DecodingFault) -> CatalogOperation.Condition {
        switch try byte() {
        case 0: return .always
        case 1: return .isAbsent
        case 2: return .isPresent
        case 3: return .hasDigest(try unsigned())
        case 4: return .never
        case let other: throw .unknownCase(other)
        }
    }
}
