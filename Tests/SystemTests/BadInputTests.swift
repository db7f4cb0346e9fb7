internal import Testing

/// Everything that a request can be wrong in gets a problem document with the right status.
@Suite(.cluster(.single), .serialized)
struct BadInputTests {
    let store = Cluster.current

    @Test(arguments: [
        // Not numbers.
        ("abc", 400), ("-1", 400), ("+1", 400), ("1.5", 400), ("1e0", 400), ("0x1", 400),
        ("%201", 400), ("1%20", 400), ("1,2", 400), ("1%2F2", 400), ("%2F1", 400),
        ("%00", 400), ("1%00", 400), ("%FF%FE", 400), ("1%C3", 400), ("%0A1", 400),
        ("%D9%A1", 400), ("%EF%BC%91", 400), ("%F0%9D%9F%8F", 400), ("1;drop%20table", 400),
        ("%25%31", 400), ("NaN", 400), ("\u{661}", 400),
        // Numbers of no book.
        ("0", 404), ("8", 404), ("00000000000000000000000000000000000000009", 404),
        ("9223372036854775807", 404), ("9223372036854775808", 404),
        ("18446744073709551617", 404), ("99999999999999999999999999999999999999999", 404),
    ])
    func `An item number that is none is 400, one without a book is 404`(
        _ item: String, _ status: Int
    ) throws {
        for (method, route) in [("GET", "/lookup/"), ("GET", "/buy/"), ("POST", "/buy/")] {
            let connection = try HTTPConnection(port: store.port)
            let body: [UInt8]? = method == "POST" ? [] : nil
            let answer = try connection.request(method, route + item, body: body)
            // nginx itself refuses a NUL and what climbs out of the root, with 400 too.
            expectProblem(answer, status)
        }
        try expectAlive()
    }

    @Test(arguments: [
        ("/lookup", 404), ("/lookup/", 404), ("/lookup/1/2", 404), ("/buy", 404), ("/buy/", 404),
        ("/nosuch", 404), ("/orders/abc", 400), ("/orders/0", 404), ("/orders/-1", 400),
        ("/orders/99999999999999999999", 404), ("/search", 400), ("/search/", 400),
        ("/search/?limit=1", 400), ("/search/%00", 400), ("/search/%FF", 400),
        ("/search/Misc/more", 404), ("/lookup/%zz", 400), ("/lookup/%", 400),
        ("/..%2f..%2fetc/passwd", 400), ("/../../etc/passwd", 400),
        ("/search/Misc?limit=-1", 400), ("/search/Misc?limit=abc", 400),
        ("/search/Misc?limit=99999999999999999999", 400), ("/search/Misc?after=x", 400),
        ("/LOOKUP/1", 404),
    ])
    func `A path that leads nowhere is refused`(_ target: String, _ status: Int) throws {
        expectProblem(try store.get(target), status)
        try expectAlive()
    }

