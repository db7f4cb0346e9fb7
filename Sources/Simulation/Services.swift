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
    func buy(_ item: Int64, key: String, reply: @escaping (Answer<Purchase>) -> Void) {
        guard replica.role == .primary else { return reply(.elsewhere(primaryHint)) }
        node.ask(Cluster.catalog, until: node.now + .seconds(3)) {
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
            node.ask(Cluster.catalog, until: node.now + .seconds(0.9)) {
                (driver, reply: @escaping (Answer<[Sale]>) -> Void) in
                guard
                    case .serve = driver.replica.readPermission(touching: [], at: driver.node.now),
                    case .catalog(let catalog) = driver.disk.state
                else { return reply(.elsewhere(driver.replica.view?.primary.name)) }
                reply(.value(catalog.sales(after: settled, limit: 50)))
            } completion: { [self] sales in
                guard let sales, !sales.isEmpty else { return }
                let operation = OrderOperation.record(sales)
                propose(keys: operation.keys, payload: operation.encoded) { _ in }
            }
        }
    }
}

extension Node {
    /// Asks a group's servers, one after the other, until one knows the answer or the time is up.
    func ask<Value>(
        _ group: Int, until deadline: Instant, hint: ServerName? = nil, attempt: Int = 0,
        _ request: @escaping (ReplicaDriver, @escaping (Answer<Value>) -> Void) -> Void,
        completion: @escaping (Value?) -> Void
    ) {
        guard now < deadline, let cluster = frontEnd?.cluster ?? replica?.cluster else {
            return completion(nil)
        }
        let names = cluster.names(of: group)
        let name = hint ?? answered[group] ?? names[(Int(generation) + index) % names.count]
        guard let target = cluster.node(name), let place = names.firstIndex(of: name) else {
            return completion(nil)
        }
        let left = min(deadline - now, .milliseconds(1500))
        world.call(from: self, to: target, timeout: left) {
            (node: Node, reply: @escaping (Answer<Value>) -> Void) in
            guard let driver = node.replica else { return }
            request(driver, reply)
        } completion: { [self] answer in
            var next = names[(place + 1) % names.count]
            // Straight on where another server was named, after a moment otherwise.
            var pause: Instant.Span = .milliseconds(60)
            switch answer {
            case .value(let value)?:
                answered[group] = name
                return completion(value)
            case .elsewhere(let other?)? where other != name:
                next = other
                if attempt % 4 != 3 { pause = .zero }
            case .elsewhere, .unknown, nil:
                if answered[group] == name { answered[group] = nil }
            }
            later(pause) { [self] in
                ask(
                    group, until: deadline, hint: next, attempt: attempt + 1, request,
                    completion: completion)
            }
        }
    }
}
