internal import API
internal import Bookstore
internal import Durability
internal import FastCGI
internal import Logging
internal import ReplicaHost
internal import Replication
internal import ServerRuntime
internal import Storage
internal import Synchronization

/// Buys: each is an operation of the log, and comes to what the log's order makes of it.
extension CatalogService {
    /// `POST /buys`: the buys of an order server in one batch. Each result is 200 with the encoded
    /// outcome, or 503 where it is not known. A batch that was not logged is a 503 as a whole.
    func buys(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let batch: BuyBatch
        do throws(BatchFault) {
            batch = try BuyBatch(decoding: request.body)
        } catch {
            throw .malformedRequest("The body is no batch of buys: \(error)")
        }
        if let known = request.highestSale, try !knows(known) {
            throw .refusedCommand(
                "The catalog has lost sales up to number \(known), which the orders are to restore")
        }
        let operations = batch.items.map { Self.operation($0) }
        propose(operations, request) { [self] results in
            if let rejection = results.rejection { return host.send(rejection, responder) }
            let items = results.map { result in
                guard case .applied(let outcome) = result else {
                    return BuyResults.Item(status: 503, isReplayed: false, orderNumber: 0, body: [])
                }
                return BuyResults.Item(
                    status: 200, isReplayed: false, orderNumber: 0, body: outcome.encoded)
            }
            responder.send(
                Response(
                    status: 200, headers: [("Content-Type", BuyBatch.mediaType)],
                    body: BuyResults(items).encoded))
        }
    }

    /// Whether the sales up to a number are known here. Only a forced view makes it false: a
    /// primary that serves has applied all that was answered.
    private func knows(_ saleNumber: Int64) throws(Problem) -> Bool {
        if saleNumber <= knownSale.load(ordering: .relaxed) { return true }
        // Whoever does not serve may lag, and sells nothing anyway.
        guard host.status.servesWrites else { return true }
        let highest = try read { () throws(StorageError) in
            try store.counters().highestSaleNumber
        }
        knownSale.max(highest, ordering: .relaxed)
        return saleNumber <= highest
    }

    /// `PUT /sales`: sales that have orders, in the order of their numbers; those that are not
    /// known here are entered. 204 once they are.
    func restoreSales(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        guard case .record(let sales)? = try? OrderOperation(decoding: request.body) else {
            throw .malformedRequest("The body is no list of sales")
        }
        let operations = sales.map { CatalogOperation.restoreSale($0) }
        propose(operations, request) { [self] results in
            if let rejection = results.rejection { return host.send(rejection, responder) }
            let isDone = results.allSatisfy { if case .applied = $0 { true } else { false } }
            guard isDone else {
                return responder.send(.unavailable("Not all of the sales are known to be restored"))
            }
            environment.logger.warning("entered \(sales.count) sales that the orders tell of")
            responder.send(Response(status: 204))
        }
    }

    /// `POST /buy/{n}`: one buy, as a person tries it who asks the catalog itself. The sale is
    /// recorded here; its order follows when the order group next looks for sales without one.
    func buy(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let number = try request.itemNumber()
        let key: [UInt8]
        do throws(IdempotencyKeyFault) {
            key = try IdempotencyKeyHeader.validated(
                request.idempotencyKey ?? Array(request.context.requestID.utf8))
        } catch {
            throw .invalidKey(error)
        }
        let item = BuyBatch.Item(
            idempotencyKey: key, itemNumber: number,
            quantity: try Quantity.parse(request.query), requestID: [],
            isClientKeyed: request.idempotencyKey != nil)
        propose([Self.operation(item)], request) { [self] results in
            guard case .applied(let outcome)? = results.first else {
                if let rejection = results.rejection { return host.send(rejection, responder) }
                return responder.send(
                    .outcomeUnknown(
                        itemNumber: number, idempotencyKey: String(decoding: key, as: UTF8.self)))
            }
            Self.send(outcome, of: item, responder)
        }
    }

    private static func send(
        _ outcome: CatalogOutcome, of item: BuyBatch.Item, _ responder: Responder
    ) {
        let key = String(decoding: item.idempotencyKey, as: UTF8.self)
        switch outcome {
        case .sale(let sale, let replayed):
            var text = JSONText(reservingCapacity: 240)
            text.object { document in
                document.member("saleNumber", sale.saleNumber)
                document.member("itemNumber", sale.itemNumber)
                document.member("title", sale.title)
                document.member("topic", sale.topic)
                document.member("cost", cents: sale.cost.amount)
                if sale.quantity > 1 { document.member("quantity", sale.quantity) }
                document.member("idempotencyKey", utf8: sale.key.bytes)
            }
            responder.send(
                json: text.bytes, status: replayed ? 200 : 201,
                headers: [("Cache-Control", "no-store")]
                    + (replayed ? [("Idempotent-Replayed", "true")] : []))
        case .refused(.outOfStock, let number, _):
            responder.send(
                .outOfStock(itemNumber: number, quantity: item.quantity, idempotencyKey: key))
        case .refused(.noSuchBook, let number, _):
            responder.send(.noSuchBook(number, idempotencyKey: key))
        case .keyReused(let earlierItem, let earlierQuantity):
            responder.send(
                .keyReused(
                    itemNumber: item.itemNumber, quantity: item.quantity,
                    earlier: (earlierItem, earlierQuantity), idempotencyKey: key))
        default: responder.send(.internalFault())
        }
    }

    private static func operation(_ item: BuyBatch.Item) -> CatalogOperation? {
        IdempotencyKey(item.idempotencyKey).map { key in
            .buy(
                CatalogOperation.Buy(
                    key: key, itemNumber: item.itemNumber, quantity: Int64(item.quantity),
                    time: WallClock.milliseconds()))
        }
    }

    /// Puts operations into the log; an operation that cannot be made is an entry without one.
    func propose(
        _ operations: [CatalogOperation?], _ request: InternalRequest,
        completion: @escaping @Sendable ([ProposalResult<CatalogOutcome>]) -> Void
    ) {
        host.propose(
            operations.map { operation in
                (keys: operation?.keys ?? [], payload: operation?.encoded ?? [])
            }, deadline: request.context.deadline, completion: completion)
    }
}

extension [ProposalResult<CatalogOutcome>] {
    /// Why nothing of a batch was logged; nil where something may have been.
    var rejection: Rejection? {
        var first: Rejection?
        for result in self {
            guard case .rejected(let rejection) = result else { return nil }
            first = first ?? rejection
        }
        return first
    }
}
