import Testing

@testable import FastCGI

@Suite("Bad connections")
struct BadConnectionTests {
    static let refused: [[UInt8]] = [
        Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8),
        Array(repeating: 0xff, count: 100_000),
        FastCGIClient.record(1, [0, 3, 1, 0, 0, 0, 0, 0]),
        // What crashes libfcgi: enormous lengths, and names repeated in a management record.
        FastCGIClient.begin() + FastCGIClient.record(4, [0xff, 0xff, 0xff, 0xfe, 0xff, 0xff]),
        FastCGIClient.begin()
            + FastCGIClient.stream(4, [0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfe]),
        FastCGIClient.record(
            9, Array((0..<20).flatMap { _ in FastCGIClient.pair("FCGI_MAX_CONNS", []) }), id: 0),
    ]

    @Test(
        "Garbage costs its connection and a log line, and the process lives", arguments: refused)
    func garbage(bytes: [UInt8]) throws {
        let fixture = try Fixture.echo()
        let other = try fixture.connect()
        #expect(try other.exchange().text == "get 0")
        let client = try fixture.connect()
        client.send(bytes)
        #expect(try client.isClosedByServer())
        #expect(fixture.log.next()?.hasPrefix("closed a connection: ") == true)
        #expect(try other.exchange().text == "get 0")
        #expect(fixture.log.all.count == 1)
    }

    @Test("A block of parameters up to the limit is served, one over it closes the connection")
    func parameterLimit() throws {
        let fixture = try Fixture.echo { $0.parameterLimit = 65_536 }
        let client = try fixture.connect()
        let fits = [("FILLER", String(repeating: "x", count: 65_400))]
        #expect(try client.exchange("GET", "/", fits).text == "get 0")
        for size in [65_536, 1_000_000] {
            let client = try fixture.connect()
            let filler = [("FILLER", String(repeating: "x", count: size))]
            client.send(FastCGIClient.request(FastCGIClient.parameters("GET", "/", filler)))
            #expect(try client.isClosedByServer())
            #expect(
                fixture.log.next()
                    == "closed a connection: the request's parameters are over the limit")
        }
        #expect(try client.exchange("GET", "/", fits).text == "get 0")
    }

    @Test("Twenty thousand small parameters close the connection")
    func manyParameters() throws {
        let fixture = try Fixture.echo()
        let client = try fixture.connect()
        client.send(
            FastCGIClient.request((0..<20_000).map { ("P\($0)", "") }))
        #expect(try client.isClosedByServer())
    }

    @Test("Parameters that come in pieces are waited for")
    func pieces() throws {
        let fixture = try Fixture.echo()
        let client = try fixture.connect()
        let bytes = FastCGIClient.request(FastCGIClient.parameters("GET", "/lookup/1"))
        for _ in 1...20 {
            for byte in bytes { client.send([byte]) }
            #expect(try client.receive().text == "get 0")
        }
    }

    @Test("Parameters that stop coming close the connection after the receive timeout")
    func stalls() throws {
        let fixture = try Fixture.echo { $0.receiveTimeout = .milliseconds(100) }
        let client = try fixture.connect()
        client.send(FastCGIClient.begin())
        #expect(try client.isClosedByServer())
        #expect(fixture.log.all.count == 1)
    }

    @Test("A request whose client has gone before its turn is not carried out")
    func goneBefore() throws {
        let started = Box<Responder>()
        let paths = Box<[String]?>()
        let fixture = try Fixture(threads: 1) { request, responder in
            paths.put(request.pathSegments)
            started.put(responder)
            // Holds the only worker until the test has sent what it wants to have sent.
            if request.method == .put { while (try? paths.take()) != ["go"] {} }
            responder.send(Response(status: 204))
        }
        let holder = try fixture.connect()
        holder.send(FastCGIClient.request(FastCGIClient.parameters("PUT", "/hold")))
        _ = try started.take()
        var gone: FastCGIClient? = try fixture.connect()
        gone?.send(FastCGIClient.request(FastCGIClient.parameters("POST", "/buy/1")))
        gone = nil
        paths.put(["go"])
        #expect(try holder.receive().status == 204)
        #expect(try fixture.connect().exchange("GET", "/last").status == 204)
        #expect(fixture.server.metrics.requests == 2)
    }
}
