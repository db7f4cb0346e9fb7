internal import Testing

/// What a reader of the store sees: search, lookup, topics, status, and the cache before them.
@Suite(.cluster(.pair), .serialized)
struct FrontEndTests {
    let store = Cluster.current

    @Test func `A lookup answers with the book, its cost with two decimals`() throws {
        let answer = try store.get("/lookup/3")
        #expect(answer.status == 200)
        #expect(answer.header("Content-Type")?.hasPrefix("application/json") == true)
        #expect(
            answer.text.trimmed
                == #"{"itemNumber":3,"title":"Xen and the Art of Surviving Graduate School","#
                + #""topic":"GraduateSchool","cost":5.00,"stock":30}"#)
    }

    @Test func `A search answers with the topic's books in the order of their numbers`() throws {
        let answer = try store.get("/search/DistributedSystems")
        #expect(answer.status == 200)
        #expect(
            answer.text.trimmed
                == #"{"topic":"DistributedSystems","items":["#
                + #"{"itemNumber":1,"title":"How to get a good grade in 677 in 20 minutes a day"},"#
                + #"{"itemNumber":2,"title":"RPCs for Dummies"},"#
                + #"{"itemNumber":5,"title":"How to finish Project 3 on time"}]}"#)
    }

    @Test func `An unknown topic has no items`() throws {
        let answer = try store.get("/search/Gardening")
        #expect(answer.status == 200)
        #expect(answer.text.trimmed == #"{"topic":"Gardening","items":[]}"#)
    }

    @Test func `A long topic is read page by page without a gap or a repeat`() throws {
        var numbers: [Int] = []
        var after = 0
        while numbers.count < 10 {
            let answer = try store.get("/search/DistributedSystems?limit=1&after=\(after)")
            let items = try #require(answer.json["items"] as? [[String: Any]])
            guard let number = items.first?["itemNumber"] as? Int else { break }
            #expect(items.count == 1)
            numbers.append(number)
            after = number
        }
        #expect(numbers == [1, 2, 5])
    }

    @Test func `All topics are listed`() throws {
        let answer = try store.get("/topics")
        #expect(answer.status == 200)
        for topic in ["DistributedSystems", "GraduateSchool", "Misc"] {
            #expect(answer.text.contains(#"""# + topic + #"""#))
        }
    }

    @Test(arguments: ["/lookup/1", "/search/Misc", "/topics", "/orders/1", "/health"])
    func `A trailing slash is accepted`(_ target: String) throws {
        try ensureOneOrder()
        let plain = try store.get(target)
        let slashed = try store.get(target + "/")
        #expect(plain.status == 200)
        #expect(slashed.status == 200)
        if target != "/health" { #expect(slashed.text == plain.text) }
    }

    @Test(arguments: ["/lookup/1", "/search/Misc", "/topics", "/status", "/health", "/orders/1"])
    func `HEAD answers as GET does, without the body`(_ target: String) throws {
        try ensureOneOrder()
        let connection = try HTTPConnection(port: store.port)
        let head = try connection.request("HEAD", target)
        // On the same connection: a body after the head would be read as the next answer.
        let get = try connection.request("GET", target)
        #expect(head.status == 200)
        #expect(get.status == 200)
        #expect(head.header("Content-Type") == get.header("Content-Type"))
        #expect(get.body.isEmpty == false)
    }

    @Test func `A page of a topic that is not its last one names the next`() throws {
        var target = "/search/DistributedSystems?limit=1"
        var found: [Int] = []
        while true {
            let page = try store.get(target)
            #expect(page.status == 200)
            let items = page.json["items"] as? [[String: Any]] ?? []
            found += items.compactMap { $0["itemNumber"] as? Int }
            guard let link = page.header("Link") else { break }
            let next = try #require(link.firstMatch(of: /^<(\?.+)>; rel="next"$/))
            target = "/search/DistributedSystems\(next.1)"
            try #require(found.count < 100)
        }
        let all = try store.get("/search/DistributedSystems")
        #expect(all.header("Link") == nil)
        let items = all.json["items"] as? [[String: Any]] ?? []
        #expect(found == items.compactMap { $0["itemNumber"] as? Int } && found.count > 1)
    }

    @Test func `HEAD of what is not there is 404 without a body`() throws {
        let connection = try HTTPConnection(port: store.port)
        #expect(try connection.request("HEAD", "/lookup/999").status == 404)
        #expect(try connection.request("GET", "/lookup/1").status == 200)
    }

    @Test func `Every answer carries a request id of its own`() throws {
        var seen: Set<String> = []
        for target in ["/lookup/1", "/lookup/1", "/lookup/999", "/nosuch", "/health"] {
            let id = try #require(try store.get(target).header("X-Request-ID"))
            #expect(id.count >= 16)
            #expect(seen.insert(id).inserted)
        }
    }

    @Test func `A person in a browser gets indented JSON and a page at the root`() throws {
        let browser = ["Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"]
        let lookup = try store.get("/lookup/1", headers: browser)
        #expect(lookup.header("Content-Type")?.hasPrefix("application/json") == true)
        #expect(lookup.text.contains("\n  "))
        #expect(lookup.json["itemNumber"] as? Int == 1)
        #expect(lookup.text.contains("10.00"))
        // The indented answer is not what a program gets next.
        #expect(try store.get("/lookup/1").text.contains("\n  ") == false)

        let page = try store.get("/", headers: browser)
        #expect(page.status == 200)
        #expect(page.header("Content-Type")?.hasPrefix("text/html") == true)
    }

    @Test func `The status names every server`() throws {
        let answer = try store.get("/status")
        #expect(answer.status == 200)
        for name in store.plan.serverNames { #expect(answer.text.contains(name), "\(name)") }
    }

    @Test func `A book that is not there is 404 and says which`() throws {
        let answer = try store.get("/lookup/4711")
        expectProblem(answer, 404)
        #expect(answer.json["itemNumber"] as? Int == 4711)
    }

    @Test(arguments: [
        ("POST", "/lookup/1"), ("DELETE", "/lookup/1"), ("PUT", "/search/Misc"),
        ("DELETE", "/buy/1"), ("PATCH", "/lookup/1"), ("POST", "/topics"), ("POST", "/health"),
        ("BREW", "/lookup/1"), ("POST", "/orders/1"),
    ])
    func `Another method is refused with those that are allowed`(
        _ method: String, _ target: String
    ) throws {
        let answer = try store.request(method, target, body: "")
        expectProblem(answer, 405)
        let allowed = try #require(answer.header("Allow"))
        #expect(allowed.contains(target.hasPrefix("/buy") ? "POST" : "GET"))
        #expect(allowed.contains(method) == false)
    }

    private func ensureOneOrder() throws {
        if try store.get("/orders/1").status == 404 { _ = try store.buy(7, key: "one-order") }
    }
}

extension String {
    /// Without the white space at both ends.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