    @Test(arguments: [
        ("Distributed%20Systems", "Distributed Systems"), ("%E2%98%83", "☃"), ("a%2Fb", "a/b"),
        ("a+b", "a+b"), ("%22%5C%0A", "\"\\\n"), ("'%20OR%201=1", "' OR 1=1"),
        (String(repeating: "x", count: 250), String(repeating: "x", count: 250)),
    ])
    func `A topic may be any text, and one that no book has is empty`(
        _ segment: String, _ topic: String
    ) throws {
        let answer = try store.get("/search/\(segment)")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["topic"] as? String == topic)
        #expect((answer.json["items"] as? [Any])?.isEmpty == true)
        try expectAlive()
    }

    /// Requests that are wrong in their first line or their headers: nginx's own answers.
    enum Malformed: String, CaseIterable, Sendable {
        case lowerCaseMethod = "get /lookup/1 HTTP/1.1\r\nHost: a\r\n\r\n"
        case unknownMethod = "BREW /lookup/1 HTTP/1.1\r\nHost: a\r\n\r\n"
        case trace = "TRACE /lookup/1 HTTP/1.1\r\nHost: a\r\n\r\n"
        case connect = "CONNECT example.org:443 HTTP/1.1\r\nHost: a\r\n\r\n"
        case noHost = "GET /lookup/1 HTTP/1.1\r\n\r\n"
        case twoHosts = "GET /lookup/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
        case wrongVersion = "GET /lookup/1 HTTP/7.3\r\nHost: a\r\n\r\n"
        case rubbish = "\u{1}\u{2}\u{3}rubbish\r\n\r\n"
        case noNumberAsLength = "POST /buy/1 HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"
        case negativeLength = "POST /buy/1 HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n"
        case twoLengths =
            "POST /buy/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n"
        case unknownEncoding = "POST /buy/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zip\r\n\r\n"
        case wrongChunk =
            "POST /buy/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"
        case nulInPath = "GET /lookup/1\u{0} HTTP/1.1\r\nHost: a\r\n\r\n"

        /// What is answered.
        var status: Int {
            switch self {
            case .unknownMethod, .trace: 405
            case .unknownEncoding: 501
            case .wrongVersion: 505
            default: 400
            }
        }
    }

    @Test(arguments: Malformed.allCases)
    func `A request that is not HTTP gets a problem document from nginx`(
        _ malformed: Malformed
    ) throws {
        let orders = try Audit(of: store).orders.count
        let connection = try HTTPConnection(port: store.port)
        try connection.send(Array(malformed.rawValue.utf8))
        expectProblem(try connection.receive(), malformed.status)
        try expectAlive()
        #expect(try Audit(of: store).orders.count == orders)
    }

    @Test(arguments: [20_000, 1_000_000, 10_000_000])
    func `A path that is too long is 414`(_ length: Int) throws {
        let connection = try HTTPConnection(port: store.port)
        let path = "/lookup/" + String(repeating: "1", count: length)
        try connection.send(Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        expectProblem(try connection.receive(), 414)
        try expectAlive()
    }

    @Test(arguments: [40_000, 1_000_000])
    func `Headers that are too large are 431`(_ length: Int) throws {
        let connection = try HTTPConnection(port: store.port)
        let header = "X-Large: " + String(repeating: "x", count: length)
        try connection.send(Array("GET /lookup/1 HTTP/1.1\r\nHost: a\r\n\(header)\r\n\r\n".utf8))
        expectProblem(try connection.receive(), 431)
        try expectAlive()
    }

    @Test func `Thousands of headers are refused, not read for ever`() throws {
        let connection = try HTTPConnection(port: store.port)
        let headers = (0..<20_000).map { "X-\($0): \($0)\r\n" }.joined()
        try connection.send(Array("GET /lookup/1 HTTP/1.1\r\nHost: a\r\n\(headers)\r\n".utf8))
        expectProblem(try connection.receive(), 431)
        try expectAlive()
    }

    @Test(arguments: ["/buy/1", "/lookup/1", "/items/1"])
    func `A body that is announced as too large is 413`(_ target: String) throws {
        let connection = try HTTPConnection(port: store.port)
        let method = target.hasPrefix("/items") ? "PUT" : target.hasPrefix("/buy") ? "POST" : "GET"
        let head =
            "\(method) \(target) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Authorization: Bearer \(store.adminToken)\r\nContent-Length: 100000000\r\n\r\n"
        try connection.send(Array(head.utf8))
        expectProblem(try connection.receive(), 413)
        try expectAlive()
    }

    @Test func `A body that comes in chunks and does not end is 413`() throws {
        let stock = try store.stock(of: 1)
        let connection = try HTTPConnection(port: store.port)
        let head = "POST /buy/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        try connection.send(Array(head.utf8))
        let chunk = Array(("10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n").utf8)
        for _ in 0..<160 { try connection.send(chunk) }
        expectProblem(try connection.receive(), 413)
        #expect(try store.stock(of: 1) == stock)
        try expectAlive()
    }

    @Test func `A client that goes away inside its body leaves nothing half done`() throws {
        let stock = try store.stock(of: 6)
        for _ in 0..<5 {
            let connection = try HTTPConnection(port: store.port)
            let head = "POST /buy/6 HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nonly this"
            try connection.send(Array(head.utf8))
        }
        try expectAlive()
        #expect(try store.stock(of: 6) == stock)
    }

    @Test func `A body that a buy does not need is read and passed over`() throws {
        let connection = try HTTPConnection(port: store.port)
        let body = [UInt8](repeating: 0x78, count: 5000)
        let answer = try connection.request("POST", "/buy/7", body: body)
        #expect(answer.status == 201)
        #expect(try connection.request("GET", "/lookup/7").status == 200)
    }

    // The longest is too much for nginx already.
    @Test(arguments: [(256, 400), (8000, 400), (10_000, 431)])
    func `A key that is too long is refused`(_ length: Int, _ status: Int) throws {
        let stock = try store.stock(of: 1)
        let answer = try store.buy(1, key: String(repeating: "k", count: length))
        expectProblem(answer, status)
        #expect(try store.stock(of: 1) == stock)
        try expectAlive()
    }

    @Test(arguments: [[0xFF, 0xFE], [0x61, 0x01, 0x62], [0xC3], [0x61, 0x7F], [0xC2, 0x85]])
    func `A key that is not printable text is refused`(_ key: [UInt8]) throws {
        let stock = try store.stock(of: 1)
        let connection = try HTTPConnection(port: store.port)
        let head = "POST /buy/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nIdempotency-Key: "
        try connection.send(Array(head.utf8) + key + Array("\r\n\r\n".utf8))
        expectProblem(try connection.receive(), 400)
        #expect(try store.stock(of: 1) == stock)
        try expectAlive()
    }

    @Test(arguments: [
        ("", 400), ("{", 400), ("not json", 400), ("\u{0}", 400), ("{}{}", 400), ("[]", 422),
        ("null", 422), ("{}", 422), (#"{"title":"t","topic":"o","cost":1}"#, 422),
        (#"{"title":"","topic":"o","cost":1,"stock":1}"#, 422),
        (#"{"title":7,"topic":"o","cost":1,"stock":1}"#, 422),
        (#"{"title":"t","topic":"o","cost":-1,"stock":1}"#, 422),
        (#"{"title":"t","topic":"o","cost":1.999,"stock":1}"#, 422),
        (#"{"title":"t","topic":"o","cost":"1","stock":1}"#, 422),
        (#"{"title":"t","topic":"o","cost":1,"stock":-1}"#, 422),
        (#"{"title":"t","topic":"o","cost":1,"stock":1.5}"#, 422),
        (#"{"title":"t","topic":"o","cost":1,"stock":1e99}"#, 422),
        (#"{"title":"t","topic":"o","cost":1,"stock":1,"color":"red"}"#, 422),
        (#"{"itemNumber":2,"title":"t","topic":"o","cost":1,"stock":1}"#, 422),
        (String(repeating: "[", count: 5000), 400),
    ])
    func `A body that is no book is refused and changes nothing`(
        _ body: String, _ status: Int
    ) throws {
        let before = try store.get("/lookup/4").text
        let answer = try store.administer(
            "PUT", "/items/4", body: body, contentType: "application/json")
        expectProblem(answer, status)
        #expect(try store.get("/lookup/4").text == before)
    }

    @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
    func `A body of another type is 415`(_ type: String) throws {
        let book = #"{"title":"t","topic":"o","cost":1,"stock":1}"#
        let answer = try store.administer("PUT", "/items/4", body: book, contentType: type)
        expectProblem(answer, 415)
    }

    @Test(arguments: [("0", 404), ("-1", 400), ("abc", 400), ("99999999999999999999", 404)])
    func `A book cannot be put where no book can be`(_ item: String, _ status: Int) throws {
        let book = #"{"title":"t","topic":"o","cost":1,"stock":1}"#
        let answer = try store.administer(
            "PUT", "/items/\(item)", body: book, contentType: "application/json")
        expectProblem(answer, status)
    }

    /// The same servers as before still answer.
    private func expectAlive() throws {
        #expect(try store.get("/lookup/2").status == 200)
        #expect(try store.get("/topics").status == 200)
    }
}
