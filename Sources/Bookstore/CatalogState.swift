/// What the rules of the catalog need of a store. `MemoryCatalog` keeps it in memory, `Storage` in
/// SQLite; both must do exactly what is written here, for the outcomes depend on it.
public protocol CatalogState {
    /// What reading and writing can end in; `Never` in memory.
    associatedtype Failure: Error

    /// The numbers that are kept of the whole catalog.
    var counters: CatalogCounters { get set }

    /// The record of a book, also of one that was withdrawn.
    mutating func record(of itemNumber: Int64) throws(Failure) -> BookRecord?
    /// Stores a record, in place of the one of that item number if there is one.
    mutating func store(_ record: BookRecord) throws(Failure)
    /// Stores `stock`, `restocked` and `sold` of a record that is there, whose other fields are
    /// unchanged.
    mutating func storeAccount(of record: BookRecord) throws(Failure)
    /// What a key came to when it was first used, unless it is forgotten or was never used.
    mutating func use(of key: IdempotencyKey) throws(Failure) -> KeyUse?
    /// Whether a sale of this number is recorded.
    mutating func hasSale(_ saleNumber: Int64) throws(Failure) -> Bool
    /// Records a sale under its number, and under its key at a log time.
    mutating func record(_ sale: Sale, at logTime: Int64) throws(Failure)
    /// Records a refusal under its key at a log time.
    mutating func record(
        _ refusal: CatalogOutcome.Refusal, of buy: CatalogOperation.Buy, at logTime: Int64
    ) throws(Failure)
    /// Forgets keys that were recorded before a log time, the ones recorded first, at most so many.
    /// Their sales are kept.
    mutating func forgetKeys(before logTime: Int64, atMost limit: Int) throws(Failure)
    /// What the change under a key came to, unless it is forgotten or was never made.
    mutating func outcome(ofChange key: IdempotencyKey) throws(Failure) -> CatalogOutcome?
    /// Records what a change came to under its key, which has none, at a log time.
    mutating func record(
        _ outcome: CatalogOutcome, ofChange key: IdempotencyKey, at logTime: Int64
    ) throws(Failure)
    /// Forgets changes that were recorded before a log time, the ones recorded first, at most so
    /// many.
    mutating func forgetChanges(before logTime: Int64, atMost limit: Int) throws(Failure)
}

/// What a key was used for, and what came of it.
public struct KeyUse: Hashable, Sendable {
    /// The book that was asked for.
    public var itemNumber: Int64
    /// How many copies of it.
    public var quantity: Int64
    /// What came of it.
    public var result: Result

    /// A sale or a refusal.
    public enum Result: Hashable, Sendable {
        /// The sale that was made.
        case sale(Sale)
        /// Why there was none.
        case refused(CatalogOutcome.Refusal)
    }

    /// Makes a use.
    public init(itemNumber: Int64, quantity: Int64, result: Result) {
        self.itemNumber = itemNumber
        self.quantity = quantity
        self.result = result
    }

    /// What another buy with the same key comes to now.
    public func outcome(of buy: CatalogOperation.Buy) -> CatalogOutcome {
        guard buy.itemNumber == itemNumber, buy.quantity == quantity else {
            return .keyReused(itemNumber: itemNumber, quantity: quantity)
        }
        switch result {
        case .sale(let sale): return .sale(sale, replayed: true)
        case .refused(let refusal):
            return .refused(refusal, itemNumber: itemNumber, replayed: true)
        }
    }
}

/// The numbers that are kept of a whole catalog.
public struct CatalogCounters: Hashable, Sendable {
    /// The greatest time of an operation so far, in milliseconds since 1970.
    public var logTime: Int64 = 0
    /// Every number up to this one is a sale's; the next one is free.
    public var lastSaleNumber: Int64 = 0
    /// The greatest number of a sale: `lastSaleNumber`, but where sales were restored that follow
    /// one which no order tells of. The next sale gets that one's number.
    public var highestSaleNumber: Int64 = 0
    /// The sum of the sales' digests, with overflow.
    public var salesDigest: UInt64 = 0

    /// Makes the counters of an empty catalog.
    public init() {}
}
