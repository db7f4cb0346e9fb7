import Bookstore
import MonotonicTime
import Replication

/// What a server answers to another's request.
enum Answer<Value> {
    case value(Value)
    /// It cannot say; this server may.
    case elsewhere(ServerName?)
    /// It may have happened, or not.
    case unknown
}

/// What came of a buy, as a client is told it.
enum Purchase: Hashable {
    case order(number: Int64, saleNumber: Int64)
    case outOfStock
    /// The key was used for another book.
    case keyReused
}

extension ReplicaDriver {
    private var primaryHint: ServerName? { replica.view?.primary.name }

    /// A catalog server's answer to a lookup.
    func lookUp(_ item: Int64, reply: @escaping (Answer<(BookView, cacheable: Bool)>) -> Void) {
        switch replica.readPermission(touching: [UInt64(item)], at: node.now) {
        case .serve(let cacheable):
            // The state is read a little later, and the process may have been paused in between.
            node.later(.milliseconds(Int64(node.world.random.integer(0...1)))) { [self] in
                guard case .catalog(let catalog) = disk.state, let record = catalog.record(of: item)
                else { return }
                reply(.value((BookView(record), cacheable)))
            }
        case .forward(let name): reply(.elsewhere(name))
        case .unavailable: reply(.elsewhere(nil))
        }
    }

    /// The catalog primary's answer to a buy.
    func sell(_ item: Int64, key: String, reply: @escaping (Answer<CatalogOutcome>) -> Void) {
        var loggedKey = key
        if node.world.judge.breaks(.keysNotReplicated) {
            if let known = unreplicatedKeys[key] { return reply(.value(known)) }
            loggedKey += "#\(node.world.random.next())"
        }
        guard let idempotencyKey = IdempotencyKey(loggedKey) else { return }
        let time = node.world.time / 1_000_000
        let buy = CatalogOperation.buy(
            CatalogOperation.Buy(key: idempotencyKey, itemNumber: item, time: time))
        change(buy) { [weak self] answer in
            if let self, case .value(let outcome) = answer { unreplicatedKeys[key] = outcome }
            reply(answer)
        }
    }

    /// The catalog primary's answer to any change.
    func change(
        _ operation: CatalogOperation, reply: @escaping (Answer<CatalogOutcome>) -> Void
    ) {
        propose(keys: operation.keys, payload: operation.encoded) { [weak self] committed in
            switch committed {
            case .outcome(.catalog(let outcome)): reply(.value(outcome))
            case .outcome(.orders): break
            case .rejected(.notPrimary(let primary)): reply(.elsewhere(primary))
            case .rejected: reply(.elsewhere(self?.primaryHint))
            case .abandoned: reply(.unknown)
            }
        }
    }

    /// The catalog primary's answer to a restocking: the book right after it, which the judge wants
    /// to know and a real server does not say.
    func restock(_ item: Int64, reply: @escaping (Answer<BookView>) -> Void) {
        change(.restock(itemNumber: item, maximum: Cluster.openingStock)) { [weak self] answer in
            switch answer {
            case .value:
                guard let self, case .catalog(let catalog) = disk.state,
                    let record = catalog.record(of: item)
                else { return }
                reply(.value(BookView(record)))
            case .elsewhere(let name): reply(.elsewhere(name))
            case .unknown: reply(.unknown)
            }
        }
    }

    /// An order server's answer to a look at an order. One that it has never changes, so it needs
    /// no leave to show it; only that there is none needs a replica that knows.
    func find(_ number: Int64, reply: @escaping (Answer<Int64?>) -> Void) {
        guard case .orders(let orders) = disk.state else { return }
        if let order = orders.order(number) { return reply(.value(order.sale.saleNumber)) }
        let keys = OrderOperation.record([]).keys
        switch replica.readPermission(touching: keys, at: node.now) {
        case .serve: reply(.value(nil))
        case .forward(let name): reply(.elsewhere(name))
        case .unavailable: reply(.elsewhere(nil))
        }
    }

    /// An order server's answer to a buy: it has the catalog sell, and records the sale.
    func buy(
        _ item: Int64, key: String, within limit: Instant.Span,
        reply: @escaping (Answer<Purchase>) -> Void
    ) {
        // A buy that this server could not record is turned away before the catalog sells anything.
        guard replica.role == .primary, isServing else {
            return reply(.elsewhere(primaryHint == node.name ? nil : primaryHint))
        }
        // A little less than what this server has, so that its own answer comes in time.
        catalog.send(until: node.now + limit - .milliseconds(50)) {
            (driver, reply: @escaping (Answer<CatalogOutcome>) -> Void) in
            driver.sell(item, key: key, reply: reply)
        } completion: { [self] outcome in
            switch outcome {
            case .sale(let sale, _)?: record(sale, reply: reply)
            case .refused?: reply(.value(.outOfStock))
            case .keyReused?: reply(.value(.keyReused))
            default: reply(.unknown)
            }
        }
    }

    private var isServing: Bool {
        if case .serve = replica.readPermission(touching: [], at: node.now) { true } else { false }
    }

    private func record(_ sale: Sale, reply: @escaping (Answer<Purchase>) -> Void) {
        let operation = OrderOperation.record([sale])
        propose(keys: operation.keys, payload: operation.encoded) { [weak self] committed in
            switch committed {
            case .outcome(.orders(.recorded(let recorded))):
                guard let order = recorded.first?.order else { return }
                reply(
                    .value(.order(number: order.orderNumber, saleNumber: order.sale.saleNumber)))
            case .outcome: break
            case .rejected: reply(.elsewhere(self?.primaryHint))
            case .abandoned: reply(.unknown)
            }
        }
    }

    /// The order primary fetches the sales that it has no order for, every second.
    func reconcile() {
        node.later(.seconds(1)) { [self] in
            reconcile()
            guard replica.role == .primary, case .orders(let orders) = disk.state else { return }
            let settled = orders.counters.settledThrough
            catalog.send(until: node.now + .seconds(0.9)) {
                (driver, reply: @escaping (Answer<[Sale]>) -> Void) in
                guard driver.isServing, case .catalog(let catalog) = driver.disk.state
                else {
                    return reply(.elsewhere(driver.replica.view?.primary.name))
                }
                reply(.value(catalog.sales(after: settled, limit: 50)))
            } completion: { [self] sales in
                guard let sales, !sales.isEmpty else { return }
                let operation = OrderOperation.record(sales)
                propose(keys: operation.keys, payload: operation.encoded) { _ in }
            }
        }
    }
}
