import API
import FastCGI
import Glibc
import HTTPClient
import Logging
import MonotonicTime
import Testing

@testable import FrontEnd

/// The whole service behind a real unix socket; only the back end is made up.
@Suite("A front end on its socket", .serialized)
struct SocketTests {
    /// A front end that serves on a socket for as long as a closure runs.
    func withServer(_ body: (String, Fixture) throws -> Void) throws {
        let store = Fixture.leased()
        let service = FrontEndService(store.front, heartbeatInterval: .seconds(60))
        let path = "/tmp/pygmy-front-end-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        let server = Server(socketPath: path, logger: Logger(label: "test")) {
            service.handle($0, $1)
        }
        try server.start()
        defer { server.stop() }
        try body(path, store)
    }

    func lookup(_ number: Int, _ more: [(String, String)] = []) -> [(String, String)] {
        [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/lookup/\(number)"), ("REQUEST_ID", "id")]
            + more
    }

    @Test("a lookup misses, then hits, then is not modified")
    func lookups() throws {
        try withServer { path, store in
            store.upstream.answerAll { $0.answer(200, Fixture.book) }
            let miss = try FastCGISocket.exchange(path, lookup(1))
            #expect(miss.head.contains("X-Cache: MISS"))
            #expect(miss.body == Fixture.book)
            let hit = try FastCGISocket.exchange(path, lookup(1, [("HTTP_ACCEPT", "*/*")]))
            #expect(hit.head.contains("X-Cache: HIT"))
            #expect(hit.head.contains("Age: 0"))
            #expect(hit.head.contains("Content-Type: application/json"))
            #expect(hit.head.contains("Content-Length: \(Fixture.book.utf8.count)"))
            #expect(hit.head.contains("Cache-Control: max-age=0, must-revalidate"))
            #expect(hit.body == Fixture.book)
            let tag = try #require(hit.head.first { $0.hasPrefix("ETag: ") }).dropFirst(6)
            #expect(miss.head.contains("ETag: \(tag)"))
            let same = try FastCGISocket.exchange(
                path, lookup(1, [("HTTP_IF_NONE_MATCH", String(tag))]))
            #expect(same.head.first == "Status: 304 Not Modified")
            #expect(same.body.isEmpty)
            let person = try FastCGISocket.exchange(
                path, lookup(1, [("HTTP_ACCEPT", "text/html,*/*;q=0.8")]))
            #expect(person.head.contains("X-Cache: HIT"))
            #expect(person.body.contains("\n  \"title\""))
            #expect(store.upstream.openCount == 0)
        }
    }

    @Test("a buy is answered when the order server has answered, from its thread")
    func buys() throws {
        try withServer { path, store in
            store.upstream.answerAll { call in try? BuyTests.sold(call) }
            let answer = try FastCGISocket.exchange(
                path,
                [
                    ("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/buy/3/"),
                    ("CONTENT_LENGTH", "0"), ("DEFAULT_IDEMPOTENCY_KEY", "abc"),
                ])
            #expect(answer.head.first == "Status: 201 Created")
            #expect(answer.head.contains("Location: /orders/17"))
            #expect(answer.body == "{\"n\":3}")
        }
    }

    @Test(
        "what nginx lets through and is wrong gets a problem document",
        arguments: [
            ("GET", "/lookup/%00", 400), ("GET", "/lookup/%FF", 400), ("GET", "/lookup/1%2F2", 400),
            ("GET", "/lookup/%D9%A1", 400), ("GET", "/lookup/%zz", 400),
            ("GET", "/lookup/%30", 404),
            ("get", "/lookup/1", 405), ("BREW", "/lookup/1", 405), ("GET", "//lookup/1", 404),
            ("GET", "/search/%FF", 400), ("GET", "/search/x?limit=%zz", 400), ("GET", "/", 404),
        ])
    func badInput(_ method: String, _ target: String, _ status: Int) throws {
        try withServer { path, store in
            let answer = try FastCGISocket.exchange(
                path, [("REQUEST_METHOD", method), ("REQUEST_URI", target)])
            #expect(answer.head.first?.hasPrefix("Status: \(status) ") == true)
            #expect(answer.head.contains("Content-Type: application/problem+json"))
            #expect(answer.body.hasPrefix("{\"type\":\"/problems/"))
            #expect(store.upstream.openCount == 0)
        }
    }
}
