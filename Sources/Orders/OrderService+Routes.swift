internal import API
internal import Bookstore
internal import Durability
public import FastCGI
internal import Logging
internal import ReplicaHost
internal import Replication
internal import ServerRuntime
internal import Storage

/// Requests to their answers.
extension OrderService {
    private static let rowLimit: Int64 = 10_000

    /// Answers a request; on a FastCGI worker. Only reads of the database are done there.
    public func handle(_ request: borrowing Request, _ responder: Responder) {
        do throws(Problem) {
            let request = try InternalRequest(request, in: environment, bodyLimit: bodyLimit)
            guard let route = OrderRoute(request.segments) else {
                throw .notFound("/" + request.segments.joined(separator: "/"))
            }
            try route.admit(request)
            try serve(route, request, responder)
        } catch {
            responder.send(error)
        }
    }

    private func serve(
        _ route: OrderRoute, _ request: InternalRequest, _ responder: Responder
    ) throws(Problem) {
        switch route {
        case .buy: try buy(request, responder)
        case .buys: try buys(request, responder)
        case .order: try order(request, responder)
        case .history: try history(request, responder)
        case .ordersCSV: try ordersCSV(request, responder)
        case .audit: try audit(request, responder)
        case .replica(let route):
            try host.serve(route, request, acceptors: acceptors, responder)
        }
    }

    /// Reads from the store; what the disk does not give is a 503, and what it gives wrongly ends
    /// the server.
    func read<Value>(
        _ body: () throws(StorageError) -> Value
    ) throws(Problem) -> Value {
        do throws(StorageError) {
            return try body()
        } catch {
            host.stopIfBroken(error)
            environment.logger.error("the orders cannot be read: \(error)")
            throw .unavailable("\(environment.id) cannot read its disk")
        }
    }

    /// `GET /orders/{n}`. An order never changes, so any member of the view that has it may show
    /// it; only that there is none needs a replica that knows. One outside the view may have orders
    /// that the group has decided against: a view was forced.
    private func order(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let segment = request.segments.last ?? ""
        let number: Int64
        switch ItemNumber.parse(segment) {
        case .number(let parsed): number = parsed
        case .ofNoBook: throw .noSuchOrder(nil)
        case .malformed: throw .notANumber(segment, of: "order")
        }
        if host.isMember,
            let order = try read({ () throws(StorageError) in try store.order(number) })
        {
            return responder.send(json: Self.body(of: order))
        }
        try answer(request, responder) { () throws(Problem) in
            let order = try read { () throws(StorageError) in try store.order(number) }
            guard let order else { throw .noSuchOrder(number) }
            responder.send(json: Self.body(of: order))
        }
    }

    /// `GET /orders`: a page of the history, by time, of all books or one.
    private func history(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let wanted = try OrderHistoryQuery(request.query)
        try answer(request, responder) { () throws(Problem) in
            let orders = try read { () throws(StorageError) in
                try store.history(
                    itemNumber: wanted.itemNumber, from: wanted.from, to: wanted.to,
                    isNewestFirst: wanted.isNewestFirst, after: wanted.after, limit: wanted.limit)
            }
            guard let orders else { throw .noSuchOrder(wanted.after) }
            let entries = orders.map { order in
                OrderHistoryEntry(
                    orderNumber: order.orderNumber, itemNumber: order.sale.itemNumber,
                    title: order.sale.title, topic: order.sale.topic,
                    cents: order.sale.cost.amount, quantity: order.sale.quantity,
                    time: order.sale.time, idempotencyKey: order.sale.key.bytes)
            }
            let isFull = wanted.limit > 0 && orders.count == wanted.limit
            responder.send(
                json: Bodies.orderHistory(entries, next: isFull ? orders.last?.orderNumber : nil))
        }
    }

    /// `GET /orders.csv?after=&limit=&with=`: a page of orders by number.
    private func ordersCSV(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let limit = try request.count("limit", default: Self.rowLimit, limit: Self.rowLimit)
        let after = try request.count("after", default: 0, limit: .max)
        let hasQuantity = try OrdersCSV.hasQuantity(request.query)
        try answer(request, responder) { () throws(Problem) in
            let orders = try read { () throws(StorageError) in
                try store.orders(after: after, limit: Int(limit))
            }
            var text = CSVText()
            if after == 0 {
                text.header(hasQuantity ? OrdersCSV.headerWithQuantity : OrdersCSV.header)
            }
            for order in orders {
                let sale = order.sale
                OrdersCSV.append(
                    orderNumber: order.orderNumber, itemNumber: sale.itemNumber,
                    title: sale.title, topic: sale.topic, cents: sale.cost.amount,
                    milliseconds: sale.time, idempotencyKey: sale.key.bytes,
                    quantity: hasQuantity ? sale.quantity : nil, to: &text)
            }
            responder.send(
                Response(
                    status: 200, headers: [("Content-Type", "text/csv; charset=utf-8")],
                    body: text.bytes))
        }
    }

    /// Answers a read of the sequence of orders here, where this replica may, or has the replica
    /// answer that may.
    private func answer(
        _ request: InternalRequest, _ responder: Responder, _ serve: () throws(Problem) -> Void
    ) throws(Problem) {
        switch host.readPermission(touching: OrderOperation.record([]).keys) {
        case .serve: try serve()
        case .forward(let server): host.forward(request, to: server, responder)
        case .unavailable: throw .noView(of: "order", waitingFor: host.awaitedServers)
        }
    }

    /// `GET /audit?through=`: whether everything adds up here; it reads everything. The sales up to
    /// a number are summed up apart, so that they can be compared with others' while more are made.
    private func audit(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let through = try request.count("through", default: 0, limit: .max)
        audits.find { [self] () throws(Problem) in
            Self.body(
                of: try read { () throws(StorageError) in try store.audit(through: through) })
        } completion: {
            responder.send($0)
        }
    }

    private static func body(of audit: OrderAudit) -> [UInt8] {
        var text = JSONText(reservingCapacity: 512)
        text.object { document in
            document.member("orders", audit.orders)
            document.member("quantity", audit.quantity)
            document.member("lastSale", audit.lastSaleNumber)
            document.member("missingSales", audit.missingSales)
            document.member("salesDigest", String(audit.salesDigest, radix: 16))
            document.member("settledThrough", audit.counters.settledThrough)
            document.member("through", audit.through)
            document.member("throughSales", audit.throughCount)
            document.member("throughDigest", String(audit.throughDigest, radix: 16))
            document.member("ordersDigest", String(audit.ordersDigest, radix: 16))
            document.array("faults") { array in
                for fault in audit.faults { array.element(fault) }
            }
        }
        return text.bytes
    }

    static func body(of order: Order) -> [UInt8] {
        Bodies.order(
            orderNumber: order.orderNumber, itemNumber: order.sale.itemNumber,
            title: order.sale.title, topic: order.sale.topic, cents: order.sale.cost.amount,
            quantity: order.sale.quantity, idempotencyKey: order.sale.key.bytes)
    }
}
