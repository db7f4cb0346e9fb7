import API
import Dispatch
import HTTPClient
import Logging
import MonotonicTime
import SocketServer
import Synchronization
import Testing

@testable import ServerRuntime

@Suite("Client of a group")
struct GroupClientTests {
    private typealias Outcome = Result<HTTPResponse, GroupClient.Failure>

    /// The answer to a request, once there is one.
    private final class Reply: Sendable {
        private let outcomes = Mutex<[Outcome]>([])
        private let arrived = DispatchSemaphore(value: 0)

        func take(_ outcome: Outcome) {
            outcomes.withLock { $0.append(outcome) }
            arrived.signal()
        }

        func wait() throws -> Outcome {
            try #require(arrived.wait(timeout: .now() + 60) == .success)
            return try #require(outcomes.withLock { $0.first })
        }

        var count: Int { outcomes.withLock { $0.count } }
    }

    /// The servers end when nobody holds them any more.
    private final class Servers: Sendable {
        private let held = Mutex<[SocketServer]>([])

        func hold(_ servers: [SocketServer]) {
            held.withLock { $0 += servers }
        }
    }

    private let timers = TimerThread()
    private let servers = Servers()

    private func group(
        of servers: [SocketServer], attemptLimit: Duration = .seconds(300),
        frontEnds: [SocketServer] = [], detourLife: Duration = .seconds(300)
    ) throws -> GroupClient {
        self.servers.hold(servers + frontEnds)
        var configuration = HTTPClient.Configuration()
        // A busy machine is no server that cannot be reached.
        configuration.connectTimeout = .seconds(300)
        return GroupClient(
            members: servers.enumerated().map { ("server\($0 + 1)", $1.authority) },
            client: HTTPClient(configuration: configuration), timers: timers,
            secret: try #require(Secret("0123456789abcdef0123456789abcdef")),
            attemptLimit: attemptLimit, logger: Logger(label: "test"),
            detours: frontEnds.enumerated().map { ("front\($0 + 1)", $1.authority) },
            detourDelay: .milliseconds(40), detourLife: detourLife)
    }

    private func send(
        _ client: GroupClient, body: String = "", detour: String? = nil,
        within limit: Instant.Span = .seconds(300)
    ) -> Reply {
        let reply = Reply()
        client.send(
            GroupClient.Request(
                method: "POST", path: "/buys", body: Array(body.utf8), detour: detour,
                requestID: "r"),
            deadline: BootClock.now() + limit
        ) { reply.take($0) }
        return reply
    }

    private func text(of outcome: Outcome) throws -> String {
        String(decoding: try outcome.get().body, as: UTF8.self)
    }

    /// A server that answers with its name.
    private func server(_ name: String) throws -> SocketServer {
        try SocketServer { connection in
            while connection.readRequest() != nil { connection.answer(name) }
        }
    }

