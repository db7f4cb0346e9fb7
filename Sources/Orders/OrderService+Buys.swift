internal import API
internal import Bookstore
internal import Durability
internal import FastCGI
internal import HTTPClient
internal import Logging
internal import MonotonicTime
internal import ReplicaHost
internal import Replication
internal import ServerRuntime
internal import Storage

/// Buys: to the catalog group, which decides them, and then into the log of orders.
///
/// Nothing is remembered in between. What is lost on the way is found again: the sender repeats the
/// key, or the collector meets the sale.
extension OrderService {
    /// `POST /buys`: what a front end has gathered; the answer has a result for each. With `relay`
    /// in the query a server that is not the primary passes it on, for a sender that does not reach
    /// that.
    func buys(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let batch: BuyBatch
        do throws(BatchFault) {
            batch = try BuyBatch(decoding: request.body)
        } catch {
            throw .malformedRequest("The body is no batch of buys: \(error)")
        }
        if let primary = relayTarget(of: request) {
            return host.forward(request, to: primary, as: BuyBatch.mediaType, responder)
        }
        try refuseUnlessPrimary()
        buy(batch, request) { results in
            responder.send(
                Response(
                    status: 200, headers: [("Content-Type", BuyBatch.mediaType)],
                    body: BuyResults(results).encoded))
        }
    }

    /// `POST /buy/{n}`: one buy.
    func buy(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let number = try request.itemNumber()
        let key: [UInt8]
        do throws(IdempotencyKeyFault) {
            key = try IdempotencyKeyHeader.validated(
                request.idempotencyKey ?? Array(request.context.requestID.utf8))
        } catch {
            throw .invalidKey(error)
        }
        try refuseUnlessPrimary()
        let item = BuyBatch.Item(
            idempotencyKey: key, itemNumber: number,
            quantity: try Quantity.parse(request.query),
            requestID: Array(request.context.requestID.utf8),
            isClientKeyed: request.idempotencyKey != nil)
        buy(BuyBatch([item]), request) { results in
            guard let result = results.first else { return responder.send(.internalFault()) }
            let isSale = result.status < 300
            var headers = [
                ("Content-Type", isSale ? Bodies.mediaType : Problem.mediaType),
                ("Cache-Control", "no-store"),
            ]
            if isSale { headers.append(("Location", "/orders/\(result.orderNumber)")) }
            if result.isReplayed { headers.append(("Idempotent-Replayed", "true")) }
            if result.status == 503 { headers.append(("Retry-After", "1")) }
            responder.send(
                Response(status: Int(result.status), headers: headers, body: result.body))
        }
    }

    /// The primary that a request is to be passed on to; nil where it is to be served here.
    private func relayTarget(of request: InternalRequest) -> ServerName? {
        guard request.query.contains(where: { $0.name == "relay" }) else { return nil }
        let status = host.status
        guard !status.servesWrites, let primary = status.view?.primary.name,
            primary.text != environment.id.name
        else { return nil }
        return primary
    }

    /// A buy that this server could not record is turned away before the catalog sells anything.
    private func refuseUnlessPrimary() throws(Problem) {
        let status = host.status
        if status.servesWrites { return }
        guard let primary = status.view?.primary.name, primary.text != environment.id.name else {
            throw .noView(of: "order", waitingFor: host.awaitedServers)
        }
        throw .unavailable("\(environment.id) is not the primary")
            .with(header: "X-Primary", primary.text)
    }

    private func buy(
        _ batch: BuyBatch, _ request: InternalRequest,
        completion: @escaping @Sendable ([BuyResults.Item]) -> Void
    ) {
        // A little less than what this server has, so that its own answer comes in time.
        let deadline = request.context.deadline
        let known: Int64
        do throws(Problem) {
            known = try read { () throws(StorageError) in try store.highestSaleNumber() }
        } catch {
            let refusal = BuyResults.Item(
                status: 503, isReplayed: false, orderNumber: 0, body: error.body)
            return completion(Array(repeating: refusal, count: batch.items.count))
        }
        catalog.send(
            GroupClient.Request(
                method: "POST", path: "/buys",
                headers: [
                    ("Content-Type", BuyBatch.mediaType), (SaleHeader.highest, String(known)),
                ],
                body: request.segments == ["buys"] ? request.body : batch.encoded,
                detour: "/detour/catalog?highestSale=\(known)",
                requestID: request.context.requestID, traceParent: request.context.traceParent),
            deadline: deadline - .milliseconds(50)
        ) { [self] result in
            if let refusal = Self.refusal(result) {
                let item = BuyResults.Item(
                    status: 503, isReplayed: false, orderNumber: 0, body: refusal)
                return completion(Array(repeating: item, count: batch.items.count))
            }
            record(outcomes(result, count: batch.items.count), batch, deadline, completion)
        }
    }

