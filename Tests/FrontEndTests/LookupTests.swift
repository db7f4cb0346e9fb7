import API
import FastCGI
import HTTPClient
import MonotonicTime
import Testing

@testable import FrontEnd

@Suite("Lookups")
struct LookupTests {
    @Test("a miss asks the catalog, and the next lookup is a hit with its age")
    func missThenHit() throws {
        let store = Fixture.leased()
        let miss = store.send(.get, "/lookup/1")
        let call = try #require(store.upstream.next())
        #expect(call.request.method == "GET")
        #expect(call.request.path == "/lookup/1")
        #expect(call.request.trace == Trace(requestID: "request-1"))
        call.answer(200, Fixture.book)
        let first = try #require(miss.answer)
        #expect(first.status == 200)
        #expect(first.text == Fixture.book)
        #expect(first.header("X-Cache") == "MISS")
        #expect(first.header("Cache-Status") == "frontEndServer1; fwd=uri-miss; stored")
        #expect(first.header("Age") == "0")
        #expect(first.header("Content-Type") == "application/json")
        #expect(first.header("Cache-Control") == "max-age=0, must-revalidate")

        for _ in 0..<7 {
            store.timers.advance(.milliseconds(500))
            store.beat()
        }
        let hit = try #require(store.send(.get, "/lookup/1").answer)
        #expect(hit.status == 200)
        #expect(hit.text == Fixture.book)
        #expect(hit.header("X-Cache") == "HIT")
        #expect(hit.header("Cache-Status") == "frontEndServer1; hit")
        #expect(hit.header("Age") == "3")
        #expect(hit.header("ETag") == first.header("ETag"))
        #expect(store.upstream.openCount == 0)
    }

