import Bookstore
import Durability
import Replication
import TestSupport
import Testing

@testable import Storage

@Suite("Order store")
struct OrderStoreTests {
    private let temporary = TemporaryFolder()

    private func open(
        _ name: String = "data", ordersGathered: Int64 = 30
    ) throws -> (LogStore, OrderStore) {
        let directory = try DataDirectory(path: temporary(name), name: "orderServer1")
        let log = try LogStore(directory)
        return (log, try OrderStore(directory, log, ordersGathered: ordersGathered))
    }

    private func sale(_ number: Int64) -> Sale {
        Sale(
            saleNumber: number, itemNumber: number % 9 + 1, title: "Bücher \(number)",
            topic: "Misc", cost: Cents(number * 7), time: 1000 + number, key: key("key \(number)"),
            quantity: number % 3 + 1)
    }

    @Test(
        "It comes to the same as the rules in memory: sales repeated, late and out of order",
        arguments: 1...4 as ClosedRange<UInt64>)
    func agreesWithMemory(seed: UInt64) throws {
        var generator = Lottery(seed: seed)
        var memory = MemoryOrders()
        let (log, store) = try open()
        var index: LogIndex = 0
        var frontier: Int64 = 0
        while index < 1200 {
            var batch: [Entry] = []
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                index += 1
                let sales = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    frontier += Int64.random(in: 0...1, using: &generator)
                    let lag = Int64.random(in: 0...6, using: &generator)
                    return sale(max(1, frontier - lag))
                }
                let operation = OrderOperation.record(sales)
                batch.append(
                    Entry(index: index, view: 1, keys: operation.keys, payload: operation.encoded))
            }
            try log.append(batch)
            let expected = batch.map { try? memory.apply(payload: $0.payload).get() }
            if index.isMultiple(of: 3) {
                #expect(try store.prepare(batch) == expected)
                store.discardPrepared()
            }
            #expect(try store.apply(batch) == expected)
            if Int.random(in: 0..<10, using: &generator) == 0 {
                try log.trim(through: store.checkpoint())
            }
        }
        #expect(try store.audit() == memory.audit())
        #expect(try store.audit().faults == [])
        #expect(try store.counters() == memory.counters)
        #expect(try store.orders(limit: .max) == memory.orders())
        for number in 0...frontier + 1 {
            #expect(try store.order(number) == memory.order(number))
            #expect(try store.order(ofSale: number) == memory.order(ofSale: number))
        }
    }

    @Test("A process that was killed leaves the orders that it had applied")
    func killed() throws {
        let (log, store) = try open()
        let entries = (1...50).map { number in
            Entry(
                index: number, view: 1, keys: [0],
                payload: OrderOperation.record([sale(Int64(number))]).encoded)
        }
        try log.append(entries)
        _ = try store.apply(entries)
        copyDirectory(temporary("data"), to: temporary("copy"))
        let (_, copy) = try open("copy")
        #expect(copy.applied.index == 50)
        #expect(try copy.audit() == store.audit())
    }

    @Test(
        "The history is by time, of all books or one, in pages without gap or repeat",
        arguments: 1...3 as ClosedRange<UInt64>)
    func history(seed: UInt64) throws {
        var generator = Lottery(seed: seed)
        // In the index all, some, and none of them.
        let (log, store) = try open(ordersGathered: [1000, 1, 70][Int(seed % 3)])
        // Clocks differ: times come again and go back.
        let sales = (1...200 as ClosedRange<Int64>).map { number in
            var sale = sale(number)
            sale.time = 1000 + number / 3 + Int64.random(in: 0...20, using: &generator)
            return sale
        }
        for index in 1...20 as ClosedRange<UInt64> {
            let operation = OrderOperation.record(
                Array(sales[Int(index) * 10 - 10..<Int(index) * 10]))
            let entries = [
                Entry(index: index, view: 1, keys: operation.keys, payload: operation.encoded)
            ]
            try log.append(entries)
            _ = try store.prepare(entries)
            store.discardPrepared()
            _ = try store.apply(entries)
        }
        let all = try store.orders(limit: .max).sorted {
            ($0.sale.time, $0.orderNumber) < ($1.sale.time, $1.orderNumber)
        }
        for itemNumber in [nil, 2, 3, 7, 99] as [Int64?] {
            for (from, to) in [
                (0, .max), (1020, 1050), (1030, 1031), (1050, 1020),
            ] as [(Int64, Int64)] {
                for isNewestFirst in [true, false] {
                    let expected = all.filter {
                        (itemNumber ?? $0.sale.itemNumber) == $0.sale.itemNumber
                            && $0.sale.time >= from && $0.sale.time < to
                    }
                    var found: [Order] = []
                    while let page = try store.history(
                        itemNumber: itemNumber, from: from, to: to, isNewestFirst: isNewestFirst,
                        after: found.last?.orderNumber, limit: 7), !page.isEmpty
                    {
                        found += page
                    }
                    #expect(found == (isNewestFirst ? expected.reversed() : expected))
                }
            }
        }
        let behindNone = try store.history(
            itemNumber: nil, from: 0, to: .max, isNewestFirst: true, after: 201, limit: 7)
        #expect(behindNone == nil)
    }
}
