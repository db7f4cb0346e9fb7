import Testing

@testable import FastCGI

@Suite("Requests")
struct RequestTests {
    /// What a handler finds out about one request.
    private func ask<Value: Sendable>(
        _ target: String = "/", _ more: [(String, String)] = [],
        _ question: @escaping @Sendable (borrowing Request) -> Value
    ) throws -> Value {
        let found = Box<Value>()
        let fixture = try Fixture { request, responder in
            found.put(question(request))
            responder.send(Response(status: 204))
        }
        _ = try fixture.connect().exchange("GET", target, more)
        return try found.take()
    }

    @Test(
        "A path is split where a slash was sent, then decoded",
        arguments: [
            ("/", []), ("/lookup/1", ["lookup", "1"]), ("/lookup/1/", ["lookup", "1"]),
            ("/lookup/1?x=/2", ["lookup", "1"]), ("/a%2Fb/c%20d+e", ["a/b", "c d+e"]),
            ("/a//b", ["a", "", "b"]), ("//", [""]), ("/%D8%A7/%f0%9f%93%9a", ["ا", "📚"]),
            ("/..", [".."]), ("/a#b", ["a"]),
        ] as [(String, [String]?)]
            + [
                "/%", "/%4", "/%zz", "/%+1", "/a%00b", "/%ff", "/%c3", "/%c0%80", "*", "", "a/b",
                "/%ed%a0%80",
            ].map { ($0, nil) })
    func pathSegments(target: String, segments: [String]?) throws {
        #expect(try ask(target) { $0.pathSegments } == segments)
    }

    @Test(
        "A query is decoded as of a form",
        arguments: [
            ("/a", ""), ("/a?", ""), ("/a?limit=10&after=3", "limit:10 after:3"),
            ("/a?x", "x:"), ("/a?=y&&x=", ":y x:"), ("/a?q=a+b%26c=d#x", "q:a b&c=d"),
            ("/a?%61=1?2", "a:1?2"), ("/a?x=%zz", nil), ("/a?x=%ff", nil), ("/a?x=%00", nil),
        ] as [(String, String?)])
    func query(target: String, text: String?) throws {
        let found = try ask(target) { request in
            request.query.map { $0.map { "\($0.name):\($0.value)" }.joined(separator: " ") }
        }
        #expect(found == text)
    }

    @Test("A path's bytes are those that were sent")
    func rawPath() throws {
        let bytes = try ask("/%7Ea/?b") { request in
            request.withPath { path in path.withUnsafeBufferPointer { Array($0) } }
        }
        #expect(bytes == Array("/%7Ea/".utf8))
    }

    @Test("A parameter is found by its whole name only")
    func parameter() throws {
        let more = [("REQUEST", "a"), ("REQUEST_I", "b"), ("REQUEST_ID", "c=d"), ("EMPTY", "")]
        let found = try ask("/", more) { request in
            [
                try? request.parameter("REQUEST"), try? request.parameter("REQUEST_ID"),
                try? request.parameter("EMPTY"), try? request.parameter("REQUEST_IDS"),
                request.parameterBytes("REQUEST_I").map { String(decoding: $0, as: UTF8.self) },
            ]
        }
        #expect(found == ["a", "c=d", "", nil, "b"])
    }

    @Test("A header is found by its HTTP name in any case")
    func header() throws {
        let more = [
            ("HTTP_IDEMPOTENCY_KEY", "k"), ("CONTENT_TYPE", "text/plain"), ("HTTP_ACCEPT", "*/*"),
        ]
        let found = try ask("/", more) { request in
            [
                try? request.header("Idempotency-Key"), try? request.header("content-type"),
                try? request.header("ACCEPT"), try? request.header("Authorization"),
            ]
        }
        #expect(found == ["k", "text/plain", "*/*", nil])
    }

    @Test("A parameter that is not UTF-8 is an error, not an absence, and its bytes can be had")
    func notUTF8() throws {
        let error = Box<RequestError?>()
        let bytes = Box<[UInt8]?>()
        let fixture = try Fixture { request, responder in
            do throws(RequestError) {
                _ = try request.header("Idempotency-Key")
                error.put(nil)
            } catch {
                bytes.put(request.parameterBytes("HTTP_IDEMPOTENCY_KEY"))
                responder.send(Response(status: 400))
            }
        }
        let client = try fixture.connect()
        client.send(
            FastCGIClient.begin()
                + FastCGIClient.stream(
                    4, FastCGIClient.pair("HTTP_IDEMPOTENCY_KEY", [0x61, 0xff, 0x62]))
                + FastCGIClient.stream(5, []))
        #expect(try client.receive().status == 400)
        #expect(try bytes.take() == [0x61, 0xff, 0x62])
    }

    @Test("A request without any parameters is one without method and path")
    func noParameters() throws {
        let fixture = try Fixture.echo()
        let client = try fixture.connect()
        client.send(FastCGIClient.request([]))
        let answer = try client.receive()
        #expect(answer.head.contains("X-Path: \r\n"))
        #expect(answer.text == "other 0")
    }
}
