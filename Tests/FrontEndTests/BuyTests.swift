import API
import FastCGI
import HTTPClient
import MonotonicTime
import Testing

@testable import FrontEnd

@Suite("Buys")
struct BuyTests {
    /// An order server's answer: the n-th buy of the batch is order `first + n`.
    static func sold(
        _ call: FakeUpstream.Call, first: Int64 = 17, isReplayed: Bool = false
    ) throws {
        let batch = try BuyBatch(decoding: call.request.body)
        let items = batch.items.enumerated().map { place, item in
            BuyResults.Item(
                status: isReplayed ? 200 : 201, isReplayed: isReplayed,
                orderNumber: first + Int64(place), body: Array("{\"n\":\(item.itemNumber)}".utf8))
        }
        call.answer(200, BuyResults(items).encoded)
    }

    static func keys(_ call: FakeUpstream.Call?) throws -> [String] {
        let call = try #require(call)
        return try BuyBatch(decoding: call.request.body).items.map {
            String(decoding: $0.idempotencyKey, as: UTF8.self)
        }
    }

    @Test("a buy goes to the order primary, and is 201 with the order's place")
    func sells() throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3")
        let call = try #require(store.upstream.next())
        #expect(call.server == Fixture.order1)
        #expect(call.request.method == "POST")
        #expect(call.request.path == "/buys")
        let item = try #require(try BuyBatch(decoding: call.request.body).items.first)
        #expect(item.itemNumber == 3)
        #expect(item.quantity == 1)
        #expect(item.idempotencyKey == Array("default-key".utf8))
        #expect(item.requestID == Array("request-1".utf8))
        #expect(!item.isClientKeyed)
        try Self.sold(call)
        let answer = try #require(sink.answer)
        #expect(answer.status == 201)
        #expect(answer.header("Location") == "/orders/17")
        #expect(answer.header("Cache-Control") == "no-store")
        #expect(answer.header("Content-Type") == "application/json")
        #expect(answer.text == "{\"n\":3}")
    }

    @Test("several copies are asked for as one buy", arguments: ["1", "3", "1000", "007"])
    func quantity(_ text: String) throws {
        let store = Fixture.leased()
        store.send(.post, "/buy/3") { $0.query = [("quantity", text)] }
        let call = try #require(store.upstream.next())
        let items = try BuyBatch(decoding: call.request.body).items
        #expect(items.map(\.quantity) == [try #require(UInt32(text))])
    }

    @Test(
        "what is no number of copies is refused, and nothing is bought",
        arguments: [
            "", "0", "1001", "-1", "+1", "1.0", "1e2", "three", "\u{0663}", " 1",
            "99999999999999999999",
        ])
    func badQuantity(_ text: String) throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3") { $0.query = [("quantity", text)] }
        #expect(sink.answer?.status == 400)
        #expect(sink.answer?.text.contains("quantity must be") == true)
        #expect(store.upstream.next() == nil)
    }

    @Test("two numbers of copies, or a query that cannot be read, are refused")
    func ambiguousQuantity() throws {
        let store = Fixture.leased()
        let twice = store.send(.post, "/buy/3") {
            $0.query = [("quantity", "1"), ("quantity", "2")]
        }
        #expect(twice.answer?.status == 400)
        let unreadable = store.send(.post, "/buy/3") { $0.query = nil }
        #expect(unreadable.answer?.status == 400)
        #expect(store.upstream.next() == nil)
    }

    @Test("GET buys with 200 and no place, as in the original store")
    func getBuys() throws {
        let store = Fixture.leased()
        let sink = store.send(.get, "/buy/3") { $0.isIndented = true }
        try Self.sold(#require(store.upstream.next()))
        let answer = try #require(sink.answer)
        #expect(answer.status == 200)
        #expect(answer.header("Location") == nil)
        #expect(answer.header("Cache-Control") == "no-store")
        #expect(answer.text == "{\n  \"n\": 3\n}\n")
    }

    @Test("HEAD buys nothing")
    func headBuysNothing() {
        let store = Fixture.leased()
        let answer = store.send(.head, "/buy/3").answer
        #expect(answer?.status == 405)
        #expect(answer?.header("Allow") == "GET, POST, OPTIONS")
        #expect(store.upstream.openCount == 0)
    }

    @Test("a key of the client's that had its outcome before is 200 and marked")
    func replay() throws {
        let store = Fixture.leased()
        let own = store.send(.post, "/buy/3") { $0.idempotencyKey = Array("mine".utf8) }
        let call = try #require(store.upstream.next())
        #expect(try Self.keys(call) == ["mine"])
        try Self.sold(call, isReplayed: true)
        #expect(own.answer?.status == 200)
        #expect(own.answer?.header("Idempotent-Replayed") == "true")
    }

    @Test("a default key that had its outcome before is a retry of nginx's: 201, unmarked")
    func internalReplay() throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3")
        try Self.sold(#require(store.upstream.next()), isReplayed: true)
        #expect(sink.answer?.status == 201)
        #expect(sink.answer?.header("Location") == "/orders/17")
        #expect(sink.answer?.header("Idempotent-Replayed") == nil)
    }

    @Test("a refusal is a problem document", arguments: [404, 409, 422])
    func refusals(_ status: UInt16) throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3")
        let body = Problem.outOfStock(itemNumber: 3, idempotencyKey: "k").body
        let results = BuyResults([
            BuyResults.Item(status: status, isReplayed: false, orderNumber: 0, body: body)
        ])
        store.upstream.next()?.answer(200, results.encoded)
        let answer = try #require(sink.answer)
        #expect(answer.status == Int(status))
        #expect(answer.body == body)
        #expect(answer.header("Content-Type") == "application/problem+json")
        #expect(answer.header("Location") == nil)
        #expect(answer.header("Cache-Control") == "no-store")
    }

    // Else two halves of the buyers would take turns, in batches of half the size.
    @Test("the next batch waits for the buyers of the one before, a part of a round trip")
    func gathers() {
        var queue = BuyQueue()
        let buy = BuyQueue.Buy(
            item: BuyBatch.Item(
                idempotencyKey: [1], itemNumber: 1, requestID: [], isClientKeyed: false),
            deadline: Instant(nanoseconds: 0), isGet: false, isIndented: false, sink: FakeSink())
        func add(_ count: Int) { for _ in 0..<count { _ = queue.add(buy) } }
        func time(_ milliseconds: Int64) -> Instant {
            Instant(nanoseconds: milliseconds * 1_000_000)
        }
        add(1)
        #expect(queue.nextBatch(at: time(0))?.buys.count == 1)
        queue.finished(at: time(4))
        #expect(queue.wakeTime == nil, "a lone buyer waits for nobody")
        add(1)
        #expect(queue.nextBatch(at: time(4))?.buys.count == 1)
        add(2)
        queue.finished(at: time(12))
        #expect(queue.wakeTime == time(16))
        #expect(queue.nextBatch(at: time(13)) == nil)
        add(1)
        #expect(queue.nextBatch(at: time(13))?.buys.count == 3, "all are there")
        queue.finished(at: time(21))
        add(2)
        #expect(queue.nextBatch(at: time(22)) == nil)
        #expect(queue.nextBatch(at: time(25))?.buys.count == 2, "one does not come back")
        queue.finished(at: time(125))
        #expect(queue.wakeTime == time(135), "however long the round trip")
    }

    @Test("buys that come while a batch is under way make the next one, in their order")
    func batches() throws {
        let store = Fixture.leased()
        let sinks = (1...7).map { number in
            store.send(.post, "/buy/\(number)") { $0.idempotencyKey = Array("k\(number)".utf8) }
        }
        let calls = store.upstream.takeAll()
        #expect(try calls.map { try Self.keys($0) } == [["k1"]])
        try Self.sold(try #require(calls.first), first: 1)
        store.timers.advance(.milliseconds(3))
        let second = try #require(store.upstream.next())
        #expect(try Self.keys(second) == ["k2", "k3", "k4", "k5", "k6", "k7"])
        #expect(store.upstream.openCount == 0)
        try Self.sold(second, first: 2)
        for (place, sink) in sinks.enumerated() {
            #expect(sink.answer?.header("Location") == "/orders/\(place + 1)")
        }
    }

    @Test("a batch that fails on one server goes whole to another, with the same keys")
    func failsOver() throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3") { $0.idempotencyKey = Array("k".utf8) }
        let first = try #require(store.upstream.next())
        #expect(first.server == Fixture.order1)
        first.fail(.unanswered)
        let second = try #require(store.upstream.next())
        #expect(second.server == Fixture.order2)
        #expect(second.request.body == first.request.body)
        try Self.sold(second)
        #expect(sink.answer?.status == 201)
        #expect(sink.answerCount == 1)
    }

    @Test("a buy whose outcome the order server does not know is asked for again in its time")
    func undecided() throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3") {
            $0.idempotencyKey = Array("k".utf8)
            $0.timeout = 1_000
        }
        let unknown = BuyResults([
            BuyResults.Item(status: 503, isReplayed: false, orderNumber: 0, body: [])
        ])
        store.upstream.next()?.answer(200, unknown.encoded)
        #expect(sink.answer == nil)
        store.timers.advance(.milliseconds(50))
        let again = try #require(store.upstream.next())
        #expect(try Self.keys(again) == ["k"])
        store.upstream.answerAll { $0.answer(200, unknown.encoded) }
        again.answer(200, unknown.encoded)
        store.timers.advance(.milliseconds(1_000))
        let answer = try #require(sink.answer)
        #expect(answer.status == 503)
        #expect(answer.header("Retry-After") == "1")
        #expect(answer.text.contains(#""idempotencyKey":"k""#))
    }

    @Test("buys that no server takes are 503 with their keys, each when its time is over")
    func outOfTime() {
        let store = Fixture.leased()
        store.upstream.answerAll { $0.fail() }
        var sinks: [FakeSink] = []
        for number in 0..<5 {
            sinks.append(
                store.send(.post, "/buy/3") {
                    $0.timeout = 1_000
                    $0.idempotencyKey = Array("k\(number)".utf8)
                })
            store.timers.advance(.milliseconds(100))
        }
        #expect(sinks.allSatisfy { $0.answer == nil })
        for (number, sink) in sinks.enumerated() {
            store.timers.advance(.milliseconds(number == 0 ? 500 : 100))
            #expect(sink.answer?.status == 503)
            #expect(sink.answer?.text.contains("\"k\(number)\"") == true)
            #expect(sink.answer?.header("Retry-After") == "1")
            #expect(sinks.dropFirst(number + 1).allSatisfy { $0.answer == nil })
        }
    }

    @Test("an answer that does not fit the batch confirms nothing")
    func misfit() {
        let store = Fixture.leased()
        for body in [[], [9, 9], BuyResults([]).encoded] {
            let sink = store.send(.post, "/buy/3")
            store.upstream.next()?.answer(200, body)
            #expect(sink.answer?.status == 503)
        }
        let sink = store.send(.post, "/buy/3")
        store.upstream.next()?.answer(413)
        #expect(sink.answer?.status == 503)
    }

    @Test("a key that cannot be one is 400 and buys nothing")
    func badKeys() {
        let store = Fixture.leased()
        for key in [
            [UInt8](repeating: 0x6b, count: 256), [UInt8](repeating: 0x6b, count: 10_000),
            [0xff, 0xfe], [0x61, 0x01],
        ] {
            let answer = store.send(.post, "/buy/3") { $0.idempotencyKey = key }.answer
            #expect(answer?.status == 400)
        }
        #expect(store.upstream.openCount == 0)
        store.send(.post, "/buy/3") { $0.idempotencyKey = [UInt8](repeating: 0x6b, count: 255) }
        #expect(store.upstream.openCount == 1)
    }

    @Test("more buys than may wait are refused at once")
    func overload() {
        var queue = BuyQueue()
        let buy = BuyQueue.Buy(
            item: BuyBatch.Item(
                idempotencyKey: [1], itemNumber: 1, requestID: [], isClientKeyed: false),
            deadline: Instant(nanoseconds: 0), isGet: false, isIndented: false, sink: FakeSink())
        var taken = 0
        while queue.add(buy) { taken += 1 }
        #expect(taken == BuyQueue.waitingLimit)
        let now = Instant(nanoseconds: 0)
        #expect(queue.nextBatch(at: now)?.buys.count == BuyQueue.sizeLimit)
        #expect(queue.nextBatch(at: now) == nil)
        queue.finished(at: now)
        #expect(queue.nextBatch(at: now) != nil)
    }

    // Otherwise whoever stands still keeps a buy until its limit, long after the group went on.
    @Test("a buy that waits for a former primary goes to the new one as soon as that is known")
    func followsThePrimary() throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3")
        let stranded = try #require(store.upstream.next())
        #expect(stranded.server == Fixture.order1)
        store.front.watch.beat()
        let heartbeat = try #require(
            store.upstream.takeAll().first { $0.server == Fixture.order2 })
        heartbeat.answer(
            200,
            HeartbeatAnswer.bytes(
                from: "orderServer2", view: 2, members: ["orderServer2"], lease: nil))
        let again = try #require(store.upstream.next())
        #expect(again.server == Fixture.order2)
        #expect(again.request.body == stranded.request.body)
        try Self.sold(stranded, first: 1)
        #expect(sink.answer == nil)
        try Self.sold(again, first: 2)
        #expect(sink.answer?.header("Location") == "/orders/2")
        #expect(store.upstream.openCount == 0)
    }

    @Test("a buy goes by the backup where the primary does not answer here, and not for longer")
    func goesByTheBackup() throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3")
        try #require(store.upstream.next()).fail(.unreachable)
        let relayed = try #require(store.upstream.next())
        #expect(relayed.server == Fixture.order2)
        #expect(relayed.request.path == "/buys?relay=true")
        // The backup turns out to be the new primary while it waits for the old one.
        store.front.watch.beat()
        let heartbeat = try #require(
            store.upstream.takeAll().first { $0.server == Fixture.order2 })
        heartbeat.answer(
            200,
            HeartbeatAnswer.bytes(
                from: "orderServer2", view: 2, members: ["orderServer2"], lease: nil))
        // It has come to the new primary as such, for all that is known here.
        #expect(store.upstream.next() == nil)
        store.timers.advance(.milliseconds(250))
        let again = try #require(store.upstream.next())
        #expect(again.server == Fixture.order2)
        #expect(again.request.path == "/buys")
        try Self.sold(again)
        #expect(sink.answer?.status == 201)
    }

    @Test("a buy that nobody could make says what the group waits for, not that it may be made")
    func waitingGroup() throws {
        let store = Fixture.leased()
        let refusal = Problem.noView(of: "order", waitingFor: ["orderServer1"])
        store.upstream.answerAll { call in
            call.answer(503, refusal.body, headers: [("Content-Type", Problem.mediaType)])
        }
        let sink = store.send(.post, "/buy/3")
        store.timers.advance(.milliseconds(9_000))
        let answer = try #require(sink.answer)
        #expect(answer.status == 503)
        #expect(answer.text.hasPrefix(String(decoding: refusal.body.dropLast(), as: UTF8.self)))
        #expect(answer.text.hasSuffix(#","itemNumber":3,"idempotencyKey":"default-key"}"#))
        #expect(answer.header("Retry-After") == "1")
    }

    @Test("a buy that a server may have made is of unknown outcome, whatever others say later")
    func uncertain() throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3")
        try #require(store.upstream.next()).fail(.unanswered)
        let refusal = Problem.noView(of: "order", waitingFor: ["orderServer1"])
        store.upstream.answerAll { call in
            call.answer(503, refusal.body, headers: [("Content-Type", Problem.mediaType)])
        }
        for call in store.upstream.takeAll() { call.fail(.unreachable) }
        store.timers.advance(.milliseconds(9_000))
        let answer = try #require(sink.answer)
        #expect(answer.text.contains("/problems/outcome-unknown"))
    }

    @Test("nor does a later answer that could make none of them change that")
    func uncertainBeforeAnswer() throws {
        let store = Fixture.leased()
        let sink = store.send(.post, "/buy/3")
        try #require(store.upstream.next()).fail(.unanswered)
        let refusal = BuyResults.Item(
            status: 503, isReplayed: false, orderNumber: 0,
            body: Problem.noView(of: "catalog", waitingFor: ["catalogServer1"]).body)
        store.upstream.answerAll { call in
            call.answer(
                200, BuyResults([refusal]).encoded,
                headers: [("Content-Type", BuyBatch.mediaType)])
        }
        for call in store.upstream.takeAll() {
            call.answer(200, BuyResults([refusal]).encoded)
        }
        store.timers.advance(.milliseconds(9_000))
        let answer = try #require(sink.answer)
        #expect(answer.text.contains("/problems/outcome-unknown"))
    }
}
