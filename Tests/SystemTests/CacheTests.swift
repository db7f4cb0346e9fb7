internal import Synchronization
internal import Testing

/// The cache of the front ends: what it says of itself, and that no write hides behind it.
@Suite(.cluster(.pair.withLargeStock()), .serialized)
struct CacheTests {
    let store = Cluster.current
    static let frontEnds = ["frontEndServer1", "frontEndServer2"]

    @Test(arguments: frontEnds)
    func `A second lookup is a hit, with its age and an ETag that saves the body`(
        _ frontEnd: String
    ) throws {
        let hit = try eventually("a hit") {
            let answer = try store.request("GET", "/lookup/6", server: frontEnd)
            return answer.header("X-Cache") == "HIT" ? answer : nil
        }
        #expect(hit.status == 200)
        #expect(Int(hit.header("Age") ?? "") != nil)
        let tag = try #require(hit.header("ETag"))
        #expect(tag.contains(#"""#))

        let unchanged = try store.request(
            "GET", "/lookup/6", server: frontEnd, headers: ["If-None-Match": tag])
        #expect(unchanged.status == 304)
        #expect(unchanged.body.isEmpty)
        let other = try store.request(
            "GET", "/lookup/6", server: frontEnd, headers: ["If-None-Match": #""other""#])
        #expect(other.status == 200)
    }

    @Test func `The public answer says whether it came from the cache`() throws {
        try eventually("a hit") { try store.get("/lookup/5").header("X-Cache") == "HIT" }
        #expect(try store.get("/lookup/5", headers: ["If-None-Match": "*"]).status == 304)
    }

    @Test func `After every buy both front ends show the new stock at once`() throws {
        let opening = try store.stock(of: 1)
        for sold in 1...40 {
            // Both hold the book in their caches before the buy.
            for frontEnd in Self.frontEnds { _ = try store.stock(of: 1, server: frontEnd) }
            #expect(try store.buy(1).status == 201)
            for frontEnd in Self.frontEnds {
                let answer = try store.request("GET", "/lookup/1", server: frontEnd)
                #expect(answer.json["stock"] as? Int == opening - sold, "\(frontEnd)")
                #expect(answer.header("X-Cache") == "MISS", "\(frontEnd)")
            }
        }
    }

    @Test func `A buy changes the ETag`() throws {
        let before = try #require(try store.get("/lookup/2").header("ETag"))
        #expect(try store.buy(2).status == 201)
        let after = try store.get("/lookup/2", headers: ["If-None-Match": before])
        #expect(after.status == 200)
        #expect(after.header("ETag") != before)
    }

    /// One buyer, four readers: a lookup shows no less than was answered before it was asked, and no
    /// more than was asked before it was answered.
    @Test func `Lookups beside buys never show an older stock than was answered`() throws {
        struct Progress {
            var asked = 0
            var answered = 0
            var isDone = false
        }
        let store = store
        let opening = try store.stock(of: 4)
        let progress = Mutex(Progress())
        let buyer = ResultThread {
            for number in 1...150 {
                progress.withLock { $0.asked = number }
                let isSold = (try? store.buy(4, key: "reader-\(number)").status) == 201
                if !isSold { break }
                progress.withLock { $0.answered = number }
            }
            progress.withLock { $0.isDone = true }
        }
        let wrong = onThreads(4) { reader -> [String] in
            var wrong: [String] = []
            guard let port = store.serverPorts[Self.frontEnds[reader % 2]],
                let connection = try? HTTPConnection(port: port)
            else { return ["no connection"] }
            while !progress.withLock({ $0.isDone }) {
                let answered = progress.withLock { $0.answered }
                guard let answer = try? connection.request("GET", "/lookup/4"),
                    let stock = answer.json["stock"] as? Int
                else {
                    wrong.append("no answer")
                    break
                }
                let asked = progress.withLock { $0.asked }
                let sold = opening - stock
                if sold < answered || sold > asked {
                    wrong.append("\(sold) sold, where \(answered) were answered, \(asked) asked")
                }
            }
            return wrong
        }
        buyer.join()
        #expect(progress.withLock { $0.answered } == 150)
        #expect(wrong.flatMap { $0 } == [])
    }

    @Test func `Lookups of one book by many clients at once all get it`() throws {
        let store = store
        let answers = onThreads(48) { client -> Int? in
            try? store.get("/lookup/7").json["itemNumber"] as? Int
        }
        #expect(answers.allSatisfy { $0 == 7 })
    }

    @Test(arguments: frontEnds)
    func `A front end whose cache was lost by a kill serves on, and serves what is true`(
        _ frontEnd: String
    ) throws {
        let opening = try store.stock(of: 3)
        let old = try store.signal(9, to: frontEnd)
        #expect(try store.buy(3).status == 201)
        try store.waitForRestart(of: frontEnd, after: old)
        let stock = try eventually("a lookup") { try store.stock(of: 3, server: frontEnd) }
        #expect(stock == opening - 1)
    }
}

/// A cache of two entries that live for one second.
@Suite(
    .cluster(
        .single.with {
            $0.settings["cacheThreshold"] = .number(2)
            $0.settings["cacheTimeout"] = .number(1)
        }))
struct SmallCacheTests {
    let store = Cluster.current

    @Test func `The least recently used entry goes first, and any when its time is up`() throws {
        // Each round begins anew where the second was over before the round was.
        try eventually("a round without an expiry") {
            let states = try [1, 2, 1, 3, 1, 2].map { try state(of: $0) }
            // 1 and 2 may be left from the round before; what is evicted by 3 is 2, not 1.
            return Array(states.suffix(3)) == ["MISS", "HIT", "MISS"]
        }
        try eventually("a hit") { try state(of: 5) == "HIT" }
        try eventually("an expiry") { try state(of: 5) == "MISS" }
    }

    private func state(of item: Int) throws -> String? {
        try store.get("/lookup/\(item)").header("X-Cache")
    }
}

/// Front ends whose cache is of no use, as with a catalog of which nobody asks for a book twice.
@Suite(
    .cluster(
        .pair.with {
            $0.settings["cacheThreshold"] = .number(1)
            let books = (1...200).map { "\($0),Book \($0),Topic,\($0),5" }
            $0.catalog =
                "ItemNumber,Title,Topic,Cost,Stock\n" + books.joined(separator: "\n") + "\n"
        }))
struct UncachedTests {
    let store = Cluster.current

    @Test func `Lookups that come together are each answered with their own book`() throws {
        let wrong = Mutex<[String]>([])
        let clients = (0..<24).map { client in
            ResultThread { [store] in
                // Every eleventh book is none.
                for number in (0..<100).map({ (client * 37 + $0 * 11) % 220 + 1 }) {
                    let answer = try? store.get("/lookup/\(number)")
                    let isRight =
                        number > 200
                        ? answer?.status == 404
                        : answer?.status == 200 && answer?.json["itemNumber"] as? Int == number
                            && answer?.json["title"] as? String == "Book \(number)"
                    if !isRight { wrong.withLock { $0.append("\(number): \(answer?.text ?? "")") } }
                }
            }
        }
        for client in clients { client.join() }
        #expect(wrong.withLock { $0 } == [])
        // Some of them have travelled together.
        #expect(store.nginxLog { $0.contains(#""POST /lookups "#) } != "")
    }
}
