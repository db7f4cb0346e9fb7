import Bookstore
import Testing

@Suite("The rules of the orders")
struct OrderRulesTests {
    var orders = MemoryOrders()

    private mutating func record(_ numbers: [Int64]) -> [Int64] {
        guard case .recorded(let all) = orders.apply(.record(numbers.map { sale($0) })) else {
            return []
        }
        return all.map { $0.replayed ? -$0.order.orderNumber : $0.order.orderNumber }
    }

    @Test("orders are numbered 1, 2, 3 …, and a sale that has its order keeps it")
    mutating func numbering() {
        #expect(record([1, 2]) == [1, 2])
        #expect(record([2, 3, 3]) == [-2, 3, -3])
        #expect(orders.order(3)?.sale == sale(3))
        #expect(orders.order(4) == nil && orders.order(0) == nil && orders.order(-1) == nil)
        #expect(orders.audit().faults.isEmpty)
    }

    @Test("settled through is the last sale before the first that has no order")
    mutating func settling() {
        #expect(record([2, 3, 5]) == [1, 2, 3])
        #expect(orders.counters.settledThrough == 0)
        #expect(orders.audit().missingSales == 2)
        #expect(record([1]) == [4])
        #expect(orders.counters.settledThrough == 3)
        #expect(record([6, 4]) == [5, 6])
        #expect(orders.counters.settledThrough == 6)
        #expect(orders.audit().missingSales == 0)
        #expect(orders.audit().faults.isEmpty)
    }

    @Test("a key that the catalog forgot can have a second order")
    mutating func forgottenKey() {
        _ = orders.apply(.record([sale(1, key: "k"), sale(2, key: "k")]))
        #expect(orders.counters.lastOrderNumber == 2)
    }

    @Test("the digest of the sales does not depend on the order in which they came")
    mutating func digest() {
        var other = MemoryOrders()
        _ = other.apply(.record([sale(3), sale(1), sale(2)]))
        _ = record([1, 2, 3])
        #expect(orders.audit().salesDigest == other.audit().salesDigest)
        #expect(orders.audit().ordersDigest != other.audit().ordersDigest)
    }

    @Test("the orders of a catalog's sales have the digest of its audit")
    mutating func digestAcrossGroups() {
        var catalog = MemoryCatalog(books: [book(1, stock: 5)])
        for number in 0..<5 { _ = catalog.apply(buy("key \(number)")) }
        _ = orders.apply(.record(catalog.sales(after: 2)))
        #expect(orders.audit().salesDigest != catalog.audit().salesDigest)
        _ = orders.apply(.record(catalog.sales(limit: 2)))
        #expect(orders.audit().salesDigest == catalog.audit().salesDigest)
        #expect(orders.orders(after: 3).map(\.sale.saleNumber) == [1, 2])
    }
}
