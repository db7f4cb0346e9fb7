/// What the rules of the orders need of a store. `MemoryOrders` keeps it in memory, `Storage` in
/// SQLite.
public protocol OrderState {
    /// What reading and writing can end in; `Never` in memory.
    associatedtype Failure: Error

    /// The numbers that are kept of all orders.
    var counters: OrderCounters { get set }

    /// The order of a sale, where it has one.
    mutating func order(ofSale saleNumber: Int64) throws(Failure) -> Order?
    /// Stores an order whose number is one more than that of the last one.
    mutating func store(_ order: Order) throws(Failure)
    /// Whether a sale has an order.
    mutating func hasOrder(ofSale saleNumber: Int64) throws(Failure) -> Bool
}

/// The numbers that are kept of all orders.
public struct OrderCounters: Hashable, Sendable {
    /// The number of the last order, which is how many there are.
    public var lastOrderNumber: Int64 = 0
    /// Every sale up to this number has its order, the next one has none.
    public var settledThrough: Int64 = 0
    /// The sum of the digests of the orders' sales, with overflow.
    public var salesDigest: UInt64 = 0

    /// Makes the counters of no orders.
    public init() {}
}

extension OrderState {
    /// Applies the payload of a log entry; an empty one is an entry without an operation.
    ///
    /// - Returns: the outcome, or the fault of a payload that a later release wrote: the state is
    ///   then untouched, and the caller must stop, for it cannot follow the log.
    public mutating func apply(
        payload: [UInt8]
    ) throws(Failure) -> Result<OrderOutcome, DecodingFault> {
        guard !payload.isEmpty else { return .success(.nothing) }
        let operation: OrderOperation
        do throws(DecodingFault) {
            operation = try OrderOperation(decoding: payload)
        } catch {
            return error.isOfLaterRelease ? .failure(error) : .success(.malformed)
        }
        return .success(try apply(operation))
    }

    /// Applies an operation.
    public mutating func apply(_ operation: OrderOperation) throws(Failure) -> OrderOutcome {
        switch operation {
        case .record(let sales):
            var recorded: [OrderOutcome.Recorded] = []
            recorded.reserveCapacity(sales.count)
            for sale in sales { recorded.append(try record(sale)) }
            return .recorded(recorded)
        }
    }

    /// A sale has one order, told by the sale's number. The key does not come into it: the catalog
    /// gives a key one sale for as long as it remembers the key, and a later sale under a forgotten
    /// key must get its order like any other.
    private mutating func record(_ sale: Sale) throws(Failure) -> OrderOutcome.Recorded {
        if let order = try order(ofSale: sale.saleNumber) {
            return OrderOutcome.Recorded(order: order, replayed: true)
        }
        let order = Order(orderNumber: counters.lastOrderNumber + 1, sale: sale)
        try store(order)
        counters.lastOrderNumber = order.orderNumber
        counters.salesDigest &+= sale.digest
        if sale.saleNumber == counters.settledThrough + 1 {
            counters.settledThrough = sale.saleNumber
            // Sales that came early are now settled too. Each is passed once, ever.
            while counters.settledThrough < counters.lastOrderNumber,
                try hasOrder(ofSale: counters.settledThrough + 1)
            {
                counters.settledThrough += 1
            }
        }
        return OrderOutcome.Recorded(order: order, replayed: false)
    }
}
