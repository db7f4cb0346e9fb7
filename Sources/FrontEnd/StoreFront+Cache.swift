internal import API
internal import Caching
internal import FastCGI
internal import MonotonicTime

/// The cache as an administrator sees it: `GET` and `DELETE` of `/cache` and `/cache/{itemNumber}`
/// on the front end's own address. Keys are written as `lookup/17`.
///
/// What is dropped here is fetched again when somebody asks for it: the cache is right with any
/// content and with none.
extension StoreFront {
    private static let keyPrefix = "lookup/"
    private static let longestList = 100_000

    /// Lists the keys, or drops those that begin with `prefix`, all where there is none.
    func cache(_ request: IncomingRequest, _ sink: any AnswerSink) throws(Problem) {
        guard let query = request.query else {
            throw .malformedRequest("The query is not valid: it must be UTF-8, percent-encoded")
        }
        let prefix = query.last { $0.name == "prefix" }?.value ?? ""
        let now = timers.now()
        if request.method == .delete {
            let dropped = lookups.withCache { cache in
                let keys = cache.keys(at: now).map(\.key).filter { Self.key($0, has: prefix) }
                return cache.invalidate(keys)
            }
            return sink.send(dropped: dropped, request)
        }
        let entries = lookups.withCache { cache in
            cache.keys(at: now).filter { Self.key($0.key, has: prefix) }
        }.sorted { $0.key < $1.key }
        var text = JSONText(reservingCapacity: 64 + entries.count * 48)
        text.object { document in
            document.member("server", name)
            document.member("entries", entries.count)
            document.array("keys") { array in
                for entry in entries.prefix(Self.longestList) {
                    array.object { object in
                        object.member("key", Self.keyPrefix + String(entry.key))
                        object.member("ageSeconds", Self.seconds(entry.age))
                    }
                }
            }
        }
        sink.send(
            .json(
                200, text.bytes, headers: [("Cache-Control", "no-store")],
                indented: request.isIndented))
    }

    /// Shows the entry of a book, or drops it.
    func cachedBook(
        _ segment: String, _ request: IncomingRequest, _ sink: any AnswerSink
    ) throws(Problem) {
        let number = try Self.bookNumber(segment)
        let now = timers.now()
        if request.method == .delete {
            return sink.send(
                dropped: lookups.withCache { $0.invalidate([number]) }, request)
        }
        guard let entry = lookups.withCache({ $0.peek(number, at: now) }) else {
            throw .notCached(itemNumber: number)
        }
        sink.send(
            .json(
                200, entry.value.body,
                headers: [
                    ("Age", String(max(0, entry.age.nanoseconds / 1_000_000_000))),
                    ("ETag", entry.value.entityTag), ("Cache-Control", "no-store"),
                ], indented: request.isIndented))
    }

    private static func key(_ number: Int64, has prefix: String) -> Bool {
        prefix.isEmpty || (keyPrefix + String(number)).hasPrefix(prefix)
    }

    private static func seconds(_ span: Instant.Span) -> Double {
        Double(span.nanoseconds / 1_000_000) / 1000
    }
}

extension AnswerSink {
    fileprivate func send(dropped: Int, _ request: IncomingRequest) {
        var text = JSONText(reservingCapacity: 32)
        text.object { $0.member("dropped", dropped) }
        send(
            .json(
                200, text.bytes, headers: [("Cache-Control", "no-store")],
                indented: request.isIndented))
    }
}
