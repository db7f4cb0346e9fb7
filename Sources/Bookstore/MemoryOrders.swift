/// Orders in memory: the reference for the rules, and the state of simulated servers.
public struct MemoryOrders: OrderState, Sendable {
    /// Memory does not fail.
    public typealias Failure = Never

    /// The numbers that are kept of all orders.
    public var counters = OrderCounters()
    /// The order of number n stands at n - 1.
    private var all: [Order] = []
    private var numbers: [Int64: Int64] = [:]

    /// Makes a store without an order.
    public init() {}

    /// The order of a number.
    public func order(_ orderNumber: Int64) -> Order? {
        guard orderNumber >= 1, orderNumber <= Int64(all.count) else { return nil }
        return all[Int(orderNumber - 1)]
    }

    /// The order of a sale.
    public func order(ofSale saleNumber: Int64) -> Order? {
        numbers[saleNumber].flatMap { order($0) }
    }

    /// Whether a sale has an order.
    public func hasOrder(ofSale saleNumber: Int64) -> Bool {
        numbers[saleNumber] != nil
    }

    /// Stores an order.
    public mutating func store(_ order: Order) {
        precondition(order.orderNumber == Int64(all.count) + 1, "an order number was left out")
        all.append(order)
        numbers[order.sale.saleNumber] = order.orderNumber
    }

    /// The orders after an order number, at most so many.
    public func orders(after orderNumber: Int64 = 0, limit: Int = .max) -> [Order] {
        let start = Int(min(max(orderNumber, 0), Int64(all.count)))
        return Array(all[start...].prefix(limit))
    }

    /// Everything that can be checked of the orders.
    public func audit() -> OrderAudit {
        var audit = OrderAudit(counters: counters)
        for order in all { audit.add(order) }
        return audit
    }
}

/// What an audit of the orders found. Two replicas that applied the same log have equal audits.
public struct OrderAudit: Hashable, Sendable {
    /// Orders that are recorded.
    public var orders: Int64 = 0
    /// Copies ordered.
    public var quantity: Int64 = 0
    /// The greatest number of a sale that has an order.
    public var lastSaleNumber: Int64 = 0
    /// The sum of the digests of the orders' sales, with overflow; equal to that of the catalog's
    /// audit where each of its sales has its order.
    public var salesDigest: UInt64 = 0
    /// The digest of the orders with their numbers.
    public var ordersDigest: UInt64 = 0
    /// Up to which number the sales are summed up apart; see ``CatalogAudit/through``.
    public let through: Int64
    /// The sum of the digests of the orders' sales up to `through`, with overflow.
    public var throughDigest: UInt64 = 0
    /// How many those are.
    public var throughCount: Int64 = 0
    /// The numbers that were kept while operations were applied.
    public var counters: OrderCounters
    private var gaps: Int64 = 0

    /// Makes an audit that has not looked at anything yet.
    public init(counters: OrderCounters, through: Int64 = 0) {
        self.counters = counters
        self.through = through
    }

    /// Sales up to `lastSaleNumber` that have no order.
    public var missingSales: Int64 {
        lastSaleNumber - orders
    }

    /// Enters an order, in the order of their numbers.
    public mutating func add(_ order: Order) {
        orders += 1
        if order.orderNumber != orders { gaps += 1 }
        quantity += order.sale.quantity
        lastSaleNumber = max(lastSaleNumber, order.sale.saleNumber)
        let sale = order.sale.digest
        salesDigest &+= sale
        var digest = Digest()
        digest.combine(order.orderNumber)
        digest.combine(Int64(bitPattern: sale))
        ordersDigest &+= digest.value
        guard order.sale.saleNumber <= through else { return }
        throughCount += 1
        throughDigest &+= sale
    }

    /// What is wrong, a sentence each; empty where all is well. Sales that have no order yet are
    /// not wrong: see `missingSales`.
    public var faults: [String] {
        var faults: [String] = []
        if gaps > 0 || orders != counters.lastOrderNumber {
            faults.append(
                "the order numbers have gaps: there are \(orders) orders, the last is number "
                    + "\(counters.lastOrderNumber)")
        }
        if salesDigest != counters.salesDigest {
            faults.append("the orders are not those that were recorded: their digests differ")
        }
        if missingSales < 0 || (missingSales == 0 && counters.settledThrough != orders) {
            faults.append(
                "settled through sale \(counters.settledThrough), with \(orders) orders up to "
                    + "sale \(lastSaleNumber)")
        }
        return faults
    }
}