    @Test("What hangs at one server goes to another as soon as that is known as primary")
    func newPrimary() throws {
        let asked = DispatchSemaphore(value: 0)
        let frozen = try SocketServer { connection in
            while connection.readRequest() != nil { asked.signal() }
        }
        let successor = try server("successor")
        let client = try group(of: [frozen, successor])
        let replies = (1...3).map { _ in send(client) }
        for _ in replies { try #require(asked.wait(timeout: .now() + 60) == .success) }
        #expect(replies.allSatisfy { $0.count == 0 })
        client.learn(primary: "server2")
        for reply in replies { #expect(try text(of: reply.wait()) == "successor") }
    }

    @Test("A late answer of the server that a request was taken away from is nobody's")
    func lateAnswer() throws {
        let asked = DispatchSemaphore(value: 0)
        let mayAnswer = DispatchSemaphore(value: 0)
        let slow = try SocketServer { connection in
            while connection.readRequest() != nil {
                asked.signal()
                mayAnswer.wait()
                connection.answer("slow")
            }
        }
        let client = try group(of: [slow, server("successor")])
        let first = send(client)
        try #require(asked.wait(timeout: .now() + 60) == .success)
        client.learn(primary: "server2")
        #expect(try text(of: first.wait()) == "successor")
        client.learn(primary: "server1")
        let second = send(client)
        mayAnswer.signal()
        mayAnswer.signal()
        #expect(try text(of: second.wait()) == "slow")
        #expect(first.count == 1)
    }

    @Test("To be told of the primary that is asked already changes nothing")
    func samePrimary() throws {
        let asked = DispatchSemaphore(value: 0)
        let mayAnswer = DispatchSemaphore(value: 0)
        let requests = Atomic(0)
        let primary = try SocketServer { connection in
            while connection.readRequest() != nil {
                requests.add(1, ordering: .relaxed)
                asked.signal()
                mayAnswer.wait()
                connection.answer("primary")
            }
        }
        let client = try group(of: [primary, server("other")])
        let reply = send(client)
        try #require(asked.wait(timeout: .now() + 60) == .success)
        client.learn(primary: "server1")
        client.learn(primary: "a stranger")
        mayAnswer.signal()
        #expect(try text(of: reply.wait()) == "primary")
        #expect(requests.load(ordering: .relaxed) == 1)
    }

    @Test("A server that hangs is left for another after its limit")
    func hanging() throws {
        let frozen = try SocketServer { connection in connection.waitForClose() }
        let client = try group(of: [frozen, server("other")], attemptLimit: .milliseconds(50))
        #expect(try text(of: send(client).wait()) == "other")
    }

    @Test("A server that names another as primary redirects")
    func redirection() throws {
        let backup = try SocketServer { connection in
            while connection.readRequest() != nil {
                connection.send(
                    "HTTP/1.1 503 Service Unavailable\r\nX-Primary: server3\r\n"
                        + "Content-Length: 0\r\n\r\n")
            }
        }
        let client = try group(of: [backup, backup, server("primary")])
        #expect(try text(of: send(client).wait()) == "primary")
    }

    @Test("A new primary that does not know it yet is asked until it does")
    func unawarePrimary() throws {
        let frozen = try SocketServer { connection in connection.waitForClose() }
        let refusals = Atomic(0)
        let successor = try SocketServer { connection in
            while connection.readRequest() != nil {
                if refusals.add(1, ordering: .relaxed).oldValue < 3 {
                    connection.send(
                        "HTTP/1.1 503 Service Unavailable\r\nX-Primary: server1\r\n"
                            + "Content-Length: 0\r\n\r\n")
                } else {
                    connection.answer("successor")
                }
            }
        }
        let client = try group(of: [frozen, successor])
        client.learn(primary: "server2")
        #expect(try text(of: send(client).wait()) == "successor")
    }

    @Test("Without an answer it is said that the request may have been carried out")
    func noAnswer() throws {
        let frozen = try SocketServer { connection in connection.waitForClose() }
        let outcome = try send(group(of: [frozen]), within: .milliseconds(100)).wait()
        guard case .failure(.timedOut(mayHaveHappened: true)) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    /// A backup that knows of `server1` as primary.
    private func backup(asked: DispatchSemaphore? = nil) throws -> SocketServer {
        try SocketServer { connection in
            while connection.readRequest() != nil {
                asked?.signal()
                connection.send(
                    "HTTP/1.1 503 Service Unavailable\r\nX-Primary: server1\r\n"
                        + "Content-Length: 0\r\n\r\n")
            }
        }
    }

    @Test("A primary behind a cut link is reached by a front end, and by it alone from then on")
    func detour() throws {
        let tries = Atomic(0)
        let cut = try SocketServer { connection in
            tries.add(1, ordering: .relaxed)
            connection.waitForClose()
        }
        let paths = Mutex<[String]>([])
        let front = try SocketServer { connection in
            while let request = connection.readRequest() {
                paths.withLock { $0.append(request) }
                connection.answer("by the front end")
            }
        }
        let client = try group(
            of: [cut, backup()], attemptLimit: .milliseconds(700), frontEnds: [front])
        #expect(
            try text(of: send(client, detour: "/detour/x?y=1").wait()) == "by the front end")
        let triesBefore = tries.load(ordering: .relaxed)
        #expect(triesBefore >= 1)
        for _ in 0..<5 {
            #expect(
                try text(of: send(client, detour: "/detour/x?y=1").wait()) == "by the front end")
        }
        #expect(tries.load(ordering: .relaxed) == triesBefore)
        let seen = paths.withLock { $0 }
        #expect(seen.count == 6)
        #expect(seen.allSatisfy { $0.hasPrefix("POST /detour/x?y=1 ") })
    }

    @Test("A front end that does not reach the primary either is left for another")
    func severalDetours() throws {
        let cut = try SocketServer { connection in connection.waitForClose() }
        let refusing = try backup()
        // An nginx that was not told how large a batch may be.
        let narrow = try SocketServer { connection in
            while connection.readRequest() != nil {
                connection.answer("", status: "413 Content Too Large")
            }
        }
        let client = try group(
            of: [cut, backup()], attemptLimit: .milliseconds(50),
            frontEnds: [refusing, narrow, cut, server("the third")])
        #expect(try text(of: send(client, detour: "/detour/x").wait()) == "the third")
        #expect(try text(of: send(client, detour: "/detour/x").wait()) == "the third")
    }

    @Test("The short way is taken again when it is open, and a new primary is asked at once")
    func endOfDetour() throws {
        let isCut = Atomic(true)
        let primary = try SocketServer { connection in
            while connection.readRequest() != nil {
                if isCut.load(ordering: .relaxed) { return connection.waitForClose() }
                connection.answer("directly")
            }
        }
        let front = try server("by the front end")
        // Every request after the first tries the short way.
        let trying = try group(
            of: [primary, backup()], attemptLimit: .milliseconds(50), frontEnds: [front],
            detourLife: .zero)
        #expect(try text(of: send(trying, detour: "/d").wait()) == "by the front end")
        #expect(try text(of: send(trying, detour: "/d").wait()) == "by the front end")
        isCut.store(false, ordering: .relaxed)
        // On a busy machine the limit may pass it by now and then.
        var answer = ""
        for _ in 0..<1000 where answer != "directly" {
            answer = try text(of: send(trying, detour: "/d").wait())
        }
        #expect(answer == "directly")

        isCut.store(true, ordering: .relaxed)
        let waiting = try group(
            of: [primary, server("successor")], frontEnds: [front])
        waiting.learn(primary: "server2")
        #expect(try text(of: send(waiting, detour: "/d").wait()) == "successor")
    }

    @Test("A request without a way round, and a group whose primary answers, never take one")
    func noDetour() throws {
        let cut = try SocketServer { connection in connection.waitForClose() }
        let requests = Atomic(0)
        let front = try SocketServer { connection in
            while connection.readRequest() != nil {
                requests.add(1, ordering: .relaxed)
                connection.answer("by the front end")
            }
        }
        let client = try group(
            of: [cut, backup()], attemptLimit: .milliseconds(20), frontEnds: [front])
        let outcome = try send(client, within: .milliseconds(400)).wait()
        if case .success(let response) = outcome { #expect(response.status == 503) }
        let healthy = try group(of: [server("primary"), backup()], frontEnds: [front])
        #expect(try text(of: send(healthy, detour: "/d").wait()) == "primary")
        #expect(requests.load(ordering: .relaxed) == 0)
    }

    @Test("What a request has found out before its time was over, the next one knows")
    func shortDeadlines() throws {
        let cut = try SocketServer { connection in connection.waitForClose() }
        // None of the requests has the time to try all.
        let client = try group(
            of: [cut, backup()], attemptLimit: .milliseconds(300),
            frontEnds: [cut, cut, server("the third")])
        var answer = ""
        for _ in 0..<1000 where answer != "the third" {
            let outcome = try send(
                client, detour: "/detour/x", within: .milliseconds(500)
            ).wait()
            if case .success(let response) = outcome, response.status == 200 {
                answer = String(decoding: response.body, as: UTF8.self)
            }
        }
        #expect(answer == "the third")
    }
}
