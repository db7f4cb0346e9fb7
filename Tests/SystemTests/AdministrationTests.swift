internal import ChildProcess
internal import Foundation
internal import Testing

/// What only the administrator may do: restock, add, change and withdraw books, and read it all.
@Suite(.cluster(.pair), .serialized)
struct AdministrationTests {
    let store = Cluster.current

    @Test(arguments: [
        ("POST", "/restock/1"), ("PUT", "/items/1"), ("DELETE", "/items/1"),
        ("GET", "/catalog.csv"), ("GET", "/orders.csv"), ("GET", "/orders"),
    ])
    func `Without the token it is 401, with a wrong one too`(
        _ method: String, _ target: String
    ) throws {
        let before = try store.get("/lookup/1").text
        let body = method == "PUT" ? #"{"title":"t","topic":"o","cost":1,"stock":1}"# : nil
        for authorization in [
            nil, "Bearer", "Bearer wrong-token-0123456789", "Basic \(store.adminToken)",
            "Bearer \(store.adminToken)x", "Bearer \(store.clusterSecret)", store.adminToken,
        ] {
            var headers = ["Content-Type": "application/json"]
            headers["Authorization"] = authorization
            let answer = try store.request(
                method, target, headers: headers, body: method == "GET" ? nil : body ?? "")
            expectProblem(answer, 401)
            #expect(answer.header("WWW-Authenticate")?.contains("Bearer") == true)
        }
        #expect(try store.get("/lookup/1").text == before)
    }

    @Test func `Restocking fills up to the maximum and says what was added`() throws {
        let before = try store.stock(of: 2)
        let answer = try store.administer("POST", "/restock/2", body: "")
        #expect(answer.status == 200)
        #expect(
            answer.text.trimmed == #"{"itemNumber":2,"stock":50,"added":\#(50 - before)}"#)
        #expect(try store.stock(of: 2) == 50)
        // Again, and nothing is added: a repeated message does no harm.
        let again = try store.administer("POST", "/restock/2", body: "")
        #expect(again.text.trimmed == #"{"itemNumber":2,"stock":50,"added":0}"#)
        expectProblem(try store.administer("POST", "/restock/99", body: ""), 404)
    }

    @Test(arguments: ["/catalog.csv", "/orders.csv"])
    func `HEAD of an export does not say that it is empty`(_ target: String) throws {
        let head = try store.administer("HEAD", target)
        #expect(head.status == 200 && head.text.isEmpty)
        #expect(head.header("Content-Length") == nil)
        #expect(head.header("Content-Type")?.hasPrefix("text/csv") == true)
    }

