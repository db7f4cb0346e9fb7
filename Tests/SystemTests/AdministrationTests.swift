internal import Foundation
internal import Testing

/// What only the administrator may do: restock, add, change and withdraw books, and read it all.
@Suite(.cluster(.pair), .serialized)
struct AdministrationTests {
    let store = Cluster.current

    @Test(arguments: [
        ("POST", "/restock/1"), ("PUT", "/items/1"), ("DELETE", "/items/1"),
        ("GET", "/catalog.csv"), ("GET", "/orders.csv"),
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
        #expect([200, 204].contains(withdrawn.status))
        for server in servers {
            #expect(try store.request("GET", "/lookup/70", server: server).status == 404)
        }
        expectProblem(try store.buy(70), 404)
        #expect(try store.buy(70, key: "before the change").text == order.text)
        #expect([204, 404].contains(try store.administer("DELETE", "/items/70").status))
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

    private func put(
        _ item: Int, _ body: String, _ headers: [String: String] = [:]
    ) throws -> HTTPAnswer {
        try store.administer(
            "PUT", "/items/\(item)", headers: headers, body: body,
            contentType: "application/json")
    }
}
