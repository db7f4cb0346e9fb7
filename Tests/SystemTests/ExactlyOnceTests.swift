internal import Testing

/// A key has one outcome, however often, wherever and whenever it is sent.
@Suite(.cluster(.pair.withLargeStock()), .serialized)
struct ExactlyOnceTests {
    let store = Cluster.current

    @Test func `A key repeated one after another gets the same answer, and sells once`() throws {
        let stock = try store.stock(of: 1)
        let first = try store.buy(1, key: "again")
        #expect(first.status == 201)
        #expect(first.header("Idempotent-Replayed") == nil)
        for _ in 0..<6 {
            let replay = try store.buy(1, key: "again")
            #expect(replay.status == 200)
            #expect(replay.header("Idempotent-Replayed") == "true")
            #expect(replay.text == first.text)
        }
        #expect(try store.stock(of: 1) == stock - 1)
    }

    @Test func `GET and POST share their keys`() throws {
        let first = try store.buy(1, key: "both methods")
        let second = try store.get("/buy/1", headers: ["Idempotency-Key": "both methods"])
        #expect(second.status == 200)
        #expect(second.text == first.text)
    }

    /// The front ends' own addresses do not sell without the secret, so the public one is asked,
    /// which hands requests to both in turn.
    @Test func `A key sent by many clients at once sells once, and all get the same answer`() throws
    {
        let store = store
        let stock = try store.stock(of: 2)
        for round in 0..<5 {
            let answers = onThreads(16) { _ in try? store.buy(2, key: "at once \(round)") }
            #expect(answers.allSatisfy { $0 != nil })
            #expect(Set(answers.compactMap { $0?.text }).count == 1)
            #expect(answers.filter { $0?.status == 201 }.count == 1)
            #expect(answers.filter { $0?.status == 200 }.count == 15)
        }
        #expect(try store.stock(of: 2) == stock - 5)
    }

    @Test func `A key used for another book is 422 and sells nothing`() throws {
        let stock = try store.stock(of: 4)
        #expect(try store.buy(3, key: "one book").status == 201)
        let answer = try store.buy(4, key: "one book")
        expectProblem(answer, 422)
        #expect(answer.json["idempotencyKey"] as? String == "one book")
        #expect(try store.stock(of: 4) == stock)
        // The book it was used for is still what it stands for.
        #expect(try store.buy(3, key: "one book").status == 200)
    }

    @Test func `A refusal is the outcome of its key, even when there is stock again`() throws {
        let book = #"{"title":"One of a kind","topic":"Rare","cost":1.00,"stock":0}"#
        let put = try store.administer(
            "PUT", "/items/500", body: book, contentType: "application/json")
        #expect(put.status == 201, "\(put.text)")
        expectProblem(try store.buy(500, key: "too early"), 409)
        #expect(try store.administer("POST", "/restock/500").status == 200)
        expectProblem(try store.buy(500, key: "too early"), 409)
        #expect(try store.buy(500, key: "in time").status == 201)
    }

    @Test(arguments: [
        "with spaces in it", "Ключ", "clé-🗝️", #"quotes " and \ "#, "a,b;c=d", "%31", "CASE", "case",
        String(repeating: "k", count: 255),
    ])
    func `A key is any printable text, compared byte by byte`(_ key: String) throws {
        let first = try store.buy(6, key: key)
        #expect(first.status == 201)
        // White space at the ends of a header is not part of its value (RFC 9110, section 5.5).
        #expect(first.json["idempotencyKey"] as? String == key.trimmed)
        let replay = try store.buy(6, key: key)
        #expect(replay.status == 200)
        #expect(replay.text == first.text)
    }

    @Test(arguments: ["frontEndServer1", "orderServer1", "catalogServer1"])
    func `A key answered before a kill gets the same answer after it`(_ server: String) throws {
        let first = try store.buy(5, key: "before the kill of \(server)")
        #expect(first.status == 201)
        let old = try store.signal(9, to: server)
        try store.waitForRestart(of: server, after: old)
        let replay = try eventually("an answer") {
            let answer = try store.buy(5, key: "before the kill of \(server)")
            return answer.status == 503 ? nil : answer
        }
        #expect(replay.status == 200)
        #expect(replay.text == first.text)
    }

    @Test func `Many clients that all send every key sell each once`() throws {
        let store = store
        let before = try store.stock(of: 7)
        let answers = onThreads(8) { client -> [Int: Int] in
            var numbers: [Int: Int] = [:]
            // Each begins at another key, so that they meet at all stages of a buy.
            for step in 0..<20 {
                let key = (step + client * 2) % 20
                let answer = try? store.buy(7, key: "shared \(key)")
                numbers[key] = answer?.json["orderNumber"] as? Int
            }
            return numbers
        }
        for numbers in answers { #expect(numbers == answers[0]) }
        #expect(answers[0].count == 20)
        #expect(Set(answers[0].values).count == 20)
        #expect(try store.stock(of: 7) == before - 20)
    }
}
