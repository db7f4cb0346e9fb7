import API
import FastCGI
import HTTPClient
import MonotonicTime
import Testing

@testable import FrontEnd

/// What every route says to whom, and what it says to bad input.
@Suite("Routes")
struct RouteTests {
    @Test(
        "another method is 405 with those that are allowed",
        arguments: [
            (Request.Method.post, "/lookup/1", "GET, HEAD, OPTIONS"),
            (.other, "/search/x", "GET, HEAD, OPTIONS"),
            (.delete, "/buy/1", "GET, POST, OPTIONS"), (.put, "/orders/1", "GET, HEAD, OPTIONS"),
            (.get, "/restock/1", "POST, OPTIONS"), (.get, "/items/1", "PUT, DELETE, OPTIONS"),
            (.delete, "/topics", "GET, HEAD, OPTIONS"),
            (.get, "/invalidate/1", "DELETE, OPTIONS"),
            (.post, "/catalog.csv", "GET, HEAD, OPTIONS"),
            (.post, "/health", "GET, HEAD, OPTIONS"),
        ])
    func methods(_ method: Request.Method, _ path: String, _ allowed: String) {
        let answer = Fixture().send(method, path).answer
        #expect(answer?.status == 405)
        #expect(answer?.header("Allow") == allowed)
        #expect(answer?.header("Content-Type") == "application/problem+json")
    }

    @Test(
        "OPTIONS says what is possible, and to pages from elsewhere what they may read",
        arguments: [
            ("/lookup/1", "GET, HEAD, OPTIONS", true), ("/search/x", "GET, HEAD, OPTIONS", true),
            ("/orders/1", "GET, HEAD, OPTIONS", true), ("/status", "GET, HEAD, OPTIONS", true),
            ("/search", "GET, HEAD, OPTIONS", true), ("/orders", "GET, HEAD, OPTIONS", false),
            ("/buy/1", "GET, POST, OPTIONS", false), ("/items/1", "PUT, DELETE, OPTIONS", false),
            ("/restock/1", "POST, OPTIONS", false), ("/orders.csv", "GET, HEAD, OPTIONS", false),
            ("/metrics", "GET, HEAD, OPTIONS", false),
        ])
    func options(_ path: String, _ allowed: String, _ isOpen: Bool) throws {
        let store = Fixture.leased()
        let answer = try #require(store.send(.options, path).answer)
        #expect(answer.status == 204)
        #expect(answer.body.isEmpty)
        #expect(answer.header("Allow") == allowed)
        #expect(answer.header("Access-Control-Allow-Methods") == (isOpen ? "GET, HEAD" : nil))
        let headers = answer.header("Access-Control-Allow-Headers")
        #expect(headers?.contains("If-None-Match") == (isOpen ? true : nil))
        #expect(store.upstream.openCount == 0)
    }

    @Test(
        "a path without a route is 404",
        arguments: [
            "/", "/lookup", "/lookup/1/2", "/nosuch", "/LOOKUP/1", "/heartbeat", "/topics/1",
            "/catalog.csv/1", "/search/a/b",
        ])
    func notFound(_ path: String) {
        let answer = Fixture().send(.get, path).answer
        #expect(answer?.status == 404)
        #expect(answer?.header("Content-Type") == "application/problem+json")
    }

    @Test(
        "a number that is none is 400, one that no book has is 404",
        arguments: [
            ("abc", 400), ("-1", 400), ("+1", 400), ("1.5", 400), (" 1", 400), ("١", 400),
            ("1,2", 400), ("0", 404), ("9223372036854775808", 404),
            ("99999999999999999999999999", 404),
        ])
    func numbers(_ segment: String, _ status: Int) {
        let store = Fixture.leased()
        for path in ["/lookup/\(segment)", "/buy/\(segment)", "/orders/\(segment)"] {
            #expect(store.send(.get, path).answer?.status == status)
        }
        #expect(store.upstream.openCount == 0)
    }

    @Test("what cannot be decoded is 400, and so is a body that broke off; a large one is 413")
    func malformed() {
        let store = Fixture()
        #expect(store.send(.get, "/lookup/1") { $0.segments = nil }.answer?.status == 400)
        #expect(store.send(.get, "/search/x") { $0.query = nil }.answer?.status == 400)
        #expect(store.send(.post, "/buy/1") { $0.body = .truncated }.answer?.status == 400)
        #expect(store.send(.post, "/buy/1") { $0.body = .tooLarge }.answer?.status == 413)
        #expect(store.upstream.openCount == 0)
    }

