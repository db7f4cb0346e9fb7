internal import API
internal import FastCGI
internal import HTTPClient
internal import MonotonicTime
internal import Synchronization

// What administrators and the catalog ask of a front end. Access was checked before.
extension StoreFront {
    func restock(
        _ segment: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        let number = try Self.bookNumber(segment)
        try forward("POST", "/restock/\(number)", request, sink)
    }

    func administer(
        _ segment: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        let number = try Self.bookNumber(segment)
        if request.method == .put {
            let type = request.contentType?.prefix { $0 != ";" && $0 != " " }.lowercased()
            guard type == "application/json" else {
                throw .unsupportedMediaType(request.contentType)
            }
        }
        try forward(request.methodName, "/items/\(number)", request, sink)
    }

    /// Sends what the administrator wants to the catalog's primary, with a key under which it is
    /// done once, however often this server or nginx sends it.
    private func forward(
        _ method: String, _ path: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        let key = request.defaultKey ?? Self.randomKey()
        var headers = [("Idempotency-Key", String(decoding: key, as: UTF8.self))]
        if let type = request.contentType { headers.append(("Content-Type", type)) }
        if let tag = request.ifMatch { headers.append(("If-Match", tag)) }
        if let tags = request.ifNoneMatch {
            headers.append(("If-None-Match", String(decoding: tags, as: UTF8.self)))
        }
        // nginx lets nearly every byte of a header pass.
        for (name, value) in headers
        where value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7f }) {
            throw .malformedRequest("The header \(name) has a character that no header may have")
        }
        relay(
            UpstreamRequest(
                method: method, path: path, headers: headers, body: request.body.bytes ?? [],
                trace: request.trace),
            to: .primary(.catalog), for: request, sink
        ) { response, request in
            .relayed(
                response, adding: [("Cache-Control", "no-store")], indented: request.isIndented)
        }
    }

    /// Drops books from the cache. The catalog commits its change when this is answered.
    func invalidate(
        _ list: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        var numbers: [Int64] = []
        for part in list.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        {
            guard case .number(let number) = ItemNumber.parse(part) else {
                throw .malformedRequest("A list of item numbers with commas is wanted")
            }
            numbers.append(number)
        }
        lookups.invalidate(numbers)
        counters.invalidationRequests.add(1, ordering: .relaxed)
        // The cache is right either way; see `BackEndWatch` for whose word is missing.
        guard watch.isAlone(at: timers.now()) else {
            throw .unavailable(
                "This server has just started and does not speak for its predecessor")
        }
        sink.send(Answer(status: 204))
    }

    /// Passes a batch of buys on to the catalog's primary for an order server that does not reach
    /// it. The answer is the catalog's, as it is.
    func detour(
        _ group: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        guard group == "catalog" else { throw .notFound("/detour/\(group)") }
        guard let query = request.query,
            let text = query.last(where: { $0.name == "highestSale" })?.value,
            let highestSale = Int64(text), highestSale >= 0
        else { throw .malformedRequest("The greatest number of a sale is wanted: highestSale") }
        // At once, so that another front end can be asked.
        guard dispatcher.withCluster({ $0.hasPrimary(.catalog) }) else {
            throw .unavailable("This server does not reach the catalog's primary either")
        }
        relay(
            UpstreamRequest(
                method: "POST", path: "/buys",
                headers: [
                    ("Content-Type", BuyBatch.mediaType),
                    (SaleHeader.highest, String(highestSale)),
                ], body: request.body.bytes ?? [], trace: request.trace),
            to: .primary(.catalog), for: request, sink
        ) { response, _ in
            let type = response.header("Content-Type").map { [("Content-Type", $0)] } ?? []
            return Answer(status: response.status, headers: type, body: response.body)
        }
    }

    /// Votes in a group's view register.
    func vote(
        _ group: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        try ballotBox(request.body.bytes ?? [], group) { message in
            guard let message else {
                return sink.send(
                    .problem(
                        .unavailable("The vote could not be made durable"), indented: false))
            }
            sink.send(
                Answer(
                    status: 200, headers: [("Content-Type", Heartbeats.mediaType)], body: message))
        }
    }
}
