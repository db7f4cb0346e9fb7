import API
import Testing

@Suite("The history of orders")
struct OrderHistoryTests {
    private func query(_ text: String) throws(Problem) -> OrderHistoryQuery {
        try OrderHistoryQuery(
            text.split(separator: "&").map { part in
                let sides = part.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (name: String(sides[0]), value: String(sides.last ?? ""))
            })
    }

    @Test("A query says the book, the times, the order and the page")
    func complete() throws {
        var expected = OrderHistoryQuery()
        #expect(try query("") == expected)
        expected.itemNumber = 2
        expected.from = 1_795_132_800_000
        expected.to = 1_795_219_205_000
        expected.isNewestFirst = false
        expected.limit = 7
        expected.after = 17
        #expect(
            try query(
                "itemNumber=2&from=2026-11-20&to=2026-11-21T00:00:05Z&sort=oldest&limit=7&after=17"
                    + "&unknown=1") == expected)
        #expect(try query("limit=99999").limit == 1000)
        #expect(try query("limit=0").limit == 0)
    }

    @Test(
        "What is wrong is said with the parameter's name",
        arguments: [
            "itemNumber=0", "itemNumber=x", "itemNumber=", "after=-1", "after=0", "limit=-1",
            "limit=1e3", "from=yesterday", "to=2026-02-30", "from=2026-1-1", "sort=price",
            "to=2026-11-20T00:00:00+01:00", "from=2026-11-20T25:00Z",
        ])
    func faults(_ text: String) throws {
        let name = String(text.prefix { $0 != "=" })
        #expect {
            _ = try query(text)
        } throws: {
            guard let problem = $0 as? Problem else { return false }
            return problem.status == 400 && problem.detail.hasPrefix("\(name) must")
        }
    }

    @Test("Times are read as they are written, and days that there are not are none")
    func times() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let time = Int64.random(in: 0..<253_402_300_800_000, using: &generator)
            #expect(Timestamp.milliseconds(Timestamp.text(milliseconds: time)) == time)
        }
        #expect(Timestamp.milliseconds("1970-01-01") == 0)
        #expect(Timestamp.milliseconds("2024-02-29T00:00Z") == 1_709_164_800_000)
        for text in [
            "", "2023-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "1969-12-31", "2026-11-20Z",
            "2026-11-20T12:00", "2026-11-20T24:00Z", "2026-11-20T12:60Z", "2026-11-20 12:00:00Z",
            "2026-11-20T12:00:00.00Z", "２026-11-20",
        ] {
            #expect(Timestamp.milliseconds(text) == nil, "\(text)")
        }
    }

    @Test("A page has the orders, and what comes next")
    func page() {
        let entry = OrderHistoryEntry(
            orderNumber: 17, itemNumber: 1, title: "A", topic: "T", cents: 1000, quantity: 2,
            time: 1_795_132_800_000, idempotencyKey: Array("k".utf8))
        #expect(
            String(decoding: Bodies.orderHistory([entry], next: 17), as: UTF8.self)
                == #"{"orders":[{"orderNumber":17,"itemNumber":1,"title":"A","topic":"T","#
                + #""cost":10.00,"quantity":2,"time":"2026-11-20T00:00:00.000Z","#
                + #""idempotencyKey":"k"}],"next":17}"#)
        #expect(
            String(decoding: Bodies.orderHistory([], next: nil), as: UTF8.self)
                == #"{"orders":[],"next":null}"#)
    }
}

@Suite("Words that are searched for")
struct SearchWordsTests {
    @Test("Everything but letters, digits and marks parts words")
    func words() throws {
        func words(_ text: String) throws -> [String] { try SearchWords([("q", text)]).words }
        #expect(try words("impatient student") == ["impatient", "student"])
        #expect(try words("  677: \"RPCs\" AND (x*)-y ") == ["677", "RPCs", "AND", "x", "y"])
        #expect(try words(" ?! ").isEmpty)
        #expect(try words("Täler cafe\u{301} 東京, Ⅻ") == ["Täler", "cafe\u{301}", "東京", "Ⅻ"])
    }

    @Test("A search needs one q, neither empty nor too long")
    func faults() {
        for query in [
            [], [("q", "")], [("q", "a"), ("q", "b")], [("Q", "a")],
            [("q", String(repeating: "a", count: 251))],
        ] as [[(name: String, value: String)]] {
            #expect(throws: Problem.self) { try SearchWords(query) }
        }
    }
}