    /// The problem document in which the catalog said why it could do nothing; nil where it may
    /// have done something.
    private static func refusal(
        _ result: Result<HTTPResponse, GroupClient.Failure>
    ) -> [UInt8]? {
        if case .failure(.timedOut(mayHaveHappened: false)) = result {
            return Problem.unavailable("No catalog server was there in time").body
        }
        guard case .success(let response) = result,
            response.header("Content-Type") == Problem.mediaType
        else { return nil }
        switch response.status {
        case 503: return response.body
        case 409:
            return Problem.unavailable("The catalog is getting sales back that it has lost").body
        default: return nil
        }
    }

    /// What the catalog made of each buy; nil where that is not known.
    private func outcomes(
        _ result: Result<HTTPResponse, GroupClient.Failure>, count: Int
    ) -> [CatalogOutcome?] {
        let unknown = [CatalogOutcome?](repeating: nil, count: count)
        guard case .success(let response) = result, response.status == 200 else { return unknown }
        guard let results = try? BuyResults(decoding: response.body), results.items.count == count
        else {
            environment.logger.error("the catalog's answer to a batch of buys cannot be read")
            return unknown
        }
        return results.items.map { item in
            item.status == 200 ? try? CatalogOutcome(decoding: item.body) : nil
        }
    }

    private func record(
        _ outcomes: [CatalogOutcome?], _ batch: BuyBatch, _ deadline: Instant,
        _ completion: @escaping @Sendable ([BuyResults.Item]) -> Void
    ) {
        let sales = outcomes.compactMap { outcome -> Sale? in
            if case .sale(let sale, _)? = outcome { sale } else { nil }
        }
        guard !sales.isEmpty else {
            return completion(Self.results(outcomes, batch, orders: [:]))
        }
        let operation = OrderOperation.record(sales)
        host.propose(
            [(keys: operation.keys, payload: operation.encoded)], deadline: deadline
        ) { results in
            var orders: [Int64: Order] = [:]
            if case .applied(.recorded(let all))? = results.first {
                for recorded in all { orders[recorded.order.sale.saleNumber] = recorded.order }
            }
            completion(Self.results(outcomes, batch, orders: orders))
        }
    }

    private static func results(
        _ outcomes: [CatalogOutcome?], _ batch: BuyBatch, orders: [Int64: Order]
    ) -> [BuyResults.Item] {
        zip(outcomes, batch.items).map { outcome, item in
            result(outcome, item, orders: orders)
        }
    }

    private static func result(
        _ outcome: CatalogOutcome?, _ item: BuyBatch.Item, orders: [Int64: Order]
    ) -> BuyResults.Item {
        let key = String(decoding: item.idempotencyKey, as: UTF8.self)
        func problem(_ problem: Problem, replayed: Bool = false) -> BuyResults.Item {
            BuyResults.Item(
                status: UInt16(problem.status), isReplayed: replayed, orderNumber: 0,
                body: problem.body)
        }
        switch outcome {
        case .sale(let sale, let replayed)?:
            // After a forced view of the catalog a sale may bear the number of one that was lost;
            // its order is not this buyer's.
            guard let order = orders[sale.saleNumber], order.sale == sale else { break }
            return BuyResults.Item(
                status: replayed ? 200 : 201, isReplayed: replayed,
                orderNumber: order.orderNumber, body: body(of: order))
        case .refused(.outOfStock, let number, let replayed)?:
            return problem(
                .outOfStock(itemNumber: number, quantity: item.quantity, idempotencyKey: key),
                replayed: replayed)
        case .refused(.noSuchBook, let number, let replayed)?:
            return problem(.noSuchBook(number, idempotencyKey: key), replayed: replayed)
        case .keyReused(let earlierItem, let earlierQuantity)?:
            return problem(
                .keyReused(
                    itemNumber: item.itemNumber, quantity: item.quantity,
                    earlier: (earlierItem, earlierQuantity), idempotencyKey: key))
        case nil: break
        default: return problem(.internalFault())
        }
        return problem(.outcomeUnknown(itemNumber: item.itemNumber, idempotencyKey: key))
    }
}
