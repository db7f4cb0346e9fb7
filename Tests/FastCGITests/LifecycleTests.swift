import Foundation
import Glibc
import Logging
import Testing

@testable import FastCGI

@Suite("Starting, taking over and stopping")
struct LifecycleTests {
    @Test("A socket has the mode of the configuration, and no other name is left")
    func mode() throws {
        let fixture = try Fixture.echo { $0.socketMode = 0o600 }
        var status = stat()
        #expect(lstat(fixture.path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.directory).count == 1)
    }

    @Test("A path longer than a socket address is served")
    func longPath() throws {
        let directory = try Fixture.makeDirectory() + "/" + String(repeating: "d", count: 200)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let fixture = try Fixture(directory: directory) { _, responder in
            responder.send(Response(status: 204))
        }
        #expect(try fixture.connect().exchange().status == 204)
        fixture.server.stop()
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    }

    @Test("A server that cannot listen says why and leaves nothing behind")
    func cannotListen() throws {
        let directory = try Fixture.makeDirectory()
        let error = #expect(throws: FastCGIError.self) {
            try Fixture(directory: directory + "/missing") { _, _ in }
        }
        guard case .system(_, let path, let number)? = error else { return }
        #expect(path.hasPrefix(directory))
        #expect(number == ENOENT)
        // A directory in the socket's place.
        try FileManager.default.createDirectory(
            atPath: directory + "/taken", withIntermediateDirectories: true)
        let server = Server(socketPath: directory + "/taken", logger: Logger(label: "test")) {
            _, _ in
        }
        #expect(throws: FastCGIError.self) { try server.start() }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["taken"])
    }

    @Test("A server starts once")
    func startsOnce() throws {
        let fixture = try Fixture.echo()
        #expect(throws: FastCGIError.startedTwice) { try fixture.server.start() }
        fixture.server.stop()
        #expect(throws: FastCGIError.startedTwice) { try fixture.server.start() }
        fixture.server.stop()
    }

    @Test("A successor takes the name over while the predecessor serves what is connected to it")
    func takeOver() throws {
        func server(_ name: String, in directory: String? = nil) throws -> Fixture {
            try Fixture(directory: directory) { _, responder in
                responder.send(Response(status: 200, body: Array(name.utf8)))
            }
        }
        let old = try server("old")
        var kept: FastCGIClient? = try old.connect()
        let waiting = try old.connect()
        #expect(try kept?.exchange().text == "old")
        let new = try server("new", in: old.directory)
        let stopping = Background { old.server.stop() }
        #expect(try new.connect().exchange().text == "new")
        // What nginx had connected before is served as long as nginx wants.
        #expect(try kept?.exchange().text == "old")
        waiting.send(FastCGIClient.request(FastCGIClient.parameters(), keep: false))
        #expect(try waiting.receive().text == "old")
        kept = nil
        #expect(stopping.join())
        // The name is the successor's.
        #expect(try new.connect().exchange().text == "new")
    }

    @Test("Stopping answers what waits in the backlog and what is deferred")
    func graceful() throws {
        let waiting = Box<Responder>()
        let fixture = try Fixture { request, responder in waiting.put(responder) }
        var clients = try (0..<50).map { _ in try fixture.connect() }
        for client in clients { client.send(FastCGIClient.request(FastCGIClient.parameters())) }
        let stopping = Background { fixture.server.stop() }
        for _ in clients { try waiting.take().send(Response(status: 201)) }
        for client in clients { #expect(try client.receive().status == 201) }
        clients = []
        #expect(stopping.join())
        #expect(fixture.log.all.isEmpty)
        #expect(throws: FastCGIClient.Failure.connect(ENOENT)) { try fixture.connect() }
    }

    @Test("Stopping does not wait longer than the drain timeout for anybody")
    func bounded() throws {
        let waiting = Box<Responder>()
        let fixture = try Fixture(configure: { $0.drainTimeout = .milliseconds(50) }) {
            request, responder in
            if request.method == .post {
                waiting.put(responder)
            } else {
                responder.send(Response(status: 204))
            }
        }
        let idle = try fixture.connect()
        #expect(try idle.exchange().status == 204)
        let busy = try fixture.connect()
        busy.send(FastCGIClient.request(FastCGIClient.parameters("POST")))
        let responder = try waiting.take()
        fixture.server.stop()
        #expect(try idle.isClosedByServer())
        #expect(try busy.isClosedByServer())
        // Too late, and harmless.
        responder.send(Response(status: 200))
    }
}
