/// A catalog in memory: the reference for the rules, and the state of simulated servers.
public struct MemoryCatalog: CatalogState, Sendable {
    /// Memory does not fail.
    public typealias Failure = Never

    /// The numbers that are kept of the whole catalog.
    public var counters = CatalogCounters()
    private var records: [Int64: BookRecord] = [:]
    private var uses: [IdempotencyKey: StoredUse] = [:]
    /// By their numbers.
    private var allSales: [Sale] = []
    /// The keys in the order in which they were recorded; those before `firstKey` are forgotten.
    private var keys: [IdempotencyKey] = []
    private var firstKey = 0
    private var changes: [IdempotencyKey: CatalogOutcome] = [:]
    /// The keys of the changes in the order in which they were made.
    private var changeTimes: [(key: IdempotencyKey, logTime: Int64)] = []

    private struct StoredUse: Sendable {
        var use: KeyUse
        var logTime: Int64
    }

    /// Makes a catalog of books, each with its stock as its opening stock.
    public init(books: some Sequence<Book> = EmptyCollection()) {
        for book in books { records[book.itemNumber] = BookRecord(opening: book) }
    }

    /// The record of a book, also of one that was withdrawn.
    public func record(of itemNumber: Int64) -> BookRecord? {
        records[itemNumber]
    }

    /// Stores a record.
    public mutating func store(_ record: BookRecord) {
        records[record.book.itemNumber] = record
    }

    /// Stores a record's numbers.
    public mutating func storeAccount(of record: BookRecord) {
        records[record.book.itemNumber] = record
    }

    /// What a key came to when it was first used.
    public func use(of key: IdempotencyKey) -> KeyUse? {
        uses[key]?.use
    }

    /// Whether a sale of this number is recorded.
    public func hasSale(_ saleNumber: Int64) -> Bool {
        let place = place(behind: saleNumber - 1)
        return place < allSales.count && allSales[place].saleNumber == saleNumber
    }

    /// Where the first sale stands whose number is greater than this one.
    private func place(behind saleNumber: Int64) -> Int {
        var range = 0..<allSales.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if allSales[middle].saleNumber <= saleNumber {
                range = (middle + 1)..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        return range.lowerBound
    }

    /// Records a sale.
    public mutating func record(_ sale: Sale, at logTime: Int64) {
        allSales.insert(sale, at: place(behind: sale.saleNumber))
        let use = KeyUse(
            itemNumber: sale.itemNumber, quantity: sale.quantity, result: .sale(sale))
        remember(sale.key, use, at: logTime)
    }

    /// Records a refusal.
    public mutating func record(
        _ refusal: CatalogOutcome.Refusal, of buy: CatalogOperation.Buy, at logTime: Int64
    ) {
        let use = KeyUse(
            itemNumber: buy.itemNumber, quantity: buy.quantity, result: .refused(refusal))
        remember(buy.key, use, at: logTime)
    }

    /// Forgets the oldest keys.
    public mutating func forgetKeys(before logTime: Int64, atMost limit: Int) {
        for _ in 0..<limit {
            guard firstKey < keys.count, let oldest = uses[keys[firstKey]],
                oldest.logTime < logTime
            else { return }
            uses[keys[firstKey]] = nil
            firstKey += 1
        }
        if firstKey > 64, firstKey > keys.count / 2 {
            keys.removeFirst(firstKey)
            firstKey = 0
        }
    }

    /// What the change under a key came to.
    public func outcome(ofChange key: IdempotencyKey) -> CatalogOutcome? { changes[key] }

    /// Records what a change came to.
    public mutating func record(
        _ outcome: CatalogOutcome, ofChange key: IdempotencyKey, at logTime: Int64
    ) {
        changes[key] = outcome
        changeTimes.append((key, logTime))
    }

    /// Forgets the oldest changes.
    public mutating func forgetChanges(before logTime: Int64, atMost limit: Int) {
        let old = changeTimes.prefix(limit).prefix { $0.logTime < logTime }
        for change in old { changes[change.key] = nil }
        changeTimes.removeFirst(old.count)
    }

    private mutating func remember(_ key: IdempotencyKey, _ use: KeyUse, at logTime: Int64) {
        uses[key] = StoredUse(use: use, logTime: logTime)
        keys.append(key)
    }
}

extension MemoryCatalog {
    /// The book as a customer sees it: nothing where it was withdrawn.
    public func book(_ itemNumber: Int64) -> Book? {
        guard let record = records[itemNumber], !record.isWithdrawn else { return nil }
        return record.book
    }

    /// The books of the catalog, by item number, withdrawn ones left out.
    public var books: [Book] {
        sortedRecords.filter { !$0.isWithdrawn }.map(\.book)
    }

    /// The sales after a sale number, in order, at most so many.
    public func sales(after saleNumber: Int64 = 0, limit: Int = .max) -> [Sale] {
        Array(allSales[place(behind: saleNumber)...].prefix(limit))
    }

    /// Everything that can be checked of the catalog.
    public func audit() -> CatalogAudit {
        var audit = CatalogAudit(counters: counters)
        var soldBySales: [Int64: Int64] = [:]
        for sale in allSales {
            audit.add(sale)
            soldBySales[sale.itemNumber, default: 0] += sale.quantity
        }
        for record in sortedRecords {
            audit.add(record, soldBySales: soldBySales[record.book.itemNumber] ?? 0)
        }
        audit.keys = Int64(uses.count)
        return audit
    }

    private var sortedRecords: [BookRecord] {
        records.values.sorted { $0.book.itemNumber < $1.book.itemNumber }
    }
}