    @Test("an item whose number has an encoded slash is one segment and no number")
    func encodedSlash() {
        let answer = Fixture().send(.get, "/lookup/1") { $0.segments = ["lookup", "1/2"] }.answer
        #expect(answer?.status == 400)
    }

    @Test("a search asks the catalog with what it understands of the query, and can be 304")
    func search() throws {
        let store = Fixture.leased()
        let sink = store.send(.get, "/search/x") {
            $0.segments = ["search", "a/b ☃"]
            $0.query = [("limit", "2"), ("color", "red"), ("after", "5&x=1")]
        }
        let call = try #require(store.upstream.next())
        #expect(call.request.path == "/search/a%2Fb%20%E2%98%83?limit=2&after=5%26x%3D1")
        let body = #"{"topic":"a/b ☃","items":[]}"#
        call.answer(200, body, headers: [("Content-Type", "application/json")])
        let answer = try #require(sink.answer)
        #expect(answer.status == 200)
        #expect(answer.text == body)
        #expect(answer.header("Cache-Control") == "max-age=0, must-revalidate")
        let tag = try #require(answer.header("ETag"))

        let again = store.send(.head, "/search/x") { $0.ifNoneMatch = Array(tag.utf8) }
        store.upstream.next()?.answer(200, body)
        #expect(again.answer?.status == 304)
        #expect(again.answer?.body.isEmpty == true)
    }

