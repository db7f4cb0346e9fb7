import API
import Caching
import FastCGI
import HTTPClient
import MonotonicTime
import Replication
import Testing

@testable import FrontEnd

/// Heartbeats, the lease they bring, and what is told of them.
@Suite("Heartbeats and status")
struct WatchTests {
    @Test("every server of the back end gets a heartbeat, in the envelope of messages")
    func everybody() throws {
        let store = Fixture()
        store.front.watch.beat()
        let calls = store.upstream.takeAll()
        #expect(Set(calls.map(\.server)).count == 4)
        #expect(calls.allSatisfy { $0.request.method == "PUT" })
        #expect(
            calls.allSatisfy {
                $0.request.path == "/heartbeat?reaches=&catalogView=0&ordersView=0"
                    + "&at=catalogServer1%3D127.0.0.1%3A9001&at=catalogServer2%3D127.0.0.1%3A9002"
                    + "&at=frontEndServer1%3D127.0.0.1%3A8081"
                    + "&at=orderServer1%3D127.0.0.1%3A9101&at=orderServer2%3D127.0.0.1%3A9102"
            })
        let catalog = try #require(calls.first { $0.server == Fixture.catalog1 })
        let envelope = "\u{0F}frontEndServer1\u{07}catalog"
        #expect(catalog.request.body.starts(with: envelope.utf8))
        let order = try #require(calls.first { $0.server == Fixture.order1 })
        #expect(order.request.body.starts(with: "\u{0F}frontEndServer1\u{06}orders".utf8))
    }

    // Without it a predecessor that nginx still has connections to serves books that this server
    // has said were dropped.
    @Test("a lease is asked for, and invalidations are answered, once no predecessor can be alive")
    func handover() throws {
        let store = Fixture()
        store.front.watch.beat()
        for call in store.upstream.takeAll() {
            let heartbeat = try #require(HeartbeatAnswer.heartbeat(call.request.body))
            #expect(!heartbeat.asksForLease)
            #expect(heartbeat.view == 0)
        }
        #expect(store.invalidate("1").answer?.status == 503)
        store.timers.advance(.milliseconds(1_000))
        #expect(store.invalidate("1").answer?.status == 204)
        store.front.watch.beat()
        for call in store.upstream.takeAll() {
            let heartbeat = try #require(HeartbeatAnswer.heartbeat(call.request.body))
            #expect(heartbeat.asksForLease == (call.server.kind == .catalog))
        }
    }

    // Without it the new primary waits for a whole lease's length, or, worse, commits while this
    // server serves what the old view knew.
    @Test("news of a view drops the cache, and the new primary hears of it at once")
    func newView() throws {
        let store = Fixture.leased()
        store.cache(1)
        store.front.watch.beat()
        let backup = try #require(
            store.upstream.takeAll().first { $0.server == Fixture.catalog2 })
        backup.answer(
            200,
            HeartbeatAnswer.bytes(
                from: "catalogServer2", view: 2, members: ["catalogServer2"], lease: nil))
        let round = store.upstream.takeAll()
        #expect(Set(round.map(\.server)) == [Fixture.catalog1, Fixture.catalog2])
        for call in round {
            #expect(HeartbeatAnswer.heartbeat(call.request.body)?.view == 2)
        }
        #expect(store.send(.get, "/lookup/1").answer == nil)
        #expect(store.upstream.next()?.server == Fixture.catalog2)
    }

    @Test("another start of the primary begins with an empty cache")
    func newIncarnation() {
        let store = Fixture.leased()
        store.cache(1)
        store.beat(incarnation: 6)
        #expect(store.send(.get, "/lookup/1").answer == nil)
    }

    @Test("a lease that only a backup grants, or a server under another's name, is none")
    func foreignGrants() {
        let store = Fixture()
        store.timers.advance(.milliseconds(1_100))
        store.front.watch.beat()
        for call in store.upstream.takeAll() where call.server.kind == .catalog {
            call.answer(
                200,
                HeartbeatAnswer.bytes(
                    from: "catalogServer2", view: 1, members: ["catalogServer1", "catalogServer2"],
                    lease: .milliseconds(800)))
        }
        let now = store.timers.now()
        #expect(store.front.lookups.withCache { $0.lease(at: now) } == nil)
    }

    @Test("a server that stops gives its lease up, takes no other, and still serves")
    func stops() {
        let store = Fixture.leased()
        store.cache(1)
        store.front.watch.stop()
        store.beat()
        let sink = store.send(.get, "/lookup/1")
        store.upstream.next()?.answer(200, Fixture.book)
        #expect(sink.answer?.header("X-Cache") == "MISS")
        let now = store.timers.now()
        #expect(store.front.lookups.withCache { $0.lease(at: now) } == nil)
    }

    @Test("health is 200 while there are a catalog and an order primary, else 503")
    func health() {
        let store = Fixture()
        let early = store.send(.get, "/health").answer
        #expect(early?.status == 503)
        #expect(early?.header("Retry-After") == "1")
        store.beat()
        #expect(store.send(.get, "/health").answer?.status == 200)
        for _ in 0..<2 {
            store.front.watch.beat()
            for call in store.upstream.takeAll() {
                if call.server.kind == .order { call.fail() } else { call.answer(500) }
            }
        }
        #expect(store.send(.get, "/health").answer?.status == 503)
        store.beat()
        #expect(store.send(.head, "/health").answer?.status == 200)
    }

    @Test("the status shows every server, the cache and its lease")
    func status() throws {
        let store = Fixture.leased()
        store.cache(1)
        store.send(.get, "/lookup/1")
        let sink = store.send(.get, "/status")
        // A server that does not answer, or not with JSON, is shown without what it says of itself.
        for call in store.upstream.takeAll() {
            #expect(call.request.path == "/status")
            switch call.server.name {
            case "catalogServer1": call.answer(200, #"{"lastIndex":17}"#)
            case "catalogServer2": call.answer(200, "rubbish")
            default: call.fail()
            }
        }
        let answer = try #require(sink.answer)
        #expect(answer.status == 200)
        let status = try JSON(parsing: answer.body)
        #expect(status["server"]?.string == "frontEndServer1")
        let servers = try #require(status["servers"]?.elements)
        #expect(
            servers.map { $0["name"]?.string } == [
                "catalogServer1", "catalogServer2", "orderServer1", "orderServer2",
            ])
        #expect(servers[0]["role"]?.string == "primary")
        #expect(servers[1]["role"]?.string == "backup")
        #expect(servers[0]["reachable"]?.bool == true)
        #expect(servers[0]["address"]?.string == "127.0.0.1:9001")
        #expect(servers[0]["since"]?.string == "2026-11-22T22:20:05.123Z")
        #expect(servers[0]["view"]?["number"]?.integer == 1)
        #expect(servers[0]["replica"]?["lastIndex"]?.integer == 17)
        #expect(servers[1...].allSatisfy { $0["replica"] == nil })
        let frontEnds = try #require(status["frontEnds"]?.elements)
        #expect(frontEnds.map { $0["name"]?.string } == ["frontEndServer1"])
        #expect(frontEnds[0]["frontEnd"]?["cache"]?["entries"]?.integer == 1)
        let cache = try #require(status["cache"])
        #expect(cache["entries"]?.integer == 1)
        #expect(cache["hits"]?.integer == 1)
        #expect(cache["misses"]?.integer == 1)
        #expect(cache["hitRatio"]?.double == 0.5)
        #expect(cache["lease"]?["held"]?.bool == true)
        #expect(cache["lease"]?["grantor"]?.string == "catalogServer1")
        #expect(cache["lease"]?["remainingMilliseconds"]?.integer == 800)
        #expect(status["requests"]?["lookups"]?.integer == 2)
    }

    @Test("heartbeats carry what this front end reaches, and bring what the others do")
    func reach() throws {
        let store = Fixture()
        store.beat()
        store.front.watch.beat()
        for call in store.upstream.takeAll() {
            #expect(
                call.request.path.hasPrefix(
                    "/heartbeat?reaches=catalogServer1,catalogServer2,"
                        + "orderServer1,orderServer2&catalogView=1&ordersView=1&at="))
            guard call.server == Fixture.order1 else { continue }
            call.answer(
                200,
                HeartbeatAnswer.bytes(
                    from: "orderServer1", view: 1, members: ["orderServer1", "orderServer2"],
                    lease: nil),
                headers: [
                    (
                        FrontEndReport.headerName,
                        "frontEndServer1 10 1 1 catalogServer2; frontEndServer2 40 1 1 orderServer1"
                    )
                ])
        }
        func reachedBy() throws -> [[String]] {
            let sink = store.send(.get, "/status")
            for call in store.upstream.takeAll() { call.fail() }
            let status = try JSON(parsing: try #require(sink.answer).body)
            return (status["servers"]?.elements ?? []).map {
                ($0["reachedBy"]?.elements ?? []).compactMap(\.string)
            }
        }
        let own = "frontEndServer1"
        #expect(try reachedBy() == [[own], [own], [own, "frontEndServer2"], [own]])
        // What was said long ago is no longer known.
        store.timers.advance(.seconds(5))
        #expect(try reachedBy() == [[own], [own], [own], [own]])
    }

    @Test("metrics are Prometheus's text")
    func metrics() {
        let answer = Fixture().send(.get, "/metrics").answer
        #expect(answer?.status == 200)
        #expect(answer?.header("Content-Type")?.hasPrefix("text/plain; version=0.0.4") == true)
    }
}
