import Dispatch
import Foundation
import SocketServer
import Synchronization
import Testing

@testable import HTTPClient

@Suite("HTTP client")
struct HTTPClientTests {
    typealias Outcome = Arrival<Result<HTTPResponse, HTTPClientError>>

    let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        // A busy machine is no server that cannot be reached.
        configuration.connectTimeout = .seconds(300)
        return HTTPClient(configuration: configuration)
    }()

    func echo() throws -> SocketServer {
        try SocketServer { connection in
            while let request = connection.readRequest() { connection.answer(request) }
        }
    }

    func request(
        _ method: String = "GET", to server: SocketServer, _ path: String = "/",
        headers: [(String, String)] = [], body: [UInt8] = []
    ) -> HTTPRequest {
        HTTPRequest(
            method: method, authority: server.authority, path: path, headers: headers, body: body)
    }

    func failure(
        _ request: HTTPRequest, timeout: Duration = .seconds(20)
    ) -> HTTPClientError? {
        do throws(HTTPClientError) {
            _ = try client.perform(request, timeout: timeout)
            return nil
        } catch {
            return error
        }
    }

    @Test("A request is sent with what the caller says, and nothing else")
    func bytesSent() throws {
        let server = try echo()
        let headers = [("X-Request-ID", "7"), ("Empty", ""), ("Content-Type", "application/json")]
        for _ in 1...2 {
            let response = try client.perform(
                request("POST", to: server, "/buy/1?x=%20/../y", headers: headers, body: [91, 93]),
                timeout: .seconds(20))
            let lines = String(decoding: response.body, as: UTF8.self)
                .split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
            #expect(lines.first == "POST /buy/1?x=%20/../y HTTP/1.1")
            #expect(lines.last == "[]")
            #expect(
                Set(lines.dropFirst().dropLast()) == [
                    "Host: \(server.authority)", "X-Request-ID: 7", "Empty:",
                    "Content-Type: application/json", "Content-Length: 2", "",
                ])
        }
        #expect(server.connections == 1)
    }

    @Test(
        "Every method goes out as it is, whatever its handle was used for before",
        arguments: [["GET", "POST", "HEAD", "PUT", "DELETE", "GET", "OPTIONS", "HEAD", "POST"]])
    func methods(sequence: [String]) throws {
        let seen = Mutex<[String]>([])
        let server = try SocketServer { connection in
            while let request = connection.readRequest() {
                let method = String(request.prefix { $0 != " " })
                seen.withLock { $0.append(method) }
                if method == "HEAD" {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                } else {
                    connection.answer(request.contains("Content-Length") ? "sized" : "plain")
                }
            }
        }
        for method in sequence {
            let response = try client.perform(
                request(method, to: server), timeout: .seconds(20))
            let expected = ["HEAD": "", "POST": "sized", "PUT": "sized"][method] ?? "plain"
            #expect(String(decoding: response.body, as: UTF8.self) == expected)
        }
        #expect(seen.withLock { $0 } == sequence)
        #expect(server.connections == 1)
    }

    @Test("An answer has its status, its headers in any case, and a chunked body decoded")
    func answer() throws {
        let server = try SocketServer { connection in
            while connection.readRequest() != nil {
                connection.send(
                    "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                        + "HTTP/1.1 503 Service Unavailable\r\nx-PRIMARY:  catalogServer2 \r\n"
                        + "X-Primary: second\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            }
        }
        let response = try client.perform(request(to: server), timeout: .seconds(20))
        #expect(response.status == 503)
        #expect(response.header("X-Primary") == "catalogServer2")
        #expect(response.header("X-Early") == nil)
        #expect(response.headers.map(\.0).count == 3)
        #expect(String(decoding: response.body, as: UTF8.self) == "abcde")
    }

    @Test("A redirect is an answer like any other")
    func redirect() throws {
        let server = try SocketServer { connection in
            while connection.readRequest() != nil {
                connection.send(
                    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
                )
            }
        }
        #expect(try client.perform(request(to: server), timeout: .seconds(20)).status == 302)
    }

    @Test("Bodies of megabytes go out at once and come back whole")
    func large() throws {
        let server = try echo()
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_000)
        let response = try client.perform(
            request("PUT", to: server, body: body), timeout: .seconds(20))
        #expect(response.body.suffix(body.count) == body[...])
        #expect(!response.body.prefix(500).contains(UInt8(ascii: "E")))  // No Expect header.
    }

    @Test("Two hundred requests are under way at the same time")
    func concurrent() throws {
        let gate = DispatchSemaphore(value: 0)
        let arrived = DispatchSemaphore(value: 0)
        let server = try SocketServer { connection in
            while let request = connection.readRequest() {
                arrived.signal()
                gate.wait()
                connection.answer(String(request.split(separator: " ")[1]))
            }
        }
        let bodies = Mutex<Set<String>>([])
        let done = DispatchSemaphore(value: 0)
        for number in 0..<200 {
            client.send(request(to: server, "/\(number)"), timeout: .seconds(30)) { result in
                if case .success(let response) = result {
                    bodies.withLock {
                        _ = $0.insert(String(decoding: response.body, as: UTF8.self))
                    }
                }
                done.signal()
            }
        }
        for _ in 0..<200 { #expect(arrived.wait(timeout: .now() + 20) == .success) }
        for _ in 0..<200 { gate.signal() }
        for _ in 0..<200 { #expect(done.wait(timeout: .now() + 20) == .success) }
        #expect(bodies.withLock { $0 } == Set((0..<200).map { "/\($0)" }))
        #expect(server.connections == 200)
    }

    @Test("Requests beyond the limit of connections wait for one and are answered")
    func connectionLimit() throws {
        let server = try echo()
        var configuration = HTTPClient.Configuration()
        configuration.connectionsPerAddress = 3
        let client = HTTPClient(configuration: configuration)
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<100 {
            client.send(request(to: server), timeout: .seconds(20)) { result in
                if case .success = result { done.signal() }
            }
        }
        for _ in 0..<100 { #expect(done.wait(timeout: .now() + 20) == .success) }
        #expect(server.connections <= 3)
    }

    @Test("A request waits for a connection no longer than its own time, an urgent one not at all")
    func waitingLine() throws {
        // Whatever it is asked, it answers nothing.
        let server = try SocketServer { connection in while connection.readRequest() != nil {} }
        var configuration = HTTPClient.Configuration()
        configuration.connectionsPerAddress = 1
        configuration.connectTimeout = .seconds(300)
        let client = HTTPClient(configuration: configuration)
        func send(_ milliseconds: Int, isUrgent: Bool = false) -> Outcome {
            let outcome = Outcome()
            var request = request(to: server)
            request.isUrgent = isUrgent
            client.send(request, timeout: .milliseconds(milliseconds)) { outcome.set($0) }
            return outcome
        }
        func error(_ outcome: Outcome) -> HTTPClientError? {
            if case .failure(let error) = outcome.wait() { error } else { nil }
        }
        let first = send(300_000)
        let second = send(200)
        let third = send(300_000)
        let urgent = send(1_000, isUrgent: true)
        #expect(error(second) == .notSent)
        #expect(error(urgent) == .timedOut)
        client.shutDown()
        #expect(error(first) == .shutDown)
        #expect(error(third) == .shutDown)
    }

    @Test("Many threads send at the same time, completions too, and each request is answered once")
    func manySenders() throws {
        let server = try echo()
        let answers = Mutex<[String: Int]>([:])
        let done = DispatchSemaphore(value: 0)
        let paths = (0..<8).flatMap { sender in (0..<200).map { "/\(sender)/\($0)" } }
        @Sendable func note(_ result: Result<HTTPResponse, HTTPClientError>) {
            let path: String
            switch result {
            case .success(let response):
                let words = String(decoding: response.body, as: UTF8.self).split(separator: " ")
                path = words.dropFirst().first.map(String.init) ?? "nothing"
            case .failure(let error): path = "\(error)"
            }
            answers.withLock { $0[path, default: 0] += 1 }
            done.signal()
        }
        for sender in 0..<8 {
            Thread.detachNewThread { [client] in
                for path in paths[(sender * 200)..<(sender * 200 + 200)] {
                    let first = HTTPRequest(authority: server.authority, path: path)
                    client.send(first, timeout: .seconds(300)) { result in
                        note(result)
                        let second = HTTPRequest(
                            authority: server.authority, path: path + "/again")
                        client.send(second, timeout: .seconds(300)) { note($0) }
                    }
                }
            }
        }
        for _ in 0..<paths.count * 2 {
            #expect(done.wait(timeout: .now() + 300) == .success)
        }
        let expected = Set(paths + paths.map { $0 + "/again" })
        let found = answers.withLock { Set($0.keys) }
        #expect(found.subtracting(expected) == [] && expected.subtracting(found) == [])
        withExtendedLifetime(server) {}
        #expect(answers.withLock { $0.values.allSatisfy { $0 == 1 } })
    }

    @Test("What cannot be sent is told by the client's thread, not while it is being sent")
    func completionsElsewhere() {
        let lock = Mutex(())
        let done = DispatchSemaphore(value: 0)
        let requests = [
            HTTPRequest(authority: "127.0.0.1:1", path: "/"),
            HTTPRequest(authority: "127.0.0.1:80", path: "not a path"),
        ]
        for request in requests + requests {
            // A completion that ran here would wait for this thread, which holds the lock.
            lock.withLock { _ in
                client.send(request, timeout: .seconds(300)) { result in
                    lock.withLock { _ in }
                    if case .failure = result { done.signal() }
                }
            }
        }
        for _ in 0..<4 { #expect(done.wait(timeout: .now() + 300) == .success) }
    }

    @Test("The time of a request is over on time, whoever sent it and whoever else has longer")
    func timers() throws {
        let server = try SocketServer { connection in connection.waitForClose() }
        let done = DispatchSemaphore(value: 0)
        let order = Mutex<[Int]>([])
        // The longest first: each of the others is over before an alarm that is set already.
        for milliseconds in [300_000, 900, 300, 30] {
            client.send(request(to: server), timeout: .milliseconds(milliseconds)) { result in
                if case .failure(.timedOut) = result { order.withLock { $0.append(milliseconds) } }
                done.signal()
            }
        }
        for _ in 1...3 { #expect(done.wait(timeout: .now() + 60) == .success) }
        #expect(order.withLock { $0 } == [30, 300, 900])
        client.shutDown()
        #expect(done.wait(timeout: .now() + 60) == .success)
    }

    // MARK: What goes wrong

    @Test("A request to an address where nobody listens was refused, and surely not processed")
    func refused() {
        let error = failure(HTTPRequest(authority: "127.0.0.1:1", path: "/"))
        #expect(error == .connectionRefused)
        #expect(error?.mayHaveBeenProcessed == false)
    }

    @Test("A server that hangs is given up on when the time is over, and may have done its work")
    func hangs() throws {
        let server = try SocketServer { connection in connection.waitForClose() }
        let error = failure(request(to: server), timeout: .milliseconds(50))
        #expect(error == .timedOut)
        #expect(error?.mayHaveBeenProcessed == true)
        // Half an answer is none.
        let half = try SocketServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
            connection.waitForClose()
        }
        #expect(failure(request(to: half), timeout: .milliseconds(50)) == .timedOut)
    }

    @Test("A request without any time left is not sent")
    func noTime() throws {
        let server = try echo()
        let error = failure(request(to: server), timeout: .zero)
        #expect(error?.mayHaveBeenProcessed == false)
        #expect(server.connections == 0)
    }

    @Test(
        "An answer that breaks off or is none is broken",
        arguments: [
            "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n", "hello\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n",
        ])
    func broken(answer: String) throws {
        let server = try SocketServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send(answer)
        }
        let error = failure(request("POST", to: server))
        guard case .broken? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenProcessed == true)
    }

    @Test("A body is taken up to the limit, and no further, whether its length is said or not")
    func bodyLimit() throws {
        let server = try SocketServer { connection in
            while let request = connection.readRequest() {
                let size = Int(request.split(separator: " ")[1].dropFirst()) ?? 0
                let body = String(repeating: "x", count: size)
                if request.hasPrefix("GET") {
                    connection.answer(body)
                } else {
                    connection.send(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + "\(String(size, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
                }
            }
        }
        var configuration = HTTPClient.Configuration()
        configuration.bodyLimit = 100_000
        let client = HTTPClient(configuration: configuration)
        for method in ["GET", "POST"] {
            let whole = try client.perform(
                request(method, to: server, "/100000"), timeout: .seconds(20))
            #expect(whole.body.count == 100_000)
            #expect(throws: HTTPClientError.tooLarge) {
                try client.perform(request(method, to: server, "/100001"), timeout: .seconds(20))
            }
        }
    }

    @Test("A head over the limit is too large")
    func headLimit() throws {
        let server = try SocketServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\n")
            while connection.send("X-More: \(String(repeating: "x", count: 1000))\r\n") {}
        }
        #expect(failure(request(to: server)) == .tooLarge)
    }

    @Test("A kept connection that the server has closed in the meantime costs no request")
    func closedKeptConnection() throws {
        let server = try SocketServer { connection in
            // Promises to keep the connection, and closes it.
            guard connection.readRequest() != nil else { return }
            connection.answer("one")
        }
        for _ in 1...20 {
            #expect(
                try client.perform(request("POST", to: server, body: [1]), timeout: .seconds(20))
                    .status == 200)
        }
    }

    @Test("A kept connection that dies under the next request has it sent again on a new one")
    func diesUnderRequest() throws {
        let server = try SocketServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.answer("first")
            // The second request of this connection is read and never answered.
            _ = connection.readRequest()
            if connection.number.isMultiple(of: 2) { connection.reset() }
        }
        for _ in 1...6 {
            let response = try client.perform(
                request("POST", to: server, body: [1, 2, 3]), timeout: .seconds(20))
            #expect(response.status == 200)
        }
        #expect(server.connections > 1)
    }

    @Test(
        "What cannot be sent as it is, is not sent at all",
        arguments: [
            ("GET", "127.0.0.1:80", "no-slash", ("A", "b")),
            ("GET", "127.0.0.1:80", "", ("A", "b")),
            ("GET", "127.0.0.1:80", "/a b", ("A", "b")),
            ("GET", "127.0.0.1:80", "/a\r\nX: y", ("A", "b")),
            ("GET", "127.0.0.1:80", "/ä", ("A", "b")), ("GET", "", "/", ("A", "b")),
            ("GET", "user@host/x", "/", ("A", "b")), ("GET", "127.0.0.1:99999999", "/", ("A", "b")),
            ("GE T", "127.0.0.1:80", "/", ("A", "b")), ("", "127.0.0.1:80", "/", ("A", "b")),
            ("GET", "127.0.0.1:80", "/", ("A", "b\r\nC: d")),
            ("GET", "127.0.0.1:80", "/", ("A:", "b")),
            ("GET", "127.0.0.1:80", "/", ("", "b")), ("GET", "127.0.0.1:80", "/", ("A", "b\0c")),
        ])
    func invalid(method: String, authority: String, path: String, header: (String, String)) {
        let error = failure(
            HTTPRequest(method: method, authority: authority, path: path, headers: [header]))
        guard case .invalidRequest? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenProcessed == false)
    }
}
