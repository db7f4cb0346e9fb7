internal import API
internal import Bookstore
internal import Durability
internal import FastCGI
internal import ReplicaHost
internal import Replication
internal import ServerRuntime
internal import Storage

/// Restocking, and what the administrator does to books.
extension CatalogService {
    /// `POST /restock/{n}`: fills a book up to `maximumStock`.
    func restock(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let number = try request.itemNumber()
        let maximum = Int64(environment.configuration.settings.maximumStock)
        propose(.restock(itemNumber: number, maximum: maximum), nil, request, responder)
    }

    /// `PUT /items/{n}` and `DELETE /items/{n}`, with `If-Match` and `If-None-Match`.
    func administer(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let number = try request.itemNumber()
        guard Book.itemNumbers.contains(number) else { throw .noSuchBook(number) }
        var requested: Book?
        if request.method != .delete {
            let fields = try BookFields(parsingBody: request.body, itemNumber: number)
            requested = Book(
                itemNumber: number, title: fields.title, topic: fields.topic,
                cost: Cents(fields.cents), stock: fields.stock, restockTo: fields.restockTo)
        }
        switch try guardian(of: request, number) {
        case .condition(let condition):
            propose(change(of: requested, number, if: condition), requested, request, responder)
        case .failed where request.idempotencyKey != nil:
            // Perhaps because this very change was made before.
            propose(change(of: requested, number, if: .never), requested, request, responder)
        case .failed(nil) where requested == nil:
            // As without the tag: what is not there cannot be withdrawn (RFC 9110, 13.2.1).
            throw .noSuchBook(number)
        case .failed(let current):
            Self.send(.conditionFailed(current: current), of: number, requested, responder)
        case .elsewhere(let primary): host.sendUnavailable(primary: primary, responder)
        }
    }

    private func change(
        of requested: Book?, _ number: Int64, if condition: CatalogOperation.Condition
    ) -> CatalogOperation {
        guard let requested else { return .withdraw(itemNumber: number, condition: condition) }
        return .putBook(CatalogOperation.PutBook(requested, condition: condition))
    }

    /// What guards a change.
    private enum Guard {
        /// To be decided where the log is applied.
        case condition(CatalogOperation.Condition)
        /// It does not hold of the book as it is now.
        case failed(current: Book?)
        /// Another server has to say.
        case elsewhere(ServerName)
    }

    /// A tag stands for the book whose answer has it, compact or indented. The book is looked up as
    /// a customer's lookup does it, so that a server that lags behind decides nothing; where the
    /// tag is the book's, the book is compared again where the log is applied.
    private func guardian(
        of request: InternalRequest, _ number: Int64
    ) throws(Problem) -> Guard {
        if let list = request.ifNoneMatch {
            guard list == Array("*".utf8) else {
                throw .malformedRequest("If-None-Match can only be * here")
            }
            return .condition(.isAbsent)
        }
        guard let list = request.ifMatch else { return .condition(.always) }
        if list == Array("*".utf8) { return .condition(.isPresent) }
        switch host.readPermission(touching: [UInt64(bitPattern: number)]) {
        case .serve: break
        case .forward(let server): return .elsewhere(server)
        case .unavailable: throw .noView(of: "catalog", waitingFor: host.awaitedServers)
        }
        guard let book = try read({ () throws(StorageError) in try store.book(number) }) else {
            return .failed(current: nil)
        }
        let body = Self.body(of: book)
        let isNamed = [body, JSONText.indented(body)].contains {
            EntityTag.list(list, names: EntityTag.of($0))
        }
        return isNamed ? .condition(.hasDigest(book.digest)) : .failed(current: book)
    }

    /// Puts a change into the log: to be made once, where it has a key.
    private func propose(
        _ change: CatalogOperation, _ requested: Book?, _ request: InternalRequest,
        _ responder: Responder
    ) {
        let operation =
            request.idempotencyKey.flatMap { IdempotencyKey($0) }.map { key in
                CatalogOperation.once(key: key, time: WallClock.milliseconds(), change)
            } ?? change
        propose([operation], request) { [self] results in
            switch results.first {
            case .applied(let outcome)?:
                Self.send(outcome, of: operation.itemNumber, requested, responder)
            case .rejected(let rejection)?: host.send(rejection, responder)
            case .unknown?, nil:
                responder.send(
                    .unavailable(
                        "The change could not be confirmed in time; it may still be made: look the "
                            + "book up before you send it again"))
            }
        }
    }

    /// - Parameter requested: the book that a change asks for. Where it is there already the change
    ///   was made, most likely by the same request, whose answer was lost (RFC 9110, 13.1.1).
    private static func send(
        _ outcome: CatalogOutcome, of number: Int64, _ requested: Book?, _ responder: Responder
    ) {
        switch outcome {
        case .restocked(let number, let stock, let added):
            responder.send(
                json: Bodies.restocked(itemNumber: number, stock: stock, added: added))
        case .stored(let book, let created):
            let body = body(of: book)
            responder.send(
                json: body, status: created ? 201 : 200,
                headers: [("ETag", EntityTag.of(body))]
                    + (created ? [("Location", "/lookup/\(book.itemNumber)")] : []))
        case .withdrawn: responder.send(Response(status: 204))
        case .noSuchBook(let number): responder.send(.noSuchBook(number))
        case .conditionFailed(let current?) where current == requested:
            send(.stored(current, created: false), of: number, requested, responder)
        case .conditionFailed(let current):
            let tag = current.map { EntityTag.of(body(of: $0)) }
            responder.send(.preconditionFailed(itemNumber: number, etag: tag))
        default: responder.send(.internalFault())
        }
    }
}
