internal import ChildProcess
internal import Foundation
internal import TestSupport
internal import Testing

/// How the store speaks HTTP: what caches, browsers, proxies and tracing tools are told.
@Suite(.cluster(.pair.withLargeStock()), .serialized)
struct MannersTests {
    let store = Cluster.current

    // MARK: Caches

    @Test(arguments: [
        ("GET", "/lookup/1", "max-age=0, must-revalidate"),
        ("GET", "/search/Misc", "max-age=0, must-revalidate"),
        ("GET", "/topics", "max-age=0, must-revalidate"), ("POST", "/buy/1", "no-store"),
        ("GET", "/buy/1", "no-store"), ("GET", "/orders/1", "no-store"),
        ("GET", "/status", "no-store"), ("GET", "/health", "no-store"),
        ("GET", "/lookup/999", "no-store"), ("GET", "/lookup/x", "no-store"),
        ("GET", "/nosuch", "no-store"), ("DELETE", "/lookup/1", "no-store"),
        ("OPTIONS", "/lookup/1", "no-store"), ("GET", "/", "no-cache"),
    ])
    func `Cache-Control says what is true`(
        _ method: String, _ target: String, _ wanted: String
    ) throws {
        _ = try store.buy(7, key: "for the order")
        let answer = try store.request(method, target, body: method == "GET" ? nil : "")
        #expect(answer.header("Cache-Control") == wanted)
        #expect(answer.headers.count { $0.name.lowercased() == "cache-control" } == 1)
        let isTagged = wanted.contains("revalidate") || wanted == "no-cache"
        #expect((answer.header("ETag") != nil) == isTagged)
    }

    @Test(arguments: ["/lookup/3", "/search/GraduateSchool", "/topics", "/", "/store.css"])
    func `A body that the client has is not sent again, however its tag was written`(
        _ target: String
    ) throws {
        let tag = try #require(try store.get(target).header("ETag"))
        for value in [tag, #""other", "# + tag, "W/" + tag] {
            let answer = try store.get(target, headers: ["If-None-Match": value])
            #expect(answer.status == 304, "\(value)")
            #expect(answer.body.isEmpty)
            #expect(answer.header("ETag") == tag)
            #expect(answer.header("Cache-Control") != nil)
        }
        #expect(try store.get(target, headers: ["If-None-Match": #""other""#]).status == 200)
    }

    @Test func `The indented body has a tag of its own, and Vary says that there are two`() throws {
        let compact = try store.get("/lookup/3")
        let indented = try store.get("/lookup/3", headers: ["Accept": "text/html"])
        #expect(compact.header("ETag") != indented.header("ETag"))
        for answer in [compact, indented] {
            #expect(answer.headers.contains { $0.name == "Vary" && $0.value == "Accept" })
        }
        let tag = try #require(indented.header("ETag"))
        #expect(try store.get("/lookup/3", headers: ["If-None-Match": tag]).status == 200)
    }

    @Test func `Cache-Status tells a hit from a miss, and names the cache`() throws {
        let hit = try eventually("a hit") {
            let answer = try store.request("GET", "/lookup/6", server: "frontEndServer2")
            return answer.header("X-Cache") == "HIT" ? answer : nil
        }
        #expect(hit.header("Cache-Status") == "frontEndServer2; hit")
        #expect(try store.buy(6).status == 201)
        let miss = try store.request("GET", "/lookup/6", server: "frontEndServer2")
        #expect(miss.header("X-Cache") == "MISS")
        #expect(miss.header("Cache-Status")?.hasPrefix("frontEndServer2; fwd=") == true)
        #expect(try store.get("/search/Misc").header("Cache-Status") == nil)
    }

    // MARK: Methods and pages from elsewhere