    @Test func `A book with a level of its own is filled up to that, and shows it`() throws {
        let body = #"{"title":"Rare","topic":"Novelties","cost":90,"stock":1,"restockTo":3}"#
        #expect(try put(71, body).status == 201)
        let lookup = try store.get("/lookup/71")
        #expect(
            lookup.text.trimmed
                == #"{"itemNumber":71,"title":"Rare","topic":"Novelties","cost":90.00,"stock":1,"#
                + #""restockTo":3}"#)
        let tag = try #require(lookup.header("ETag"))
        #expect(
            try store.administer("POST", "/restock/71", body: "").text.trimmed
                == #"{"itemNumber":71,"stock":3,"added":2}"#)
        // What was looked up before the restock is not the book any more.
        let late = try store.administer(
            "PUT", "/items/71", headers: ["If-Match": tag], body: body,
            contentType: "application/json")
        expectProblem(late, 412)
        // A book without a level is put back as the others.
        let plain = #"{"title":"Rare","topic":"Novelties","cost":90,"stock":3}"#
        #expect(try put(71, plain).status == 200)
        #expect(try store.get("/lookup/71").json["restockTo"] == nil)
        #expect(
            try store.administer("POST", "/restock/71", body: "").json["stock"] as? Int == 50)
        expectProblem(
            try put(71, #"{"title":"R","topic":"N","cost":1,"stock":1,"restockTo":-1}"#), 422)
        #expect(try store.administer("DELETE", "/items/71").status == 204)
    }

    @Test func `The history of orders is by time and by book, in pages`() throws {
        let start = Date().addingTimeInterval(-1)
        for number in 1...5 {
            #expect(try store.buy(3, quantity: number, key: "history \(number)").status == 201)
            #expect(try store.buy(5, key: "other \(number)").status == 201)
        }
        func history(_ query: String) throws -> (orders: [[String: Any]], next: Int?) {
            let answer = try store.administer("GET", "/orders?\(query)")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.header("Cache-Control") == "no-store")
            return (answer.json["orders"] as? [[String: Any]] ?? [], answer.json["next"] as? Int)
        }
        func keys(_ orders: [[String: Any]]) -> [String] {
            orders.compactMap { $0["idempotencyKey"] as? String }
        }
        let all = try history("itemNumber=3&sort=oldest")
        #expect(keys(all.orders) == (1...5).map { "history \($0)" })
        #expect(all.orders.compactMap { $0["quantity"] as? Int } == Array(1...5))
        #expect(all.next == nil)
        var paged: [String] = []
        var after = ""
        repeat {
            let page = try history("itemNumber=3&limit=2\(after)")
            #expect(page.orders.count <= 2)
            paged += keys(page.orders)
            after = page.next.map { "&after=\($0)" } ?? ""
        } while !after.isEmpty
        #expect(paged == (1...5).reversed().map { "history \($0)" })

        let formatter = ISO8601DateFormatter()
        let since = try history("from=\(formatter.string(from: start))")
        #expect(since.orders.count == 10)
        #expect(try history("to=\(formatter.string(from: start))&itemNumber=3").orders.isEmpty)
        for query in ["from=now", "itemNumber=x", "sort=up", "limit=-1"] {
            expectProblem(try store.administer("GET", "/orders?\(query)"), 400)
        }
        expectProblem(try store.administer("GET", "/orders?after=999999"), 404)
    }

