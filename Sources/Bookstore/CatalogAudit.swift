/// What an audit of a catalog found. Two replicas that applied the same log have equal audits.
public struct CatalogAudit: Hashable, Sendable {
    /// Books that a customer can find.
    public var books: Int64 = 0
    /// Books that were withdrawn.
    public var withdrawnBooks: Int64 = 0
    /// Copies there were when the books were first stored.
    public var opening: Int64 = 0
    /// Copies added since.
    public var restocked: Int64 = 0
    /// Copies that are left.
    public var stock: Int64 = 0
    /// Copies sold, by the accounts of the books.
    public var sold: Int64 = 0
    /// Sales that are recorded.
    public var sales: Int64 = 0
    /// Copies sold, by the recorded sales.
    public var soldBySales: Int64 = 0
    /// Idempotency keys that are remembered.
    public var keys: Int64 = 0
    /// The digest of all books and their accounts.
    public var booksDigest: UInt64 = 0
    /// The sum of the digests of the recorded sales, with overflow. It equals `salesDigest` of the
    /// audit of an order group that has an order for each.
    public var salesDigest: UInt64 = 0
    /// Up to which number the sales are summed up apart, so that they can be compared with others'
    /// while more are being made.
    public let through: Int64
    /// The sum of the digests of the recorded sales up to `through`, with overflow.
    public var throughDigest: UInt64 = 0
    /// How many those are.
    public var throughCount: Int64 = 0
    /// The numbers that were kept while operations were applied.
    public var counters: CatalogCounters
    /// The first books, by item number, whose account does not add up or disagrees with their
    /// sales; at most `faultyBooksListed`. Empty where all is well.
    public var faultyBooks: [Int64] = []

    /// How many faulty books are listed at most.
    public static let faultyBooksListed = 20

    /// Makes an audit that has not looked at anything yet.
    public init(counters: CatalogCounters, through: Int64 = 0) {
        self.counters = counters
        self.through = through
    }

    /// Enters a book, in the order of item numbers, with the copies that its sales add up to.
    public mutating func add(_ record: BookRecord, soldBySales: Int64) {
        if record.isWithdrawn { withdrawnBooks += 1 } else { books += 1 }
        opening += record.opening
        restocked += record.restocked
        stock += record.book.stock
        sold += record.sold
        var digest = Digest()
        digest.combine(Int64(bitPattern: record.book.digest))
        digest.combine(record.opening)
        digest.combine(record.restocked)
        digest.combine(record.sold)
        digest.combine(record.isWithdrawn ? 1 : 0)
        booksDigest &+= digest.value
        if !record.isBalanced || record.sold != soldBySales,
            faultyBooks.count < Self.faultyBooksListed
        {
            faultyBooks.append(record.book.itemNumber)
        }
    }

    /// Enters a recorded sale.
    public mutating func add(_ sale: Sale) {
        sales += 1
        soldBySales += sale.quantity
        let digest = sale.digest
        salesDigest &+= digest
        guard sale.saleNumber <= through else { return }
        throughCount += 1
        throughDigest &+= digest
    }

    /// What is wrong, a sentence each; empty where all is well.
    public var faults: [String] {
        var faults: [String] = []
        if !faultyBooks.isEmpty {
            let list = faultyBooks.map(String.init).joined(separator: ", ")
            faults.append(
                "opening stock + restocked is not stock + sold, or sold is not what the sales add "
                    + "up to, for these books: \(list)")
        }
        if sold != soldBySales {
            faults.append("the books sold \(sold) copies, the recorded sales \(soldBySales)")
        }
        // Restored sales may stand behind a number that is still free.
        let hasHole = counters.highestSaleNumber > counters.lastSaleNumber
        if hasHole ? sales <= counters.lastSaleNumber : sales != counters.lastSaleNumber {
            faults.append("there are \(sales) sales, the last is number \(counters.lastSaleNumber)")
        }
        if salesDigest != counters.salesDigest {
            faults.append("the recorded sales are not those that were made: their digests differ")
        }
        return faults
    }
}
