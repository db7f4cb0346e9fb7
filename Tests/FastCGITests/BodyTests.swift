import Testing

@testable import FastCGI

@Suite("Bodies")
struct BodyTests {
    @Test("A body arrives whole, whatever its size", arguments: [1, 8184, 65_535, 65_536, 1 << 20])
    func sizes(size: Int) throws {
        let received = Box<[UInt8]?>()
        let fixture = try Fixture { request, responder in
            received.put(request.body.bytes)
            responder.send(Response(status: 204))
        }
        let body = (0..<size).map { UInt8($0 % 249) }
        let client = try fixture.connect()
        for _ in 1...2 {
            #expect(try client.exchange("PUT", "/update", body: body).status == 204)
            #expect(try received.take() == body)
        }
    }

    @Test("A body without a declared length is taken to its end")
    func undeclared() throws {
        let fixture = try Fixture.echo { $0.bodyLimit = 50_000 }
        let client = try fixture.connect()
        for (size, text) in [(7, "post 7"), (50_000, "post 50000"), (50_001, "post too large")] {
            client.send(
                FastCGIClient.request(
                    FastCGIClient.parameters("POST"), body: Array(repeating: 1, count: size)))
            #expect(try client.receive().text == text)
        }
    }

    @Test("A body over the limit is read to its end, and the connection goes on")
    func tooLarge() throws {
        let fixture = try Fixture.echo { $0.bodyLimit = 1000 }
        let client = try fixture.connect()
        #expect(
            try client.exchange("POST", body: Array(repeating: 1, count: 1001)).text
                == "post too large")
        #expect(
            try client.exchange("POST", body: Array(repeating: 1, count: 3_000_000)).text
                == "post too large")
        #expect(
            try client.exchange("POST", body: Array(repeating: 1, count: 1000)).text == "post 1000")
    }

    @Test(
        "A body that is not as long as it says is truncated, and the connection goes on",
        arguments: ["11", "9", "0", "9223372036854775807000", "-10", "ten", "+10"])
    func wrongLength(declared: String) throws {
        let fixture = try Fixture.echo()
        let client = try fixture.connect()
        let parameters = FastCGIClient.parameters("POST", "/", [("CONTENT_LENGTH", declared)])
        client.send(FastCGIClient.request(parameters, body: Array(repeating: 1, count: 10)))
        #expect(try client.receive().text == "post truncated")
        #expect(try client.exchange("POST", body: [1]).text == "post 1")
    }

    @Test("A body that stops coming is truncated after the receive timeout")
    func stalls() throws {
        let fixture = try Fixture.echo { $0.receiveTimeout = .milliseconds(100) }
        let client = try fixture.connect()
        client.send(
            FastCGIClient.request(
                FastCGIClient.parameters("POST", "/", [("CONTENT_LENGTH", "10")]), body: [1, 2, 3]
            ).dropLast(8))
        #expect(try client.receive().text == "post truncated")
        #expect(try client.isClosedByServer())
        #expect(try fixture.connect().exchange().text == "get 0")
    }

    @Test("A body that breaks off costs its connection and no other")
    func breaksOff() throws {
        let seen = Box<Body>()
        let fixture = try Fixture { request, responder in
            if request.method == .post { seen.put(request.body) }
            responder.send(Response(status: 204))
        }
        var client: FastCGIClient? = try fixture.connect()
        // Longer than what is peeked at, so that the worker is reading when the client goes.
        client?.send(
            FastCGIClient.begin()
                + FastCGIClient.stream(
                    4,
                    FastCGIClient.pair("REQUEST_METHOD", Array("POST".utf8))
                        + FastCGIClient.pair("CONTENT_LENGTH", Array("500000".utf8)))
                + FastCGIClient.record(5, Array(repeating: 1, count: 60_000)))
        // The server has begun to read when it has parsed the parameters.
        while fixture.server.metrics.busyThreads == 0 {}
        client = nil
        #expect(try seen.take() == .truncated)
        #expect(try fixture.connect().exchange().status == 204)
    }

    @Test("Parameters that end anywhere near libfcgi's buffer of 8,192 bytes lose no next request")
    func bufferBoundary() throws {
        let fixture = try Fixture.echo()
        let client = try fixture.connect()
        for size in 8060...8200 {
            let filler = [("FILLER", String(repeating: "x", count: size))]
            #expect(try client.exchange("GET", "/\(size)", filler).text == "get 0")
            #expect(try client.exchange("POST", "/", filler, body: [1, 2]).text == "post 2")
        }
    }
}
