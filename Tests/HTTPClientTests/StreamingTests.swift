import Dispatch
import Foundation
import SocketServer
import Synchronization
import Testing

@testable import HTTPClient

// Streams, and how a client ends.
extension HTTPClientTests {
    @Test("A streamed body passes through in parts, however long it is")
    func streamed() throws {
        let server = try SocketServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n")
            let part = [UInt8](repeating: 7, count: 200_000)
            for _ in 1...100 { connection.send(part) }
        }
        var configuration = HTTPClient.Configuration()
        configuration.bodyLimit = 1000
        let client = HTTPClient(configuration: configuration)
        let received = Atomic<Int>(0)
        let outcome = Outcome()
        client.send(
            request(to: server), timeout: .seconds(30),
            receiver: { chunk in
                received.add(chunk.count, ordering: .relaxed)
                return true
            }, completion: { outcome.set($0) })
        let response = try outcome.wait().get()
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
        #expect(received.load(ordering: .relaxed) == 20_000_000)
    }

    @Test("A streamed transfer ends when its receiver has had enough")
    func cancelled() throws {
        let server = try SocketServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\nabc")
            connection.waitForClose()
        }
        let outcome = Outcome()
        client.send(
            request(to: server), timeout: .seconds(20), receiver: { _ in false },
            completion: { outcome.set($0) })
        #expect(throws: HTTPClientError.cancelled) { try outcome.wait().get() }
    }

    @Test("Instead of a stream, the body of a refusal stands in the response")
    func refusedStream() throws {
        let server = try SocketServer { connection in
            while connection.readRequest() != nil {
                connection.answer("no", status: "404 Not Found")
            }
        }
        let outcome = Outcome()
        client.send(
            request(to: server), timeout: .seconds(20), receiver: { _ in false },
            completion: { outcome.set($0) })
        #expect(try outcome.wait().get().body == Array("no".utf8))
    }

    @Test("Shutting down fails what is under way and what comes later, once each")
    func shutDown() throws {
        let arrived = DispatchSemaphore(value: 0)
        let server = try SocketServer { connection in
            _ = connection.readRequest()
            arrived.signal()
            connection.waitForClose()
        }
        let outcomes = (0..<20).map { _ in Outcome() }
        let completions = Atomic<Int>(0)
        for outcome in outcomes {
            client.send(request(to: server), timeout: .seconds(20)) {
                completions.add(1, ordering: .relaxed)
                outcome.set($0)
            }
        }
        #expect(arrived.wait(timeout: .now() + 20) == .success)
        client.shutDown()
        client.shutDown()
        for outcome in outcomes {
            #expect(throws: HTTPClientError.shutDown) { try outcome.wait().get() }
        }
        #expect(completions.load(ordering: .relaxed) == 20)
        #expect(failure(request(to: server)) == .shutDown)
    }

    @Test("A client whose last reference a completion drops ends by itself")
    func droppedByCompletion() throws {
        let server = try echo()
        let done = DispatchSemaphore(value: 0)
        let holder = Mutex<HTTPClient?>(HTTPClient())
        let client = holder.withLock { $0 }
        client?.send(request(to: server), timeout: .seconds(20)) { _ in
            holder.withLock { $0 = nil }
            done.signal()
        }
        #expect(done.wait(timeout: .now() + 20) == .success)
    }

    @Test("Who waits for an arrival gets what was brought, nothing while nothing was")
    func arrives() {
        let arrival = Arrival<Int?>()
        #expect(arrival.wait(.milliseconds(1)) == .none)
        arrival.set(nil)
        #expect(arrival.wait(.seconds(20)) == .some(nil))
        let other = Arrival<Int>()
        Thread { other.set(7) }.start()
        #expect(other.wait() == 7)
    }
}