    @Test("without a lease every lookup goes to the catalog, and none is joined or stored")
    func withoutLease() {
        let store = Fixture()
        let sinks = (0..<3).map { _ in store.send(.get, "/lookup/1") }
        let calls = store.upstream.takeAll()
        #expect(calls.count == 3)
        for call in calls { call.answer(200, Fixture.book) }
        #expect(sinks.allSatisfy { $0.answer?.header("X-Cache") == "MISS" })
        #expect(
            sinks.allSatisfy {
                $0.answer?.header("Cache-Status") == "frontEndServer1; fwd=bypass"
            })
        store.send(.get, "/lookup/1")
        #expect(store.upstream.openCount == 1)
    }

    @Test("misses of one book at the same time make one request, and all are answered")
    func joins() {
        let store = Fixture.leased()
        let sinks = (0..<20).map { _ in store.send(.get, "/lookup/1") }
        #expect(store.upstream.openCount == 1)
        store.upstream.next()?.answer(200, Fixture.book)
        #expect(sinks.allSatisfy { $0.answer?.text == Fixture.book })
        let uses = sinks.map { $0.answer?.header("Cache-Status") }
        #expect(uses[0] == "frontEndServer1; fwd=uri-miss; stored")
        #expect(
            uses.dropFirst().allSatisfy {
                $0 == "frontEndServer1; fwd=uri-miss; stored; collapsed"
            })
    }

    @Test("a book that is not there was looked for in the cache too, and is not stored")
    func missingBook() throws {
        let store = Fixture.leased()
        let sink = store.send(.get, "/lookup/9")
        store.upstream.next()?.answer(
            404, Problem.noSuchBook(9).body,
            headers: [("Content-Type", "application/problem+json")])
        let answer = try #require(sink.answer)
        #expect(
            answer.header("Cache-Status") == "frontEndServer1; fwd=uri-miss; fwd-status=404")
        store.send(.get, "/lookup/9")
        #expect(store.upstream.openCount == 1)
    }

    @Test("what the back end is asked carries the trace of the request that it is for")
    func traces() throws {
        let store = Fixture.leased()
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        for (method, path) in [
            (Request.Method.get, "/lookup/1"), (.get, "/search/x"), (.get, "/topics"),
            (.get, "/orders/1"), (.post, "/buy/1"),
        ] {
            store.send(method, path) { $0.traceParent = parent }
            let call = try #require(store.upstream.next())
            #expect(call.request.trace == Trace(requestID: "request-1", parent: parent))
        }
    }

    @Test("an invalidation during a fill keeps the old answer from the cache and from new readers")
    func invalidationDuringFill() throws {
        let store = Fixture.leased()
        let before = store.send(.get, "/lookup/1")
        let old = try #require(store.upstream.next())
        #expect(store.invalidate("1,2").answer?.status == 204)
        // Begun after the invalidation was answered: the change may be committed by now.
        let after = store.send(.get, "/lookup/1")
        let new = try #require(store.upstream.next())
        old.answer(200, #"{"stock":46}"#)
        #expect(before.answer?.text == #"{"stock":46}"#)
        #expect(after.answer == nil)
        new.answer(200, #"{"stock":45}"#)
        #expect(after.answer?.text == #"{"stock":45}"#)
        #expect(store.send(.get, "/lookup/1").answer?.text == #"{"stock":45}"#)
    }

    @Test("an invalidation drops what is cached before it is answered")
    func invalidates() {
        let store = Fixture.leased()
        store.cache(1)
        store.cache(2)
        #expect(store.invalidate("1").answer?.status == 204)
        #expect(store.send(.get, "/lookup/1").answer == nil)
        #expect(store.send(.get, "/lookup/2").answer?.header("X-Cache") == "HIT")
    }

    @Test("an answer beside an uncommitted entry is for those who were there when it was asked for")
    func uncommitted() throws {
        let store = Fixture.leased()
        let founder = store.send(.get, "/lookup/1")
        let first = try #require(store.upstream.next())
        let joiners = (0..<5).map { _ in store.send(.get, "/lookup/1") }
        first.answer(200, #"{"stock":46}"#, headers: [("X-Uncommitted", "1")])
        #expect(founder.answer?.text == #"{"stock":46}"#)
        #expect(joiners.allSatisfy { $0.answer == nil })
        // One request for all of them, whose answer is theirs whatever it says.
        #expect(store.upstream.openCount == 1)
        store.upstream.next()?.answer(200, #"{"stock":45}"#, headers: [("X-Uncommitted", "1")])
        #expect(joiners.allSatisfy { $0.answer?.text == #"{"stock":45}"# })
        // Nothing of it is in the cache.
        #expect(store.send(.get, "/lookup/1").answer == nil)
    }

    @Test("that there is no book is no answer for joiners either where one is on its way")
    func uncommittedAbsence() throws {
        let store = Fixture.leased()
        let founder = store.send(.get, "/lookup/1")
        let first = try #require(store.upstream.next())
        let joiner = store.send(.get, "/lookup/1")
        first.answer(404, "{}", headers: [("X-Uncommitted", "1")])
        #expect(founder.answer?.status == 404)
        #expect(founder.answer?.header("X-Uncommitted") == nil)
        #expect(joiner.answer == nil)
        store.upstream.next()?.answer(200, Fixture.book)
        #expect(joiner.answer?.status == 200)
    }

    @Test("a lease that runs out during a fill keeps the answer out of the cache")
    func lapseDuringFill() {
        let store = Fixture.leased()
        let sink = store.send(.get, "/lookup/1")
        let call = store.upstream.next()
        store.timers.advance(.milliseconds(801))
        store.beat()
        call?.answer(200, Fixture.book)
        #expect(sink.answer?.status == 200)
        #expect(store.send(.get, "/lookup/1").answer == nil)
    }

    @Test("a book that is not there is 404 for all who wait, and is asked for again")
    func notThere() throws {
        let store = Fixture.leased()
        let sinks = (0..<3).map { _ in store.send(.get, "/lookup/9") }
        let call = try #require(store.upstream.next())
        call.answer(
            404, Problem.noSuchBook(9).body, headers: [("Content-Type", Problem.mediaType)])
        for sink in sinks {
            #expect(sink.answer?.status == 404)
            #expect(sink.answer?.header("Content-Type") == "application/problem+json")
            #expect(sink.answer?.text.contains(#""itemNumber":9"#) == true)
        }
        #expect(store.send(.get, "/lookup/9").answer == nil)
    }

    @Test("a catalog that answers nobody costs each reader its own time, then 503 with Retry-After")
    func nobodyAnswers() {
        let store = Fixture.leased()
        store.upstream.answerAll { $0.fail() }
        let early = store.send(.get, "/lookup/1") { $0.timeout = 1_000 }
        store.timers.advance(.milliseconds(400))
        let late = store.send(.get, "/lookup/1") { $0.timeout = 1_000 }
        #expect(early.answer == nil)
        store.timers.advance(.milliseconds(601))
        #expect(early.answer?.status == 503)
        #expect(early.answer?.header("Retry-After") == "1")
        #expect(late.answer == nil)
        store.timers.advance(.milliseconds(400))
        #expect(late.answer?.status == 503)
        #expect(late.answerCount == 1)
    }

    @Test("a reader that joined a fill without an answer gets one of the next")
    func joinerOutlivesFill() {
        let store = Fixture.leased()
        store.upstream.answerAll { $0.fail() }
        let early = store.send(.get, "/lookup/1") { $0.timeout = 600 }
        let late = store.send(.get, "/lookup/1") { $0.timeout = 2_000 }
        store.timers.advance(.milliseconds(600))
        #expect(early.answer?.status == 503)
        store.upstream.answerAll { $0.answer(200, Fixture.book) }
        store.timers.advance(.milliseconds(300))
        #expect(late.answer?.text == Fixture.book)
    }

    @Test("a client that has the body gets 304, a person the indented one with a tag of its own")
    func representations() throws {
        let store = Fixture.leased()
        store.cache(1)
        let compact = try #require(store.send(.get, "/lookup/1").answer)
        let tag = try #require(compact.header("ETag"))
        for list in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let same = store.send(.get, "/lookup/1") { $0.ifNoneMatch = Array(list.utf8) }
            #expect(same.answer?.status == 304)
            #expect(same.answer?.body.isEmpty == true)
            #expect(same.answer?.header("ETag") == tag)
        }
        let other = store.send(.get, "/lookup/1") { $0.ifNoneMatch = Array("\"other\"".utf8) }
        #expect(other.answer?.status == 200)
        let indented = try #require(store.send(.get, "/lookup/1") { $0.isIndented = true }.answer)
        #expect(indented.text.contains("\n  \"title\": \"RPCs\""))
        #expect(indented.text.contains("10.00"))
        #expect(indented.header("ETag") != tag)
        #expect(indented.header("X-Cache") == "HIT")
    }

    @Test("the tag is that of the bytes: the same for the same, another for others")
    func entityTags() {
        #expect(EntityTag.of(Array("a".utf8)) == EntityTag.of(Array("a".utf8)))
        #expect(EntityTag.of(Array("a".utf8)) != EntityTag.of(Array("b".utf8)))
        // The published FNV-1a hash of 128 bits of "a".
        #expect(EntityTag.of(Array("a".utf8)) == "\"d228cb696f1a8caf78912b704e4a8964\"")
    }

    @Test(
        "the path of a lookup is read from its bytes as the general reader does",
        arguments: [
            ("/lookup/1", 1), ("/lookup/1/", 1), ("/lookup/0042", 42),
            ("/lookup/999999999999999999", 999_999_999_999_999_999), ("/lookup/", nil),
            ("/lookup", nil), ("/lookup/0", nil), ("/lookup//", nil), ("/lookup/1/2", nil),
            ("/lookup/%31", nil), ("/lookup/-1", nil), ("/lookup/1a", nil), ("/lookdown/1", nil),
            ("/lookup/9223372036854775807", nil), ("", nil), ("/LOOKUP/1", nil),
        ] as [(String, Int64?)])
    func path(_ path: String, _ number: Int64?) {
        #expect(LookupPath.itemNumber(Array(path.utf8).span) == number)
    }
}

extension Fixture {
    /// An invalidation by the catalog.
    func invalidate(_ list: String) -> FakeSink {
        send(.delete, "/invalidate/\(list)") {
            $0.defaultKey = nil
            $0.authorization = Array("Bearer \(Fixture.clusterSecret)".utf8)
        }
    }

    @Test("a lookup that no member answers says what the group waits for")
    func waitingGroup() throws {
        let store = Fixture.leased()
        let refusal = Problem.noView(of: "catalog", waitingFor: ["catalogServer1"])
        store.upstream.answerAll { call in
            call.answer(503, refusal.body, headers: [("Content-Type", Problem.mediaType)])
        }
        for path in ["/lookup/1", "/search/Misc"] {
            let sink = store.send(.get, path)
            store.timers.advance(.milliseconds(9_000))
            #expect(sink.answer?.status == 503, "\(path)")
            #expect(sink.answer?.body == refusal.body, "\(path)")
        }
    }
}
