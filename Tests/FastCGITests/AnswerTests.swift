import Glibc
import Synchronization
import Testing

@testable import FastCGI

@Suite("Answers")
struct AnswerTests {
    @Test("A kept connection carries one request after another")
    func keepAlive() throws {
        let fixture = try Fixture.echo()
        let client = try fixture.connect()
        for number in 1...50 {
            let answer = try client.exchange("GET", "/lookup/\(number)?x=1")
            #expect(answer.head.contains("X-Path: /lookup/\(number)\r\n"))
            #expect(answer.text == "get 0")
        }
        #expect(fixture.server.metrics.requests == 50)
        #expect(fixture.server.metrics.connections == 1)
    }

    @Test("Whoever observes is told of every answer once, with its status")
    func observed() throws {
        let seen = Mutex<[String]>([])
        let observe: Server.Observation = { request in
            let path = request.pathSegments?.joined(separator: "/") ?? "?"
            guard path != "unobserved" else { return nil }
            return { (status: Int) in seen.withLock { $0.append("\(path) \(status)") } }
        }
        let fixture = try Fixture(observe: observe) { request, responder in
            switch request.pathSegments?.first {
            case "streamed":
                if responder.begin(status: 201, headers: []) { responder.finish() }
            case "pieces":
                responder.send { $0.write("Content-Length: 0\r\n\r\n") }
            case "dropped": break
            default:
                responder.send(Response(status: 404))
                responder.send(Response(status: 200))
            }
        }
        let client = try fixture.connect()
        for path in ["/whole", "/streamed", "/pieces", "/dropped", "/unobserved"] {
            _ = try client.exchange("GET", path)
        }
        #expect(
            seen.withLock { $0 }
                == ["whole 404", "streamed 201", "pieces 200", "dropped 500"])
    }

    @Test("A connection that the web server does not want kept is closed after the answer")
    func notKept() throws {
        let fixture = try Fixture.echo()
        let client = try fixture.connect()
        client.send(FastCGIClient.request(FastCGIClient.parameters(), keep: false))
        #expect(try client.receive().text == "get 0")
        #expect(try client.isClosedByServer())
    }

    @Test(
        "Every method is recognised, and one in lower case is another",
        arguments: [
            ("GET", "get 0"), ("HEAD", "head 0"), ("POST", "post 0"), ("PUT", "put 0"),
            ("DELETE", "delete 0"), ("OPTIONS", "options 0"), ("get", "other 0"),
            ("PATCH", "other 0"),
        ])
    func methods(method: String, text: String) throws {
        let fixture = try Fixture.echo()
        #expect(try fixture.connect().exchange(method).text == text)
    }

    @Test("An answer has its status, headers without line breaks, and a length")
    func head() throws {
        let fixture = try Fixture { _, responder in
            responder.send(
                Response(
                    status: 409, headers: [("X-Evil", "a\r\nSet-Cookie: b")], body: Array("no".utf8)
                ))
        }
        let answer = try fixture.connect().exchange()
        #expect(
            answer.head == "Status: 409 Conflict\r\nX-Evil: a  Set-Cookie: b\r\nContent-Length: 2")
        #expect(answer.text == "no")
    }

    @Test("An answer of pieces arrives as one")
    func pieces() throws {
        let fixture = try Fixture { _, responder in
            responder.send { writer in
                writer.write("Status: 200 OK\r\nAge: ")
                writer.write(decimal: 18_446_744_073_709_551_615)
                writer.write("\r\n\r\n")
                writer.write(Array("abcdef".utf8)[1...])
                writer.write(decimal: 0)
            }
        }
        let answer = try fixture.connect().exchange()
        #expect(answer.head == "Status: 200 OK\r\nAge: 18446744073709551615")
        #expect(answer.text == "bcdef0")
    }

    @Test("The first answer counts, and the others are told so")
    func twice() throws {
        let later = Box<Bool>()
        let fixture = try Fixture { _, responder in
            #expect(responder.send(Response(status: 201)))
            later.put(responder.send(Response(status: 500)))
            later.put(responder.begin(status: 500, headers: []))
        }
        let client = try fixture.connect()
        #expect(try client.exchange().status == 201)
        #expect(try later.take() == false)
        #expect(try later.take() == false)
        #expect(try client.exchange().status == 201)
    }

    @Test("A request that is dropped without an answer gets 500 and a log line")
    func dropped() throws {
        let fixture = try Fixture { _, _ in }
        let client = try fixture.connect()
        #expect(try client.exchange().status == 500)
        #expect(try client.exchange().status == 500)
        #expect(fixture.log.all.count == 2)
    }

    @Test("An answer of many megabytes arrives whole", arguments: [8184, 8185, 65_536, 3_000_000])
    func large(size: Int) throws {
        let fixture = try Fixture { _, responder in
            responder.send(Response(status: 200, body: (0..<size).map { UInt8($0 % 251) }))
        }
        let client = try fixture.connect()
        for _ in 1...2 {
            let body = try client.exchange().body
            #expect(body.count == size)
            #expect(body.last == UInt8((size - 1) % 251))
        }
    }

    @Test("A streamed answer arrives whole, and the connection goes on")
    func streamed() throws {
        let fixture = try Fixture { _, responder in
            _ = Background {
                #expect(responder.begin(status: 200, headers: [("Content-Type", "text/csv")]))
                for line in 0..<50_000 { try? responder.write(Array("\(line)\n".utf8)) }
                responder.finish()
            }
        }
        let client = try fixture.connect()
        for _ in 1...2 {
            let answer = try client.exchange()
            #expect(answer.head == "Status: 200 OK\r\nContent-Type: text/csv")
            #expect(answer.text == (0..<50_000).map { "\($0)\n" }.joined())
        }
    }

    @Test("A streamed answer that is not finished is cut off, so that nobody takes it for whole")
    func cutOff() throws {
        let fixture = try Fixture { _, responder in
            #expect(responder.begin(status: 200, headers: []))
            try? responder.write(Array("half".utf8))
        }
        #expect(throws: FastCGIClient.Failure.closed) { try fixture.connect().exchange() }
        #expect(fixture.log.all == ["an answer was begun and not finished"])
    }

    @Test("A stream to a client that has gone fails, and the server lives")
    func goneWhileStreaming() throws {
        let begun = Box<Bool>()
        let outcome = Box<FastCGIError?>()
        let fixture = try Fixture { request, responder in
            guard request.method == .post else {
                return void(responder.send(Response(status: 200)))
            }
            _ = Background {
                begun.put(responder.begin(status: 200, headers: []))
                do throws(FastCGIError) {
                    while true { try responder.write(Array(repeating: 0, count: 10_000)) }
                } catch {
                    outcome.put(error)
                }
            }
        }
        var client: FastCGIClient? = try fixture.connect()
        client?.send(FastCGIClient.request(FastCGIClient.parameters("POST")))
        #expect(try begun.take())
        client = nil
        #expect(try outcome.take() == .connectionLost)
        #expect(try fixture.connect().exchange().status == 200)
    }
}

func void(_: Bool) {}
