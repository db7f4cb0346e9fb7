import API
import Testing

@Suite struct Problems {
    /// One of each.
    static let all: [Problem] =
        [
            .malformedRequest("x"), .notANumber("x"), .unauthorized(),
            .notFound("/x"), .notFound(), .methodNotAllowed("PUT", allowed: ["GET", "HEAD"]),
            .methodNotAllowed(allowed: ["GET"]), .preconditionFailed(itemNumber: 1, etag: "\"x\""),
            .bodyTooLarge(limit: 1), .uriTooLong(limit: 1), .unsupportedMediaType(nil),
            .invalidBook(["x"]), .headersTooLarge(limit: 1), .requestTimeout(), .lengthRequired(),
            .rangeNotSatisfiable(), .notImplemented(), .versionNotSupported(), .noSuchBook(1),
            .noSuchOrder(nil), .outOfStock(itemNumber: 1, quantity: 3, idempotencyKey: "k"),
            .keyReused(itemNumber: 1, earlier: (2, 1), idempotencyKey: "k"), .badGateway(),
            .unavailable(),
            .outcomeUnknown(itemNumber: 1, idempotencyKey: "k"), .overloaded(),
            .noView(of: "catalog", waitingFor: ["catalogServer2"]), .gatewayTimeout(),
            .internalFault(),
        ] + ofKeys

    private static let ofKeys: [Problem] = {
        do throws(IdempotencyKeyFault) {
            _ = try IdempotencyKeyHeader.validated([])
            return []
        } catch {
            return [.invalidKey(error)]
        }
    }()

    @Test(arguments: all)
    func `Every problem is a document with a type, a title, its status and a detail`(
        _ problem: Problem
    ) throws {
        let document = try JSON(parsing: problem.body)
        #expect(
            document.members?.map(\.name).prefix(4) == ["type", "title", "status", "detail"])
        #expect(document["type"]?.string == "/problems/\(problem.slug)")
        #expect(document["title"]?.string?.isEmpty == false)
        #expect(document["status"]?.integer == Int64(problem.status))
        #expect(document["detail"]?.string?.isEmpty == false)
    }

    @Test(arguments: all)
    func `Every 503 says when to come back, every 405 what is allowed, every 401 how`(
        _ problem: Problem
    ) {
        let headers = problem.headers.map(\.name)
        #expect(headers.contains("Retry-After") == (problem.status == 503))
        #expect(headers.contains("Allow") == (problem.status == 405))
        #expect(headers.contains("WWW-Authenticate") == (problem.status == 401))
    }

    @Test func `What helps the caller stands in the document`() throws {
        let unknown = try JSON(
            parsing: Problem.outcomeUnknown(itemNumber: 7, idempotencyKey: "k\n").body)
        #expect(unknown["itemNumber"]?.integer == 7)
        #expect(unknown["idempotencyKey"]?.string == "k\n")
        let waiting = try JSON(
            parsing: Problem.noView(of: "order", waitingFor: ["orderServer2"]).body)
        #expect(waiting["waitingFor"]?.elements?.first?.string == "orderServer2")
        #expect(waiting["detail"]?.string?.contains("orderServer2") == true)
        let book = try JSON(parsing: Problem.invalidBook(["a", "b"]).body)
        #expect(book["faults"]?.elements?.compactMap(\.string) == ["a", "b"])
    }

    @Test func `What a caller sent is shown, but never at length`() {
        let path = String(repeating: "é", count: 100_000)
        #expect(Problem.notFound(path).body.count < 500)
        #expect(Problem.notANumber(path).body.count < 500)
        #expect(Problem.methodNotAllowed(path, allowed: ["GET"]).body.count < 500)
    }
}

@Suite struct `Item numbers` {
    @Test(arguments: [
        ("1", ItemNumber.number(1)), ("007", .number(7)),
        ("9007199254740991", .number(9_007_199_254_740_991)), ("9007199254740992", .ofNoBook),
        ("9223372036854775807", .ofNoBook), ("9223372036854775808", .ofNoBook),
        ("0", .ofNoBook), ("000", .ofNoBook), (String(repeating: "9", count: 10_000), .ofNoBook),
        (String(repeating: "0", count: 100) + "5", .number(5)),
    ])
    func `ASCII digits are a number, of a book or of none`(_ text: String, _ number: ItemNumber) {
        #expect(ItemNumber.parse(text) == number)
    }

    @Test(arguments: [
        "", "-1", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "١٢", "１", "1/2", "1\u{0}", "abc", "1,000",
    ])
    func `Nothing else is one`(_ text: String) {
        #expect(ItemNumber.parse(text) == .malformed)
    }
}

@Suite struct `Idempotency keys` {
    @Test(arguments: [
        "k", " ", "\"quoted\"", "ключ", "👩‍👩‍👧‍👦", String(repeating: "x", count: 255),
        String(repeating: "é", count: 255),
    ])
    func `Printable characters make a key, byte by byte`(_ text: String) throws {
        #expect(try IdempotencyKeyHeader.validated(text.utf8) == Array(text.utf8))
    }

    @Test func `Keys that only look alike are different`() throws {
        let composed = try IdempotencyKeyHeader.validated("\u{e9}".utf8)
        #expect(try IdempotencyKeyHeader.validated("e\u{301}".utf8) != composed)
    }

    @Test(arguments: [
        ("", "empty"), (String(repeating: "x", count: 256), "longer"),
        (String(repeating: "é", count: 256), "longer"),
        (String(repeating: "x", count: 100_000), "longer"), ("a\u{0}", "control"),
        ("a\nb", "control"), ("\u{7f}", "control"), ("\u{85}", "control"), ("\u{2028}", "control"),
    ])
    func `Anything else is refused`(_ text: String, _ word: String) {
        let fault = #expect(throws: IdempotencyKeyFault.self) {
            try IdempotencyKeyHeader.validated(text.utf8)
        }
        #expect(fault?.description.contains(word) == true)
    }

    @Test func `Bytes that are not UTF-8 are refused`() {
        let fault = #expect(throws: IdempotencyKeyFault.self) {
            try IdempotencyKeyHeader.validated([0xff, 0xfe])
        }
        #expect(fault?.description.contains("UTF-8") == true)
    }
}
