internal import API
internal import FastCGI
internal import HTTPClient
internal import MonotonicTime

/// An answer to a client, before it is written.
struct Answer: Sendable {
    var status: Int
    var headers: [(String, String)] = []
    /// Compact JSON, CSV, or nothing.
    var body: [UInt8] = []

    /// JSON for a client, indented where a person reads it.
    static func json(
        _ status: Int, _ body: [UInt8], headers: [(String, String)] = [], indented: Bool
    ) -> Answer {
        Answer(
            status: status,
            headers: [("Content-Type", Bodies.mediaType), ("Vary", "Accept")] + headers,
            body: indented ? JSONText.indented(body) : body)
    }

    /// A problem document.
    static func problem(_ problem: Problem, indented: Bool) -> Answer {
        Answer(
            status: problem.status,
            headers: [
                ("Content-Type", Problem.mediaType), ("Vary", "Accept"),
                ("Cache-Control", "no-store"),
            ] + problem.headers.map { ($0.name, $0.value) },
            body: indented ? JSONText.indented(problem.body) : problem.body)
    }

    /// What a server of the back end answered, for the client: its status, its body, and those of
    /// its headers that mean something outside of the cluster.
    static func relayed(
        _ answer: UpstreamAnswer, adding headers: [(String, String)] = [], indented: Bool
    ) -> Answer {
        let type = answer.header("Content-Type") ?? Bodies.mediaType
        let isJSON = type == Bodies.mediaType || type == Problem.mediaType
        var all = [("Content-Type", type), ("Vary", "Accept")]
        for name in ["Location", "ETag", "Retry-After", "Allow"] {
            if let value = answer.header(name) { all.append((name, value)) }
        }
        if answer.status >= 400 {
            all.append(("Cache-Control", "no-store"))
        } else {
            all += headers
        }
        return Answer(
            status: answer.status, headers: answer.body.isEmpty ? Array(all.dropFirst(2)) : all,
            body: isJSON && indented ? JSONText.indented(answer.body) : answer.body)
    }
}

/// Who waits for an answer: nginx by way of a `Responder`, or a test.
protocol AnswerSink: Sendable {
    /// Gives the answer; another one before it makes this one void. Any thread.
    func send(_ answer: Answer)
    /// Gives a book as it is in the cache.
    func send(_ hit: CachedBook.Hit)

    /// Begins a long answer; false where there was one already.
    func begin(status: Int, headers: [(String, String)]) -> Bool
    /// Adds to a long answer; waits for a slow client, and throws where it is gone.
    func write(_ bytes: [UInt8]) throws
    /// Ends a long answer. One that is dropped before is cut off.
    func finish()
}

extension Responder: AnswerSink {
    func send(_ answer: Answer) {
        send(Response(status: answer.status, headers: answer.headers, body: answer.body))
    }

    func send(_ hit: CachedBook.Hit) {
        send { writer in
            writer.write("Age: ")
            writer.write(decimal: UInt64(clamping: hit.age.nanoseconds / 1_000_000_000))
            writer.write(hit.book.commonHead)
            writer.write(hit.book.rest)
        }
    }
}
