internal import API
internal import Bookstore
internal import Durability
internal import FastCGI
internal import ReplicaHost
internal import Replication
internal import ServerRuntime
internal import Storage

/// Lookups, searches and topics: answered by any member of the view, from what is committed.
extension CatalogService {
    /// The most items of one page of a search.
    private static let pageLimit: Int64 = 1000
    /// The item numbers that a page may begin behind.
    private static let itemLimit: Int64 = 9_007_199_254_740_991

    func lookup(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let number = try request.itemNumber()
        try answer(request, touching: [UInt64(bitPattern: number)], responder) {
            isCacheable throws(Problem) in
            let book = try read { () throws(StorageError) in try store.book(number) }
            guard let book else {
                let problem = Problem.noSuchBook(number)
                throw isCacheable ? problem : problem.with(header: "X-Uncommitted", "1")
            }
            responder.send(
                json: Self.body(of: book), headers: isCacheable ? [] : [("X-Uncommitted", "1")])
        }
    }

    /// `POST /lookups`: what a front end has gathered, as far as this replica may answer it itself.
    func lookups(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let batch: LookupBatch
        do throws(BatchFault) {
            batch = try LookupBatch(decoding: request.body)
        } catch {
            throw .malformedRequest("The body is no batch of lookups: \(error)")
        }
        var results: [LookupResults.Item?] = []
        results.reserveCapacity(batch.itemNumbers.count)
        for number in batch.itemNumbers {
            let permission = host.readPermission(touching: [UInt64(bitPattern: number)])
            guard case .serve(let isSettled) = permission else {
                results.append(nil)
                continue
            }
            let book = try read { () throws(StorageError) in try store.book(number) }
            results.append(
                book.map { LookupResults.Item(isSettled: isSettled, body: Self.body(of: $0)) })
        }
        responder.send(
            Response(
                status: 200, headers: [("Content-Type", LookupBatch.mediaType)],
                body: LookupResults(results).encoded))
    }

    func search(
        _ topic: String, _ request: InternalRequest, _ responder: Responder
    ) throws(Problem) {
        let limit = try request.count("limit", default: Self.pageLimit, limit: Self.pageLimit)
        let after = try request.count("after", default: 0, limit: Self.itemLimit)
        try answer(request, touching: [CatalogOperation.listingKey], responder) {
            _ throws(Problem) in
            // One more tells whether there are more.
            let found = try read { () throws(StorageError) in
                try store.search(topic: topic, after: after, limit: Int(limit) + 1)
            }
            let books = found.prefix(Int(limit))
            var headers: [(String, String)] = []
            if found.count > books.count, let last = books.last {
                let next = "?limit=\(limit)&after=\(last.itemNumber)"
                headers.append(("Link", "<\(next)>; rel=\"next\""))
            }
            responder.send(
                json: Bodies.searchResult(
                    topic: topic,
                    items: books.map { (itemNumber: $0.itemNumber, title: $0.title) }),
                headers: headers)
        }
    }

    /// `GET /search?q=&limit=&offset=`: books by words of their titles.
    func searchWords(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        let wanted = try SearchWords(request.query)
        let limit = try request.count("limit", default: 100, limit: Self.pageLimit)
        let offset = try request.count(
            "offset", default: 0, limit: Int64(CatalogStore.matchesRanked))
        try answer(request, touching: [CatalogOperation.listingKey], responder) {
            _ throws(Problem) in
            let books = try read { () throws(StorageError) in
                try store.search(words: wanted.words, offset: Int(offset), limit: Int(limit))
            }
            responder.send(
                json: Bodies.matches(
                    query: wanted.text,
                    items: books.map {
                        (itemNumber: $0.itemNumber, title: $0.title, topic: $0.topic)
                    }))
        }
    }

    func topics(_ request: InternalRequest, _ responder: Responder) throws(Problem) {
        try answer(request, touching: [CatalogOperation.listingKey], responder) {
            _ throws(Problem) in
            let topics = try read { () throws(StorageError) in try store.topics() }
            responder.send(json: Bodies.topics(topics))
        }
    }

    /// Answers a read that depends on some keys here, where this replica may, or has the replica
    /// answer that may.
    func answer(
        _ request: InternalRequest, touching keys: [UInt64], _ responder: Responder,
        _ serve: (_ isCacheable: Bool) throws(Problem) -> Void
    ) throws(Problem) {
        try answer(request, under: host.readPermission(touching: keys), responder, serve)
    }

    /// Answers a request, or has it answered, as a permission says.
    func answer(
        _ request: InternalRequest, under permission: ReadPermission, _ responder: Responder,
        _ serve: (_ isCacheable: Bool) throws(Problem) -> Void
    ) throws(Problem) {
        switch permission {
        case .serve(let isCacheable): try serve(isCacheable)
        case .forward(let server): host.forward(request, to: server, responder)
        case .unavailable: throw .noView(of: "catalog", waitingFor: host.awaitedServers)
        }
    }

    static func body(of book: Book) -> [UInt8] {
        Bodies.book(
            itemNumber: book.itemNumber, title: book.title, topic: book.topic,
            cents: book.cost.amount, stock: book.stock, restockTo: book.restockTo)
    }
}