    @Test(arguments: [
        ("/lookup/1", "GET, HEAD, OPTIONS"), ("/search/Misc", "GET, HEAD, OPTIONS"),
        ("/topics", "GET, HEAD, OPTIONS"), ("/orders/1", "GET, HEAD, OPTIONS"),
        ("/status", "GET, HEAD, OPTIONS"), ("/health", "GET, HEAD, OPTIONS"),
    ])
    func `A browser's preflight for a read is granted`(_ target: String, _ allowed: String) throws {
        let preflight = try store.request(
            "OPTIONS", target,
            headers: [
                "Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "if-none-match",
            ])
        #expect(preflight.status == 204)
        #expect(preflight.body.isEmpty)
        #expect(preflight.header("Allow") == allowed)
        #expect(preflight.header("Access-Control-Allow-Origin") == "*")
        #expect(preflight.header("Access-Control-Allow-Methods") == "GET, HEAD")
        #expect(
            preflight.header("Access-Control-Allow-Headers")?.contains("If-None-Match") == true)
        let read = try store.get(target, headers: ["Origin": "https://elsewhere.example"])
        #expect(read.header("Access-Control-Allow-Origin") == "*")
        #expect(read.header("Access-Control-Expose-Headers")?.contains("ETag") == true)
    }

    @Test(arguments: ["/buy/1", "/items/1", "/restock/1", "/catalog.csv", "/orders.csv"])
    func `A page from elsewhere may not change anything, or read what is the administrator's`(
        _ target: String
    ) throws {
        let preflight = try store.request(
            "OPTIONS", target,
            headers: [
                "Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST",
            ])
        #expect(preflight.status == 204)
        #expect(preflight.header("Allow")?.hasSuffix("OPTIONS") == true)
        #expect(preflight.headers.filter { $0.name.hasPrefix("Access-Control") }.isEmpty)
    }

    @Test func `HEAD has the headers of GET, its length too`() throws {
        for target in ["/lookup/2", "/search/Misc", "/topics", "/", "/openapi.json"] {
            let get = try store.get(target)
            let head = try store.request("HEAD", target)
            #expect(head.status == 200)
            for name in ["Content-Type", "Content-Length", "ETag", "Cache-Control"] {
                #expect(head.header(name) == get.header(name), "\(name) of \(target)")
            }
        }
    }

    // MARK: Bodies

    @Test func `A long body comes compressed to whoever can read it, a book does not`() throws {
        for number in 100..<160 {
            let body =
                #"{"title":"A rather long title, number \#(number)","topic":"Long","#
                + #""cost":1.00,"stock":1}"#
            let answer = try store.administer(
                "PUT", "/items/\(number)", body: body, contentType: "application/json")
            #expect(answer.status == 201)
        }
        let gzip = ["Accept-Encoding": "gzip"]
        let plain = try store.get("/search/Long")
        let small = try store.get("/search/Long", headers: gzip)
        #expect(plain.header("Content-Encoding") == nil)
        #expect(small.header("Content-Encoding") == "gzip")
        #expect(small.body.count < plain.body.count / 2)
        #expect(try Self.gunzip(small.body) == plain.body)
        #expect(small.headers.contains { $0.name == "Vary" && $0.value == "Accept-Encoding" })
        // The tag of a compressed body is weak, and still saves it.
        let tag = try #require(small.header("ETag"))
        let again = try store.get(
            "/search/Long", headers: gzip.merging(["If-None-Match": tag]) { $1 })
        #expect(again.status == 304)
        #expect(try store.get("/lookup/1", headers: gzip).header("Content-Encoding") == nil)
    }

    private static func gunzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let folder = TemporaryFolder()
        try Data(bytes).write(to: URL(fileURLWithPath: folder("body.gz")))
        let result = try Command.run("/bin/gzip", ["-dc", folder("body.gz")])
        #expect(result.status == .exited(0), "\(result.errors)")
        return Array(result.output.utf8)
    }

    // MARK: Buys

    @Test func `A key in the quotes of the IETF's draft is a key like any other`() throws {
        let key = #""8e03978e-40d5-43dd-bc93-6894a57f9324""#
        let first = try store.buy(2, key: key)
        #expect(first.status == 201)
        #expect(first.header("Idempotent-Replayed") == nil)
        let location = try #require(first.header("Location"))
        let again = try store.buy(2, key: key)
        #expect(again.status == 200)
        #expect(again.header("Idempotent-Replayed") == "true")
        #expect(again.header("Location") == location)
        #expect(again.body == first.body)
        let other = try store.buy(1, key: key)
        expectProblem(other, 422)
        #expect(try store.get(location).json["orderNumber"] as? Int != nil)
    }

    // MARK: Tracing

    /// The lines of the access log with an id, by the port that they came in by.
    private func logged(_ id: String, at server: String?) -> [Substring] {
        contents(of: store.directory + "/log/nginx-access.log").split(separator: "\n").filter {
            $0.contains("id=\(id) ") && $0.contains("port=\(store.port(of: server)) ")
        }
    }

    @Test func `One id, and one trace, are in the log of every server that a buy passed`() throws {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let parent = "00-\(trace)-00f067aa0ba902b7-01"
        let answer = try store.request(
            "POST", "/buy/5", headers: ["traceparent": parent, "X-Request-ID": "one-id"], body: "")
        #expect(answer.status == 201)
        #expect(answer.header("X-Request-ID") == "one-id")
        for servers in [
            [nil], ["orderServer1", "orderServer2"], ["catalogServer1", "catalogServer2"],
        ]
            as [[String?]]
        {
            let line = try eventually("a line of the request at \(servers)") {
                servers.flatMap { logged("one-id", at: $0) }.first
            }
            #expect(line.hasSuffix("trace=\(parent)"))
        }
    }

    @Test func `A request of a trace without an id has the trace's`() throws {
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let answer = try store.get(
            "/search/Misc", headers: ["traceparent": "00-\(trace)-b7ad6b7169203331-01"])
        #expect(answer.header("X-Request-ID") == trace)
        try eventually("a line at a catalog server") {
            !(logged(trace, at: "catalogServer1") + logged(trace, at: "catalogServer2")).isEmpty
        }
    }
}

/// What a store says that cannot serve.
struct UnavailableTests {
    @Test(.cluster(.single)) func `What cannot be served now says when to ask again`() throws {
        let store = Cluster.current
        try store.signal(SIGSTOP, to: "catalogServer1")
        let lookup = try store.get("/lookup/1")
        let buy = try store.buy(1, key: "unsure")
        try store.signal(SIGCONT, to: "catalogServer1")
        for answer in [lookup, buy] {
            expectProblem(answer, 503)
            #expect(answer.header("Retry-After").flatMap { Int($0) } ?? 0 >= 1)
            #expect(answer.header("Cache-Control") == "no-store")
        }
        #expect(buy.json["idempotencyKey"] as? String == "unsure")
        let again = try eventually("the outcome") { () -> HTTPAnswer? in
            let answer = try store.buy(1, key: "unsure")
            return answer.status < 300 ? answer : nil
        }
        #expect(again.json["itemNumber"] as? Int == 1)
    }
}
