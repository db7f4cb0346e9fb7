internal import API
internal import FastCGI
internal import MonotonicTime
internal import Synchronization

// Browsing: what every client may ask of the catalog and the orders.
extension StoreFront {
    func lookup(
        _ segment: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        let number = try Self.bookNumber(segment)
        let now = timers.now()
        let hit = lookups.lookup(number, at: now) {
            waiter(for: request, sink, at: now)
        }
        if let hit {
            sink.send(
                hit.book.answer(
                    age: hit.age, cacheStatus: CacheUse.hit.status(by: name),
                    indented: request.isIndented, ifNoneMatch: request.ifNoneMatch))
        }
    }

    func waiter(
        for request: IncomingRequest, _ sink: any AnswerSink, at now: Instant
    ) -> LookupDesk.Waiter {
        LookupDesk.Waiter(
            sink: sink, trace: request.trace, deadline: deadline(of: request, at: now),
            isIndented: request.isIndented, ifNoneMatch: request.ifNoneMatch)
    }

    func search(
        _ topic: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        // The catalog says what is wrong with a limit; what it has no use for stays here.
        let page = try Self.query(of: request, ["limit", "after"])
        relay(
            UpstreamRequest(
                method: "GET", path: "/search/\(PercentEncoding.encode(topic))\(page)",
                trace: request.trace),
            to: .member(.catalog), for: request, sink, answer: Self.conditional)
    }

    func searchWords(_ request: IncomingRequest, _ sink: any AnswerSink) throws(Problem) {
        let query = try Self.query(of: request, ["q", "limit", "offset"])
        relay(
            UpstreamRequest(method: "GET", path: "/search\(query)", trace: request.trace),
            to: .member(.catalog), for: request, sink, answer: Self.conditional)
    }

    /// `GET /orders`: the administrator's history of orders.
    func orders(_ request: IncomingRequest, _ sink: any AnswerSink) throws(Problem) {
        let query = try Self.query(of: request, OrderHistoryQuery.parameters)
        relay(
            UpstreamRequest(method: "GET", path: "/orders\(query)", trace: request.trace),
            to: .member(.order), for: request, sink
        ) { response, request in
            .relayed(
                response, adding: [("Cache-Control", "no-store")], indented: request.isIndented)
        }
    }

    /// Those parameters of a request that its route knows, as the query of another.
    private static func query(
        of request: IncomingRequest, _ names: [String]
    ) throws(Problem) -> String {
        guard let query = request.query else {
            throw .malformedRequest("The query is not valid: it must be UTF-8, percent-encoded")
        }
        let known = query.filter { names.contains($0.name) }
            .map { "\($0.name)=\(PercentEncoding.encode($0.value))" }
        return known.isEmpty ? "" : "?\(known.joined(separator: "&"))"
    }

    func topics(_ request: IncomingRequest, _ sink: any AnswerSink) {
        relay(
            UpstreamRequest(method: "GET", path: "/topics", trace: request.trace),
            to: .member(.catalog), for: request, sink, answer: Self.conditional)
    }

    func order(
        _ segment: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        let number: Int64
        switch ItemNumber.parse(segment) {
        case .number(let parsed): number = parsed
        case .ofNoBook: throw .noSuchOrder(nil)
        case .malformed: throw .notANumber(segment, of: "order")
        }
        relay(
            UpstreamRequest(
                method: "GET", path: "/orders/\(number)", trace: request.trace),
            to: .member(.order), for: request, sink
        ) { response, request in
            .relayed(
                response, adding: [("Cache-Control", "no-store")], indented: request.isIndented)
        }
    }

    func buy(
        _ segment: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        let number = try Self.bookNumber(segment)
        guard let query = request.query else {
            throw .malformedRequest("The query is not valid: it must be UTF-8, percent-encoded")
        }
        let quantity = try Quantity.parse(query)
        let key: [UInt8]
        if let own = request.idempotencyKey {
            do throws(IdempotencyKeyFault) {
                key = try IdempotencyKeyHeader.validated(own)
            } catch {
                throw .invalidKey(error)
            }
        } else {
            key = request.defaultKey ?? Self.randomKey()
        }
        let item = BuyBatch.Item(
            idempotencyKey: key, itemNumber: number, quantity: quantity,
            requestID: Array(request.requestID.utf8), isClientKeyed: request.idempotencyKey != nil)
        buys.buy(
            BuyQueue.Buy(
                item: item, deadline: deadline(of: request, at: timers.now()),
                traceParent: request.traceParent, journey: request.journey,
                isGet: request.method == .get, isIndented: request.isIndented, sink: sink))
    }

    /// A key for what came past the public listener, and so without any.
    static func randomKey() -> [UInt8] {
        Array("key-\(String(UInt64.random(in: 0 ... .max), radix: 36))".utf8)
            + Array(String(UInt64.random(in: 0 ... .max), radix: 36).utf8)
    }
}