    @Test func `A search by words finds what was put in, and forgets what was withdrawn`() throws {
        func found(_ query: String, server: String) throws -> [Int] {
            let answer = try store.request("GET", "/search?q=\(query)", server: server)
            #expect(answer.status == 200, "\(answer.text)")
            let items = answer.json["items"] as? [[String: Any]] ?? []
            return items.compactMap { $0["itemNumber"] as? Int }
        }
        for server in store.frontEnds {
            #expect(try found("student%20graduate", server: server) == [4])
            #expect(try found("graduate", server: server).sorted() == [3, 4])
            #expect(try found("nothing", server: server) == [])
            #expect(try found("%20!", server: server) == [])
        }
        let body = #"{"title":"Käse für Anfänger","topic":"Food","cost":1,"stock":1}"#
        #expect(try put(72, body).status == 201)
        for server in store.frontEnds {
            #expect(try found("kase%20anf", server: server) == [72])
            let answer = try store.request("GET", "/search?q=K%C3%84SE", server: server)
            #expect(
                answer.text.trimmed
                    == #"{"query":"KÄSE","items":[{"itemNumber":72,"title":"Käse für Anfänger","#
                    + #""topic":"Food"}]}"#)
        }
        #expect(
            try put(72, #"{"title":"Brot","topic":"Food","cost":1,"stock":1}"#).status == 200)
        for server in store.frontEnds {
            #expect(try found("kase", server: server) == [])
            #expect(try found("brot", server: server) == [72])
        }
        #expect(try store.administer("DELETE", "/items/72").status == 204)
        for server in store.frontEnds { #expect(try found("brot", server: server) == []) }
        for query in ["", "?q=", "?q=a&q=b", "?q=a&limit=x", "?q=%ff"] {
            expectProblem(try store.get("/search\(query)"), 400)
        }
    }

    @Test func `A book is added, changed and withdrawn, and every front end knows at once`() throws
    {
        let servers = ["frontEndServer1", "frontEndServer2"]
        let added = try put(70, #"{"title":"First","topic":"Novelties","cost":1.5,"stock":2}"#)
        #expect(added.status == 201)
        for server in servers {
            let lookup = try store.request("GET", "/lookup/70", server: server)
            #expect(
                lookup.text.trimmed
                    == #"{"itemNumber":70,"title":"First","topic":"Novelties","cost":1.50,"stock":2}"#
            )
        }
        let order = try store.buy(70, key: "before the change")
        #expect(order.status == 201)

        let changed = try put(70, #"{"title":"Second","topic":"Elsewhere","cost":9,"stock":5}"#)
        #expect(changed.status == 200)
        for server in servers {
            let lookup = try store.request("GET", "/lookup/70", server: server)
            #expect(lookup.json["title"] as? String == "Second")
            #expect(lookup.json["stock"] as? Int == 5)
            let search = try store.request("GET", "/search/Novelties", server: server)
            #expect((search.json["items"] as? [Any])?.count == 0)
        }
        // What was sold is what it was when it was sold.
        #expect(try store.buy(70, key: "before the change").text == order.text)

        let withdrawn = try store.administer("DELETE", "/items/70")
        #expect(withdrawn.status == 204)
        for server in servers {
            #expect(try store.request("GET", "/lookup/70", server: server).status == 404)
        }
        expectProblem(try store.buy(70), 404)
        #expect(try store.buy(70, key: "before the change").text == order.text)
        expectProblem(try store.administer("DELETE", "/items/70"), 404)
        let status = try store.pygmy("status", "--audit", "--config", "config.json")
        #expect(status.status == .exited(0), "\(status.output)\(status.errors)")
    }

    private static let titles = [
        #"Quotes "inside" it"#, "Commas, semicolons; and 'more'", "Two\nlines",
        "Carriage\r\nreturn",
        "日本語の本", "Ünïcödé – “typographic” ½", "👩‍👩‍👧‍👦 family", "e\u{301} is not é", " spaces around ",
        "=1+1", "tab\there", #"back\slash"#, "\"", ",",
    ]

    @Test func `Titles of any text come out of the CSV as they went in`() throws {
        for (index, title) in Self.titles.enumerated() {
            let body = try JSONSerialization.data(
                withJSONObject: ["title": title, "topic": "Texts", "cost": 2, "stock": 3])
            let answer = try put(100 + index, String(decoding: body, as: UTF8.self))
            #expect(answer.status == 201, "\(answer.text)")
            #expect(try store.get("/lookup/\(100 + index)").json["title"] as? String == title)
            #expect(try store.buy(100 + index).status == 201)
        }
        let catalog = try store.administer("GET", "/catalog.csv")
        #expect(catalog.header("Content-Type")?.hasPrefix("text/csv") == true)
        let books = try CSVTable(catalog.text)
        let orders = try CSVTable(try store.administer("GET", "/orders.csv").text)
        for (index, title) in Self.titles.enumerated() {
            let row = try #require(books.rows.first { $0[0] == "\(100 + index)" })
            // Scalar by scalar: two ways to write é are two titles.
            #expect(Array(row[1].unicodeScalars) == Array(title.unicodeScalars))
            #expect(row[2...] == ["Texts", "2.00", "2"])
            let sale = try #require(orders.rows.first { $0[1] == "\(100 + index)" })
            #expect(Array(sale[2].unicodeScalars) == Array(title.unicodeScalars))
        }

        // `pygmy export` prints the same.
        let export = try store.pygmy("export", "catalog", "--config", "config.json")
        #expect(export.status == .exited(0), "\(export.errors)")
        #expect(export.output == catalog.text)
        let sales = try store.pygmy("export", "orders", "--config", "config.json")
        #expect(sales.status == .exited(0), "\(sales.errors)")
        #expect(try CSVTable(sales.output) == orders)

        // And another store begins from it with the same books.
        let copy = try Cluster(.single.with { $0.catalog = export.output })
        defer { copy.end() }
        try copy.start()
        #expect(try copy.administer("GET", "/catalog.csv").text == catalog.text)
    }

    @Test func `A change is guarded by the tag of the book that it is made of`() throws {
        let first = #"{"title":"Guarded","topic":"Guards","cost":1.00,"stock":3}"#
        let second = #"{"title":"Guarded","topic":"Guards","cost":2.00,"stock":3}"#
        let third = #"{"title":"Guarded","topic":"Guards","cost":3.00,"stock":3}"#
        // A tag of a book that is not there holds of nothing.
        expectProblem(try put(71, first, ["If-Match": #""0123456789abcdef""#]), 412)
        expectProblem(try put(71, first, ["If-Match": "*"]), 412)
        #expect(try put(71, first, ["If-None-Match": "*"]).status == 201)
        let tag = try #require(try store.get("/lookup/71").header("ETag"))

        let changed = try put(71, second, ["If-Match": tag])
        #expect(changed.status == 200)
        let newTag = try #require(changed.header("ETag"))
        #expect(newTag != tag)
        // The same again, as after a lost answer: it is made, and says so.
        let again = try put(71, second, ["If-Match": tag])
        #expect(again.status == 200)
        #expect(again.header("ETag") == newTag)
        #expect(again.text == changed.text)

        // Somebody who has seen the first book only must not overwrite the second.
        let late = try put(71, third, ["If-Match": tag])
        expectProblem(late, 412)
        #expect(late.json["etag"] as? String == newTag)
        expectProblem(try put(71, third, ["If-None-Match": "*"]), 412)
        #expect(try store.get("/lookup/71").json["cost"] as? Double == 2)
        expectProblem(
            try store.administer("DELETE", "/items/71", headers: ["If-Match": tag]), 412)
        #expect(try put(71, third, ["If-Match": "\(tag), \(newTag)"]).status == 200)
        let last = try store.get("/lookup/71")
        #expect(last.json["cost"] as? Double == 3)

        let lastTag = try #require(last.header("ETag"))
        let withdraw = {
            try store.administer("DELETE", "/items/71", headers: ["If-Match": lastTag])
        }
        #expect(try withdraw().status == 204)
        expectProblem(try withdraw(), 404)
    }

    /// As a front end sends a change again that got no answer, or as a message comes late.
    @Test func `A change that arrives a second time is not made a second time`() throws {
        let primary = store.endpoint(of: try store.primary("catalogServer"))
        func send(_ method: String, _ target: String, _ key: String, stock: Int = 0) throws
            -> HTTPAnswer
        {
            try HTTPConnection(to: primary).request(
                method, target,
                headers: primary.headers.merging(
                    ["Idempotency-Key": key, "Content-Type": "application/json"]) { $1 },
                body: Array(
                    (method == "PUT"
                        ? #"{"title":"Late","topic":"Novelties","cost":9,"stock":\#(stock)}"# : "")
                        .utf8))
        }
        let created = try send("PUT", "/items/77", "late put", stock: 5)
        #expect(created.status == 201)
        #expect(try store.request("POST", "/buy/77").status == 201)
        let again = try send("PUT", "/items/77", "late put", stock: 5)
        #expect(again.status == 201 && again.text == created.text)
        #expect(try store.stock(of: 77) == 4)
        let filled = try send("POST", "/restock/77", "late restock")
        #expect(filled.text.contains(#""added":46"#))
        #expect(try store.request("POST", "/buy/77").status == 201)
        #expect(try send("POST", "/restock/77", "late restock").text == filled.text)
        #expect(try store.stock(of: 77) == 49)
        #expect(try send("DELETE", "/items/77", "late withdrawal").status == 204)
        #expect(try send("PUT", "/items/77", "late put", stock: 5).status == 201)
        #expect(try store.get("/lookup/77").status == 404)
        #expect(try send("PUT", "/items/77", "another put", stock: 1).status == 201)
        #expect(try send("DELETE", "/items/77", "late withdrawal").status == 204)
        #expect(try store.stock(of: 77) == 1)
        #expect(try send("DELETE", "/items/77", "last withdrawal").status == 204)
    }

    private func put(
        _ item: Int, _ body: String, _ headers: [String: String] = [:]
    ) throws -> HTTPAnswer {
        try store.administer(
            "PUT", "/items/\(item)", headers: headers, body: body,
            contentType: "application/json")
    }
}
