import API
import FastCGI
import HTTPClient
import Logging
import MonotonicTime
import Synchronization
import Testing

@testable import FrontEnd

/// The line about a slow request says where its time went.
@Suite("Slow requests of clients")
struct JourneyTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var list: [String] { lines.withLock { $0 } }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }
            lines.add("\(event.message) \(metadata.map { "\($0.key)=\($0.value)" })")
        }
    }

    private let lines = Lines()

    private func store() -> Fixture {
        Fixture(logger: Logger(label: "x") { _ in Handler(lines: lines) })
    }

    @Test("a quick request has no line")
    func quick() throws {
        let store = store()
        store.beat()
        store.send(.get, "/topics")
        store.timers.advance(.milliseconds(499))
        try #require(store.upstream.next()).answer(200, "{}")
        #expect(lines.list.filter { $0.hasPrefix("slow") } == [])
    }

    @Test("a slow read names every server that it asked, and what each said")
    func read() throws {
        let store = store()
        store.beat()
        let sink = store.send(.get, "/search/secret")
        store.timers.advance(.milliseconds(1_000))
        let first = try #require(store.upstream.next())
        first.fail(.unanswered)
        let second = try #require(store.upstream.next())
        store.timers.advance(.milliseconds(30))
        second.answer(503, Problem.unavailable("no lease").body)
        store.timers.advance(.milliseconds(20))
        let third = try #require(store.upstream.next())
        store.timers.advance(.milliseconds(5))
        third.answer(200, "{}")
        #expect(sink.answer?.status == 200)
        #expect(
            lines.list.filter { $0.hasPrefix("slow") } == [
                "slow: GET /search/{topic} took 1055 ms: \(first.server.name) 1000 ms (no answer), "
                    + "\(second.server.name) 30 ms (503), \(third.server.name) 5 ms, here 20 ms "
                    + #"["request=request-1", "status=200"]"#
            ])
    }

    @Test("every slow buy of a batch has its line")
    func buys() throws {
        let store = store()
        store.beat()
        // The first travels alone; the others gather meanwhile.
        for _ in 0..<3 { store.send(.post, "/buy/3") }
        store.timers.advance(.milliseconds(600))
        try BuyTests.sold(#require(store.upstream.next()))
        store.timers.advance(.milliseconds(10))
        try BuyTests.sold(#require(store.upstream.next()))
        let slow = lines.list.filter { $0.hasPrefix("slow: POST /buy/{itemNumber} took") }
        #expect(slow.count == 3)
        #expect(slow[0].contains("took 600 ms: orderServer1 600 ms, here 0 ms"), "\(slow)")
        #expect(slow[1].contains("took 610 ms: orderServer1 0 ms, here 610 ms"), "\(slow)")
    }
}
