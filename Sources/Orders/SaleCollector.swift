internal import API
internal import Bookstore
internal import Durability
internal import HTTPClient
internal import Logging
internal import MonotonicTime
internal import ReplicaHost
internal import Replication
internal import ServerRuntime
internal import Storage
internal import Synchronization

/// Fetches the catalog's sales that have no order, and has them recorded; and tells the catalog of
/// those that it has lost.
///
/// The catalog's record of sales is the truth: a sale whose order server died before it recorded
/// the order is found here, by whoever is primary of the order group then. On one thread.
final class SaleCollector: Sendable {
    /// How often sales without an order are looked for.
    static let interval = Duration.seconds(1)
    private static let pageSize = 500

    private let environment: ServerEnvironment
    private let store: OrderStore
    private let host: ReplicaHost<OrderStore>
    private let catalog: GroupClient
    private let isStopping = Atomic<Bool>(false)
    /// The last sale that was seen without an order at the last look; in a view that this server
    /// had just taken over, every sale counts as seen.
    private let seen = Mutex<Seen>(Seen())

    private struct Seen: Sendable {
        var view: UInt64 = 0
        var through: Int64 = 0
    }

    init(
        _ environment: ServerEnvironment, store: OrderStore, host: ReplicaHost<OrderStore>,
        catalog: GroupClient
    ) {
        self.environment = environment
        self.store = store
        self.host = host
        self.catalog = catalog
    }

    /// Ends the look that is under way early.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
    }

    /// Looks once, and records what is missing, page after page.
    func collect() {
        let status = host.status
        guard status.servesWrites, let view = status.view?.number,
            let settled = (try? store.counters())?.settledThrough
        else { return }
        // A sale of this moment is on its way here with its buyer; only one that was there a look
        // ago already has been forgotten. A new primary has no buyers yet: all are its own.
        let known = seen.withLock { $0.view == view ? $0.through : .max }
        guard let highest = try? store.highestSaleNumber() else { return }
        var after = settled
        var collected = 0
        while !isStopping.load(ordering: .relaxed) {
            // Where nothing could be looked at, the next look begins where this one did.
            guard let page = fetch(after: after) else { return }
            if page.highest < highest { return restoreLostSales(after: page.last) }
            let sales = page.sales
            guard let last = sales.last else { break }
            let missing = sales.filter { $0.saleNumber <= known && !hasOrder($0) }
            if !missing.isEmpty {
                guard record(missing) else { break }
                collected += missing.count
            }
            after = last.saleNumber
            // What is younger than the last look is looked at next time.
            if sales.count < Self.pageSize || after > known { break }
        }
        seen.withLock { $0 = Seen(view: view, through: after) }
        if collected > 0 {
            environment.logger.notice("recorded the orders of \(collected) sales that had none")
        }
    }

    private func hasOrder(_ sale: Sale) -> Bool {
        (try? store.order(ofSale: sale.saleNumber)) != nil
    }

    /// After a forced view the catalog may have lost sales whose buyers were told of them.
    private func restoreLostSales(after last: Int64) {
        var after = last
        var restored = 0
        while !isStopping.load(ordering: .relaxed),
            let sales = try? store.sales(after: after, limit: Self.pageSize), let last = sales.last
        {
            guard restore(sales) else { break }
            restored += sales.count
            after = last.saleNumber
        }
        if restored > 0 {
            environment.logger.warning(
                "the catalog had lost \(restored) sales, which it has back from their orders")
        }
    }

    private func restore(_ sales: [Sale]) -> Bool {
        let arrival = Arrival<HTTPResponse?>()
        catalog.send(
            GroupClient.Request(
                method: "PUT", path: "/sales", headers: [("Content-Type", BuyBatch.mediaType)],
                body: OrderOperation.record(sales).encoded, requestID: "restore"),
            deadline: BootClock.now() + .seconds(5)
        ) { arrival.set(try? $0.get()) }
        return arrival.wait()?.status == 204
    }

    /// A page of the catalog's sales, and up to where it knows them.
    private struct Page {
        var sales: [Sale]
        var last: Int64
        var highest: Int64
    }

    private func fetch(after: Int64) -> Page? {
        let arrival = Arrival<HTTPResponse?>()
        catalog.send(
            GroupClient.Request(
                method: "GET", path: "/sales?after=\(after)&limit=\(Self.pageSize)",
                requestID: "collect"),
            deadline: BootClock.now() + .seconds(2)
        ) { arrival.set(try? $0.get()) }
        guard let response = arrival.wait(), response.status == 200,
            let operation = try? OrderOperation(decoding: response.body),
            case .record(let sales) = operation,
            let last = response.header(SaleHeader.last).flatMap({ Int64($0) }),
            let highest = response.header(SaleHeader.highest).flatMap({ Int64($0) })
        else { return nil }
        return Page(sales: sales, last: last, highest: highest)
    }

    private func record(_ sales: [Sale]) -> Bool {
        let operation = OrderOperation.record(sales)
        let arrival = Arrival<Bool>()
        host.propose(
            [(keys: operation.keys, payload: operation.encoded)],
            deadline: BootClock.now() + .seconds(2)
        ) { results in
            if case .applied? = results.first { arrival.set(true) } else { arrival.set(false) }
        }
        return arrival.wait()
    }
}
