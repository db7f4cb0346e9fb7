import Bookstore

/// The state that a group's log makes: a catalog, or orders.
enum Machine {
    case catalog(MemoryCatalog)
    case orders(MemoryOrders)

    /// What an operation came to.
    enum Outcome {
        case catalog(CatalogOutcome)
        case orders(OrderOutcome)
    }

    mutating func apply(_ payload: [UInt8]) -> Outcome {
        switch self {
        case .catalog(var catalog):
            self = .orders(MemoryOrders())  // So that the catalog is not copied.
            let outcome = catalog.apply(payload: payload)
            self = .catalog(catalog)
            return .catalog((try? outcome.get()) ?? .malformed)
        case .orders(var orders):
            self = .catalog(MemoryCatalog())
            let outcome = orders.apply(payload: payload)
            self = .orders(orders)
            return .orders((try? outcome.get()) ?? .malformed)
        }
    }
}

/// A book as a lookup returns it: with its account, so that a judge can tell which of the book's
/// states it was.
struct BookView: Hashable {
    var stock: Int64
    /// How many changes of its stock the book has seen: copies sold and copies added.
    var version: Int64

    init(_ record: BookRecord) {
        stock = record.book.stock
        version = record.sold + record.restocked
    }
}
