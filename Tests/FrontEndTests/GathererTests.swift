import API
import FastCGI
import HTTPClient
import MonotonicTime
import Testing

@testable import FrontEnd

@Suite("Lookups that travel together")
struct GathererTests {
    private static func body(_ number: Int64) -> [UInt8] {
        Array("{\"itemNumber\":\(number)}".utf8)
    }

    /// A store in which so many lookups of different books, from 1 on, are under way or wait.
    private static func lookups(_ count: Int64, in store: Fixture) -> [FakeSink] {
        (1...count).map { store.send(.get, "/lookup/\($0)") }
    }

    @Test("few go at once and alone; what comes meanwhile goes with the next one that ends")
    func gathers() throws {
        let store = Fixture.leased()
        let sinks = Self.lookups(8, in: store)
        let alone = store.upstream.takeAll()
        #expect(alone.map(\.request.path) == ["/lookup/1", "/lookup/2", "/lookup/3"])
        alone[1].answer(200, Self.body(2))
        #expect(sinks[1].answer?.text == "{\"itemNumber\":2}")
        let batch = try #require(store.upstream.next())
        #expect(batch.request.method == "POST" && batch.request.path == "/lookups")
        #expect(batch.request.trace.requestID == "request-1")
        #expect(try LookupBatch(decoding: batch.request.body).itemNumbers == [4, 5, 6, 7, 8])
        #expect(store.upstream.openCount == 0)
        let items = (4...8).map { LookupResults.Item(isSettled: true, body: Self.body($0)) }
        batch.answer(200, LookupResults(items).encoded)
        #expect(
            sinks[3...].map { $0.answer?.text } == (4...8).map { "{\"itemNumber\":\($0)}" })
        for call in [alone[0], alone[2]] { call.answer(200, Self.body(1)) }
        // All are in the cache, and nobody waits any more.
        for number in 4...8 {
            #expect(store.send(.get, "/lookup/\(number)").answer?.header("X-Cache") == "HIT")
        }
        #expect(store.upstream.openCount == 0)
    }

    @Test("what a batch does not bring is asked for alone; what may still change is not stored")
    func fallsBack() throws {
        let store = Fixture.leased()
        let sinks = Self.lookups(6, in: store)
        store.upstream.takeAll()[0].answer(200, Self.body(1))
        try #require(store.upstream.next()).answer(
            200,
            LookupResults([
                .init(isSettled: false, body: Self.body(4)), nil,
                .init(isSettled: true, body: Self.body(6)),
            ]).encoded)
        #expect(sinks[3].answer?.text == "{\"itemNumber\":4}")
        #expect(sinks[5].answer?.text == "{\"itemNumber\":6}")
        #expect(sinks[4].answer == nil)
        let alone = try #require(store.upstream.next())
        #expect(alone.request.path == "/lookup/5")
        alone.answer(
            404, Problem.noSuchBook(5).body,
            headers: [("Content-Type", "application/problem+json")])
        #expect(sinks[4].answer?.status == 404)
        #expect(store.send(.get, "/lookup/6").answer?.header("X-Cache") == "HIT")
        #expect(store.send(.get, "/lookup/4").answer == nil)
    }

    @Test(
        "a server that knows no batches, or answers with rubbish, is asked for each alone",
        arguments: [(404, [UInt8]()), (200, [1, 0, 0, 0, 9]), (200, LookupResults([nil]).encoded)])
    func rubbish(_ status: Int, _ body: [UInt8]) throws {
        let store = Fixture.leased()
        let sinks = Self.lookups(5, in: store)
        store.upstream.takeAll()[2].answer(200, Self.body(3))
        try #require(store.upstream.next()).answer(status, body)
        let alone = store.upstream.takeAll()
        #expect(alone.map(\.request.path) == ["/lookup/4", "/lookup/5"])
        for (number, call) in zip((4 as Int64)..., alone) { call.answer(200, Self.body(number)) }
        #expect(sinks[3].answer?.text == "{\"itemNumber\":4}")
        #expect(sinks[4].answer?.text == "{\"itemNumber\":5}")
    }

    @Test("requests that hang hold up no other for longer than a moment")
    func patience() throws {
        let store = Fixture.leased()
        let sinks = Self.lookups(5, in: store)
        #expect(store.upstream.takeAll().count == 3)
        store.timers.advance(LookupGatherer.patience)
        let batch = try #require(store.upstream.next())
        #expect(try LookupBatch(decoding: batch.request.body).itemNumbers == [4, 5])
        let items = (4...5).map { LookupResults.Item(isSettled: true, body: Self.body($0)) }
        batch.answer(200, LookupResults(items).encoded)
        #expect(sinks[3].answer?.status == 200 && sinks[4].answer?.status == 200)
    }

    @Test("what is more than a batch goes as soon after, in batches")
    func patienceOfMany() throws {
        let store = Fixture.leased()
        let most = Int64(LookupBatch.maximumCount)
        _ = Self.lookups(3 + 2 * most + 1, in: store)
        #expect(store.upstream.takeAll().count == 3)
        for count in [most, most, 1] {
            store.timers.advance(LookupGatherer.patience)
            let request = try #require(store.upstream.next()).request
            let numbers =
                count == 1
                ? [request.path].map { $0.split(separator: "/").last.flatMap { Int64($0) } ?? 0 }
                : try LookupBatch(decoding: request.body).itemNumbers
            #expect(Int64(numbers.count) == count)
        }
    }

    @Test("a batch that no server answers ends with the time of its lookups")
    func outOfTime() throws {
        let store = Fixture.leased(replicas: 1)
        let sinks = Self.lookups(5, in: store)
        store.upstream.takeAll()[1].answer(200, Self.body(2))
        let batch = try #require(store.upstream.next())
        store.upstream.answerAll { $0.fail(.unanswered) }
        batch.fail(.unanswered)
        #expect(sinks[3].answer == nil && sinks[4].answer == nil)
        store.timers.advance(.seconds(20))
        #expect(sinks[3...].map { $0.answer?.status } == [503, 503])
    }

    @Test("a change that comes while a batch is under way keeps what it brings out of the cache")
    func invalidated() throws {
        let store = Fixture.leased()
        let sinks = Self.lookups(5, in: store)
        store.upstream.takeAll()[0].answer(200, Self.body(1))
        let batch = try #require(store.upstream.next())
        store.front.lookups.invalidate([4])
        let items = (4...5).map { LookupResults.Item(isSettled: true, body: Self.body($0)) }
        batch.answer(200, LookupResults(items).encoded)
        #expect(sinks[3].answer?.status == 200)
        #expect(store.send(.get, "/lookup/4").answer == nil)
        #expect(store.send(.get, "/lookup/5").answer?.header("X-Cache") == "HIT")
    }
}
