import Dispatch
import Glibc
import Testing

@testable import FastCGI

@Suite("Deferred answers")
struct DeferredAnswerTests {
    @Test("Hundreds of requests wait at the same time while two threads answer others")
    func manyMoreThanThreads() throws {
        let waiting = Box<Responder>()
        let fixture = try Fixture(threads: 2) { request, responder in
            if request.method == .post {
                waiting.put(responder)
            } else {
                responder.send(Response(status: 204))
            }
        }
        let clients = try (0..<300).map { _ in try fixture.connect() }
        for client in clients {
            client.send(FastCGIClient.request(FastCGIClient.parameters("POST", "/buy/1")))
        }
        let responders = try clients.map { _ in try waiting.take() }
        #expect(fixture.server.metrics.inFlight == 300)
        #expect(try fixture.connect().exchange("GET", "/lookup/1").status == 204)
        // Whoever has the outcome answers, in whatever order.
        for (number, responder) in responders.enumerated().reversed() {
            DispatchQueue.global().async {
                responder.send(Response(status: 201, body: Array("\(number)".utf8)))
            }
        }
        let bodies = try clients.map { try $0.receive().text }
        #expect(Set(bodies) == Set((0..<300).map { "\($0)" }))
        // Every connection is served again.
        for client in clients { #expect(try client.exchange("GET", "/").status == 204) }
        #expect(fixture.server.metrics.inFlight == 0)
    }

    @Test("Requests that hold their workers up are not waited for while a worker is left")
    func heldUp() throws {
        let goOn = DispatchSemaphore(value: 0)
        let held = Box<Void>()
        let fixture = try Fixture(threads: 3) { request, responder in
            if request.method == .post {
                held.put(())
                goOn.wait()
            }
            responder.send(Response(status: 204))
        }
        let slow = try (0..<2).map { _ in try fixture.connect() }
        for client in slow {
            client.send(FastCGIClient.request(FastCGIClient.parameters("POST", "/")))
            try held.take()
        }
        #expect(try fixture.connect().exchange("GET", "/").status == 204)
        for _ in slow { goOn.signal() }
        for client in slow { #expect(try client.receive().status == 204) }
        // Whoever was relieved is there again.
        for _ in 0..<20 { #expect(try fixture.connect().exchange("GET", "/").status == 204) }
    }

    @Test("An answer from another thread before the handler has returned leaves the request valid")
    func answeredBeforeTheHandlerReturns() throws {
        let paths = Box<[String]?>()
        let fixture = try Fixture { request, responder in
            let answered = Background { responder.send(Response(status: 200)) }
            #expect(answered.join())
            paths.put(request.pathSegments)
        }
        let client = try fixture.connect()
        for number in 1...20 {
            #expect(try client.exchange("GET", "/lookup/\(number)").status == 200)
            #expect(try paths.take() == ["lookup", "\(number)"])
        }
    }

    @Test("An answer to a client that has gone in the meantime costs a closed connection")
    func clientGone() throws {
        let waiting = Box<Responder>()
        let fixture = try Fixture { _, responder in waiting.put(responder) }
        var client: FastCGIClient? = try fixture.connect()
        client?.send(FastCGIClient.request(FastCGIClient.parameters()))
        let responder = try waiting.take()
        client = nil
        #expect(responder.send(Response(status: 200)))
        #expect(
            fixture.log.next() == "an answer was not sent: the web server closed the connection")
        let next = try fixture.connect()
        next.send(FastCGIClient.request(FastCGIClient.parameters()))
        try waiting.take().send(Response(status: 200))
        #expect(try next.receive().status == 200)
        #expect(fixture.log.all.count == 1)
    }

    @Test("A deferred request that is dropped gets 500")
    func droppedLater() throws {
        let waiting = Box<Responder>()
        let fixture = try Fixture { _, responder in waiting.put(responder) }
        let client = try fixture.connect()
        client.send(FastCGIClient.request(FastCGIClient.parameters()))
        _ = try waiting.take()
        #expect(try client.receive().status == 500)
        #expect(fixture.log.all == ["a request was dropped without an answer"])
    }

    @Test("Five hundred clients on two threads are all answered, many times over")
    func overload() throws {
        let fixture = try Fixture(threads: 2) { _, responder in
            responder.send(Response(status: 200))
        }
        let clients = try (0..<500).map { _ in try fixture.connect() }
        for _ in 1...10 {
            for client in clients { client.send(FastCGIClient.request(FastCGIClient.parameters())) }
            for client in clients { #expect(try client.receive().status == 200) }
        }
        #expect(fixture.server.metrics.requests == 5000)
        #expect(fixture.log.all.isEmpty)
    }
}
