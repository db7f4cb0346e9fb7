import API
import Testing

@Suite struct `Bodies of answers` {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `A search result names the books of its topic`() {
        let items: [(itemNumber: Int64, title: String)] = [(1, "A \"B\""), (2, "C")]
        #expect(
            text(Bodies.searchResult(topic: "T", items: items))
                == #"{"topic":"T","items":[{"itemNumber":1,"title":"A \"B\""},"#
                + #"{"itemNumber":2,"title":"C"}]}"#)
        #expect(text(Bodies.searchResult(topic: "T", items: [])) == #"{"topic":"T","items":[]}"#)
    }

    @Test func `A book has its fields in order`() {
        #expect(
            text(Bodies.book(itemNumber: 1, title: "A", topic: "T", cents: 1000, stock: 46))
                == #"{"itemNumber":1,"title":"A","topic":"T","cost":10.00,"stock":46}"#)
    }

    @Test func `A level of its own stands behind a book's other fields`() {
        let body = Bodies.book(
            itemNumber: 1, title: "A", topic: "T", cents: 1000, stock: 46, restockTo: 80)
        #expect(
            text(body)
                == #"{"itemNumber":1,"title":"A","topic":"T","cost":10.00,"stock":46,"#
                + #""restockTo":80}"#)
    }

    @Test func `An order has its fields in order`() {
        let body = Bodies.order(
            orderNumber: 17, itemNumber: 1, title: "A", topic: "T", cents: 1000,
            idempotencyKey: "k\"".utf8)
        #expect(
            text(body)
                == #"{"orderNumber":17,"itemNumber":1,"title":"A","topic":"T","cost":10.00,"#
                + #""idempotencyKey":"k\""}"#)
    }

    @Test func `Topics and restocks are as small as they can be`() {
        #expect(text(Bodies.topics(["A", "B"])) == #"{"topics":["A","B"]}"#)
        #expect(
            text(Bodies.restocked(itemNumber: 1, stock: 50, added: 4))
                == #"{"itemNumber":1,"stock":50,"added":4}"#)
    }
}

@Suite struct `The body that changes a book` {
    private func fields(_ text: String) throws -> BookFields {
        try BookFields(parsingBody: Array(text.utf8), itemNumber: 7)
    }

    private func problem(_ text: String) -> Problem? {
        #expect(throws: Problem.self) { try fields(text) }
    }

    @Test func `Title, topic, cost and stock make a book`() throws {
        let book = BookFields(title: "A\nB", topic: "T", cents: 1000, stock: 46)
        #expect(try fields(#"{"title":"A\nB","topic":"T","cost":10.00,"stock":46}"#) == book)
        #expect(
            try fields(#"{"stock":46,"cost":10,"topic":"T","title":"A\nB","itemNumber":7}"#)
                == book)
    }

    @Test(
        arguments: [
            ("", nil), (#","restockTo":null"#, nil), (#","restockTo":0"#, 0),
            (#","restockTo":80"#, 80),
        ] as [(String, Int64?)])
    func `A book may have a level of its own`(_ member: String, _ level: Int64?) throws {
        let body = #"{"title":"A","topic":"T","cost":1,"stock":0\#(member)}"#
        #expect(try fields(body).restockTo == level)
    }

    @Test(arguments: ["-1", "1.5", #""8""#, "1000000001", "[]"])
    func `A level that is none is said`(_ level: String) {
        let problem = problem(
            #"{"title":"A","topic":"T","cost":1,"stock":0,"restockTo":\#(level)}"#)
        #expect(problem?.status == 422)
        #expect(problem?.detail.hasPrefix("restockTo must be a whole number") == true)
    }

    @Test(arguments: [
        ("0", Int64(0)), ("0.1", 10), ("0.01", 1), ("10.10", 1010), ("10000000", 1_000_000_000),
    ])
    func `A cost is exact to the cent`(_ cost: String, _ cents: Int64) throws {
        let body = "{\"title\":\"A\",\"topic\":\"T\",\"cost\":\(cost),\"stock\":0}"
        #expect(try fields(body).cents == cents)
    }

    @Test(arguments: [
        "-1", "-0.01", "0.001", "10.000", "1e2", "10000000.01", "99999999999999999999", "\"10\"",
        "null",
    ])
    func `A cost that is none is said`(_ cost: String) {
        let body = "{\"title\":\"A\",\"topic\":\"T\",\"cost\":\(cost),\"stock\":0}"
        let problem = problem(body)
        #expect(problem?.status == 422)
        #expect(problem?.detail.hasPrefix("cost must be a number") == true)
    }

    @Test func `All that is wrong is said at once`() {
        let problem = problem(
            #"{"title":"","cost":true,"stock":-1,"colour":"red","stock":2,"itemNumber":8}"#)
        #expect(problem?.slug == "invalid-book")
        #expect(
            problem?.detail
                == "title must not be empty; cost must be a number from 0 to 10000000 with at most "
                + "two decimals; stock must be a whole number from 0 to 1000000000; "
                + "there is no member \"colour\"; \"stock\" stands there twice; itemNumber must be "
                + "7, the number in the path; topic is missing")
    }

    @Test(arguments: ["[]", "1", "null", "\"x\""])
    func `What is no object is no book`(_ text: String) {
        #expect(problem(text)?.status == 422)
    }

    @Test(arguments: ["", "{", "{\"title\":}", "title=x", "\u{0}"])
    func `What is no JSON is a malformed request with its place`(_ text: String) {
        let problem = problem(text)
        #expect(problem?.status == 400)
        #expect(problem?.detail.contains("line 1, column") == true)
    }

    @Test func `Titles may have lines but no other control characters, and an end`() {
        let long = String(repeating: "é", count: 3000)
        for title in ["\\u0000", "\\u001b[31m", long] {
            let body = "{\"title\":\"\(title)\",\"topic\":\"T\",\"cost\":1,\"stock\":0}"
            #expect(problem(body)?.detail.hasPrefix("title") == true)
        }
        #expect(
            problem(#"{"title":"A","topic":"a\nb","cost":1,"stock":0}"#)?.detail
                == "topic has a control character")
    }
}