    @Test("a search by words takes its words to the catalog, whatever is in them")
    func words() throws {
        let store = Fixture.leased()
        let sink = store.send(.get, "/search") {
            $0.query = [("q", "a&b=c ☃"), ("topic", "x"), ("offset", "5"), ("limit", "2")]
        }
        let call = try #require(store.upstream.next())
        #expect(call.server.kind == .catalog)
        #expect(call.request.path == "/search?q=a%26b%3Dc%20%E2%98%83&offset=5&limit=2")
        call.answer(200, #"{"query":"a","items":[]}"#)
        #expect(sink.answer?.status == 200)
        #expect(sink.answer?.header("ETag") != nil)
        #expect(sink.answer?.header("Cache-Control") == "max-age=0, must-revalidate")
    }

    @Test("the history of orders is the administrator's")
    func history() throws {
        let store = Fixture.leased()
        #expect(store.send(.get, "/orders").answer?.status == 401)
        #expect(store.upstream.openCount == 0)
        let sink = store.send(.get, "/orders") {
            $0.authorization = Array("Bearer \(Fixture.adminToken)".utf8)
            $0.query = [("itemNumber", "2"), ("from", "2026-11-20"), ("x", "y"), ("after", "7")]
        }
        let call = try #require(store.upstream.next())
        #expect(call.server.kind == .order)
        #expect(call.request.path == "/orders?itemNumber=2&from=2026-11-20&after=7")
        call.answer(200, #"{"orders":[],"next":null}"#)
        #expect(sink.answer?.status == 200)
        #expect(sink.answer?.header("Cache-Control") == "no-store")
    }

    @Test("a search that the catalog refuses is refused, once for a person too")
    func refusedSearch() {
        let store = Fixture.leased()
        let sink = store.send(.get, "/search/x") { $0.isIndented = true }
        store.upstream.next()?.answer(
            400, Problem.malformedRequest("limit").body,
            headers: [("Content-Type", "application/problem+json"), ("Server", "nginx")])
        #expect(sink.answer?.status == 400)
        #expect(sink.answer?.text.contains("\n  \"status\": 400") == true)
        #expect(sink.answer?.header("Cache-Control") == "no-store")
        #expect(sink.answer?.count(of: "Cache-Control") == 1)
        #expect(sink.answer?.header("Server") == nil)
    }

    @Test("topics come from the catalog, orders from the order servers")
    func topicsAndOrders() throws {
        let store = Fixture.leased()
        let topics = store.send(.get, "/topics")
        let first = try #require(store.upstream.next())
        #expect(first.server.kind == .catalog)
        first.answer(200, #"{"topics":[]}"#)
        #expect(topics.answer?.text == #"{"topics":[]}"#)
        let order = store.send(.get, "/orders/17")
        let second = try #require(store.upstream.next())
        #expect(second.server.kind == .order)
        #expect(second.request.path == "/orders/17")
        second.answer(200, "{}")
        #expect(order.answer?.header("Cache-Control") == "no-store")
    }

    private func detour(
        _ store: Fixture, _ path: String = "/detour/catalog", highestSale: String?
    ) -> FakeSink {
        store.send(.post, path) {
            $0.query = highestSale.map { [("highestSale", $0)] } ?? []
            $0.authorization = Array("Bearer \(Fixture.clusterSecret)".utf8)
            $0.body = .complete([1, 2, 3])
        }
    }

    @Test(
        "a batch of buys is passed on to the catalog's primary for an order server, and its answer")
    func detour() throws {
        let store = Fixture.leased()
        let sink = detour(store, highestSale: "17")
        let passed = try #require(store.upstream.next())
        #expect(passed.server == Fixture.catalog1)
        #expect(passed.request.method == "POST" && passed.request.path == "/buys")
        #expect(passed.request.body == [1, 2, 3])
        #expect(passed.request.headers.contains { $0 == "X-Highest-Sale" && $1 == "17" })
        passed.answer(409, "lost", headers: [("Content-Type", Problem.mediaType)])
        #expect(sink.answer?.status == 409)
        #expect(sink.answer?.header("Content-Type") == Problem.mediaType)
        #expect(sink.answer?.body == Array("lost".utf8))
    }

    @Test(
        "where the primary is not reached it is said at once, and what is no such batch is refused")
    func noDetour() {
        let store = Fixture()
        #expect(detour(store, highestSale: "17").answer?.status == 503)
        let leased = Fixture.leased()
        #expect(detour(leased, "/detour/orders", highestSale: "1").answer?.status == 404)
        for highestSale in [nil, "-1", "x", ""] {
            #expect(detour(leased, highestSale: highestSale).answer?.status == 400)
        }
        #expect(leased.upstream.openCount == 0)
        #expect(store.upstream.openCount == 0)
    }

    @Test(
        "what only administrators may do is 401 without their token",
        arguments: [
            (Request.Method.post, "/restock/1"), (.put, "/items/1"), (.delete, "/items/1"),
            (.get, "/catalog.csv"), (.get, "/orders.csv"), (.delete, "/invalidate/1"),
            (.put, "/register/catalog"), (.post, "/detour/catalog"),
        ])
    func unauthorized(_ method: Request.Method, _ path: String) {
        let store = Fixture.leased()
        for header in ["", "Bearer", "Bearer wrong-token-0123", "Basic \(Fixture.adminToken)"] {
            let answer = store.send(method, path) { $0.authorization = Array(header.utf8) }.answer
            #expect(answer?.status == 401)
            #expect(answer?.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
        }
        let isOfServers = ["/inv", "/reg", "/det"].contains { path.hasPrefix($0) }
        let other = isOfServers ? Fixture.adminToken : Fixture.clusterSecret
        let answer = store.send(method, path) {
            $0.authorization = Array("Bearer \(other)".utf8)
        }.answer
        #expect(answer?.status == 401)
        #expect(store.upstream.openCount == 0)
    }

    @Test(
        "on the server's own address only browsing and its health are open to everybody",
        arguments: [
            (Request.Method.post, "/buy/1", 401), (.get, "/orders/1", 401), (.get, "/status", 401),
            (.get, "/topics", 401), (.get, "/metrics", 200), (.get, "/health", 200),
            (.get, "/lookup/1", nil), (.get, "/search/Misc", nil),
        ] as [(Request.Method, String, Int?)])
    func ownAddress(_ method: Request.Method, _ path: String, _ status: Int?) {
        let store = Fixture.leased()
        #expect(store.send(method, path) { $0.defaultKey = nil }.answer?.status == status)
        let asked = store.upstream.takeAll().count
        let answer = store.send(method, path) {
            $0.defaultKey = nil
            $0.authorization = Array("Bearer \(Fixture.clusterSecret)".utf8)
        }.answer
        #expect(answer?.status != 401)
        #expect(asked == (status == nil ? 1 : 0))
    }

    @Test("a vote is answered with what the acceptor says, 503 where it cannot be written")
    func votes() {
        let store = Fixture.leased()
        func vote(_ group: String, _ body: [UInt8]) -> Answer? {
            store.send(.put, "/register/\(group)") {
                $0.authorization = Array("Bearer \(Fixture.clusterSecret)".utf8)
                $0.body = .complete(body)
            }.answer
        }
        #expect(vote("catalog", [1, 2, 3])?.body == [3, 2, 1])
        #expect(vote("catalog", [])?.status == 503)
        #expect(vote("other", [1])?.status == 404)
    }

    @Test(
        "a change is sent again under the key that it had",
        arguments: [
            (Request.Method.delete, "/items/70"), (.put, "/items/70"), (.post, "/restock/70"),
        ], ["default-key", nil])
    func repeatedChange(_ change: (method: Request.Method, path: String), _ key: String?) throws {
        let store = Fixture.leased()
        let sink = store.send(change.method, change.path) {
            $0.authorization = Array("bearer \(Fixture.adminToken)".utf8)
            $0.contentType = "application/json"
            $0.defaultKey = key.map { Array($0.utf8) }
        }
        let first = try #require(store.upstream.next())
        first.fail(.unanswered)
        store.timers.advance(.milliseconds(100))
        let again = try #require(store.upstream.next())
        let keys = [first, again].map { call in
            call.request.headers.first { $0.0 == "Idempotency-Key" }?.1
        }
        #expect(keys[0] == keys[1])
        #expect((keys[0]?.isEmpty ?? true) == false)
        if let key { #expect(keys[0] == key) }
        again.answer(404, "{}", headers: [("Content-Type", Problem.mediaType)])
        #expect(sink.answer?.status == 404)
    }

    @Test("a change of a book goes to the catalog's primary with its conditions")
    func administration() throws {
        for value in ["\"7\u{1}\"", "\"7\"\u{7f}"] {
            let store = Fixture.leased()
            let sink = store.send(.delete, "/items/70") {
                $0.authorization = Array("bearer \(Fixture.adminToken)".utf8)
                $0.ifMatch = value
            }
            #expect(sink.answer?.status == 400)
            #expect(store.upstream.openCount == 0)
        }
        let store = Fixture.leased()
        let body = Array(#"{"title":"t"}"#.utf8)
        let sink = store.send(.put, "/items/70") {
            $0.authorization = Array("bearer \(Fixture.adminToken)".utf8)
            $0.contentType = "application/json; charset=utf-8"
            $0.body = .complete(body)
            $0.ifMatch = "\"7\""
        }
        let call = try #require(store.upstream.next())
        #expect(call.server == Fixture.catalog1)
        #expect(call.request.method == "PUT")
        #expect(call.request.path == "/items/70")
        #expect(call.request.body == body)
        let headers = Dictionary(call.request.headers) { one, _ in one }
        #expect(headers["If-Match"] == "\"7\"")
        call.answer(
            201, Fixture.book,
            headers: [("Content-Type", "application/json"), ("Location", "/lookup/70")])
        #expect(sink.answer?.status == 201)
        #expect(sink.answer?.header("Location") == "/lookup/70")
        #expect(sink.answer?.header("Cache-Control") == "no-store")
    }

    @Test(
        "a book in another type of body is 415",
        arguments: [nil, "text/plain", "application/jsonp", "application/x-www-form-urlencoded"])
    func mediaTypes(_ type: String?) {
        let store = Fixture.leased()
        let answer = store.send(.put, "/items/70") {
            $0.authorization = Array("Bearer \(Fixture.adminToken)".utf8)
            $0.contentType = type
        }.answer
        #expect(answer?.status == 415)
        #expect(store.upstream.openCount == 0)
    }

    @Test("a withdrawal without a body is relayed as it is")
    func withdrawal() throws {
        let store = Fixture.leased()
        let sink = store.send(.delete, "/items/70") {
            $0.authorization = Array("Bearer \(Fixture.adminToken)".utf8)
        }
        let call = try #require(store.upstream.next())
        #expect(call.request.method == "DELETE")
        call.answer(204)
        #expect(sink.answer?.status == 204)
        #expect(sink.answer?.header("Content-Type") == nil)
    }

    @Test("a list of invalidations that is none is 400", arguments: ["x", "1,", ",1", "1,,2", "0"])
    func badInvalidations(_ list: String) {
        #expect(Fixture.leased().invalidate(list).answer?.status == 400)
    }
}
