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
        propose(.restock(itemNumber: number, maximum: maximum), request, responder)
    }

    /// `PUT /items/{n}` and `DELETE /items/{n}`, with `If-Match` and `If-None-Match`.
    func administer(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let number = try request.itemNumber()
        guard Book.itemNumbers.contains(number) else { throw .noSuchBook(number) }
        let condition = try condition(of: request, number)
        if request.method == .delete {
            return propose(.withdraw(itemNumber: number, condition: condition), request, responder)
        }
        let fields = try BookFields(parsingBody: request.body, itemNumber: number)
        let book = Book(
            itemNumber: number, title: fields.title, topic: fields.topic,
            cost: Cents(fields.cents), stock: fields.stock)
        propose(
            .putBook(CatalogOperation.PutBook(book, condition: condition)), request, responder)
    }

    /// The condition of a change. A tag stands for the book whose answer has it, compact or
    /// indented; it is looked up now, and compared again where the log is applied.
    private func condition(
        of request: InternalRequest, _ number: Int64
    ) throws(Problem) -> CatalogOperation.Condition {
        if let list = request.ifNoneMatch {
            guard list == Array("*".utf8) else {
                throw .malformedRequest("If-None-Match can only be * here")
            }
            return .isAbsent
        }
        guard let list = request.ifMatch else { return .always }
        if list == Array("*".utf8) { return .isPresent }
        let book = try read { () throws(StorageError) in try store.book(number) }
        guard let book else { return .isPresent }
        let body = Self.body(of: book)
        let isNamed = [body, JSONText.indented(body)].contains {
            EntityTag.list(list, names: EntityTag.of($0))
        }
        guard isNamed else {
            throw .preconditionFailed(itemNumber: number, etag: EntityTag.of(body))
        }
        return .hasDigest(book.digest)
    }

    private func propose(
        _ operation: CatalogOperation, _ request: InternalRequest, _ responder: Responder
    ) {
        propose([operation], request) { [self] results in
            switch results.first {
            case .applied(let outcome)?:
                Self.send(outcome, of: operation.itemNumber, responder)
            case .rejected(let rejection)?: host.send(rejection, responder)
            case .unknown?, nil:
                responder.send(
                    .unavailable(
                        "The change could not be confirmed in time; it may still be made, and "
                            + "does no harm when it is sent again"))
            }
        }
    }

    private static func send(
        _ outcome: CatalogOutcome, of number: Int64, _ responder: Responder
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
        case .conditionFailed(let current):
            let tag = current.map { EntityTag.of(body(of: $0)) }
            responder.send(.preconditionFailed(itemNumber: number, etag: tag))
        default: responder.send(.internalFault())
        }
    }
}
