import API
import Synchronization
import Testing

@testable import client

private let book = #"{"itemNumber":2,"title":"RPCs","topic":"T","cost":15.00,"stock":21}"#
private let order = """
    {"orderNumber":17,"itemNumber":2,"title":"RPCs","topic":"T","cost":15.00,"idempotencyKey":"k"}
    """
private let outOfStock = TinyAnswer(
    status: 409, headers: ["Content-Type": "application/problem+json"],
    body: #"{"title":"Out of stock","detail":"\"RPCs\" is out of stock","status":409}"#)
private let unavailable = TinyAnswer(
    status: 503, headers: ["Retry-After": "1"],
    body: #"{"title":"Service unavailable","detail":"Not now","status":503}"#)

/// A client of a tiny store that does not really wait, and the pauses that it would have made.
private func client(of store: TinyStore, pauses: Pauses = Pauses()) -> StoreClient {
    var patience = StoreClient.Patience()
    patience.whileUnknown = .milliseconds(3500)
    patience.pause = { pauses.add($0) }
    return StoreClient(address: Address(host: "127.0.0.1", port: store.port), patience: patience)
}

private final class Pauses: Sendable {
    private let all = Mutex<[Duration]>([])
    func add(_ pause: Duration) { all.withLock { $0.append(pause) } }
    var list: [Duration] { all.withLock { $0 } }
}

@Suite struct `The client of a store` {
    @Test func `A lookup is shown a line a field`() throws {
        let store = try TinyStore { _, _ in TinyAnswer(body: book) }
        defer { store.stop() }
        let expected = """
            Item number: 2
            Title:       RPCs
            Topic:       T
            Cost:        15.00
            Stock:       21
            """
        #expect(
            client(of: store).lookup(item: "2")
                == .done(body: Array(book.utf8), text: expected))
        #expect(store.requests.first?.path == "/lookup/2")
    }

    @Test func `A topic is encoded whatever is in it, and its books are listed`() throws {
        let body =
            #"{"topic":"a/b","items":[{"itemNumber":1,"title":"A"},{"itemNumber":1234567,"title":"B"}]}"#
        let store = try TinyStore { _, _ in TinyAnswer(body: body) }
        defer { store.stop() }
        #expect(
            client(of: store).search(topic: "a/b?c#d é%..")
                == .done(body: Array(body.utf8), text: "a/b:\n     1  A\n1234567  B"))
        #expect(store.requests.first?.path == "/search/a%2Fb%3Fc%23d%20%C3%A9%25..")
        _ = client(of: store).search(topic: "..")
        #expect(store.requests.last?.path == "/search/%2E%2E")
    }

    @Test func `Books are found by words, and listed with their topics`() throws {
        let body = #"{"query":"a & b","items":[{"itemNumber":4,"title":"A","topic":"T"}]}"#
        let store = try TinyStore { _, number in
            TinyAnswer(body: number == 0 ? body : #"{"query":"x","items":[]}"#)
        }
        defer { store.stop() }
        #expect(
            client(of: store).find(words: "a & b")
                == .done(body: Array(body.utf8), text: "     4  A (T)"))
        #expect(store.requests.first?.path == "/search?q=a%20%26%20b")
        guard case .done(_, let text) = client(of: store).find(words: "x") else {
            Issue.record("it was refused")
            return
        }
        #expect(text == "No title has all of these words: x")
    }

    @Test func `A buy is a POST with a key, another one for every buy`() throws {
        let store = try TinyStore { _, _ in TinyAnswer(status: 201, body: order) }
        defer { store.stop() }
        let client = client(of: store)
        for _ in 0..<2 {
            #expect(
                client.buy(item: "2")
                    == .done(
                        body: Array(order.utf8),
                        text: "Bought \"RPCs\" for 15.00. Order number: 17\nKey: k"))
        }
        #expect(store.requests.allSatisfy { $0.method == "POST" && $0.path == "/buy/2" })
        let keys = store.requests.compactMap { $0.headers["idempotency-key"] }
        #expect(Set(keys).count == 2)
    }

    @Test func `Several copies are one buy, and shown as such`() throws {
        let body = order.replacing(#""cost":15.00"#, with: #""cost":15.00,"quantity":3"#)
        let store = try TinyStore { _, _ in TinyAnswer(status: 201, body: body) }
        defer { store.stop() }
        #expect(
            client(of: store).buy(item: "2", quantity: 3)
                == .done(
                    body: Array(body.utf8),
                    text: "Bought 3 copies of \"RPCs\" for 15.00 each. Order number: 17\nKey: k"))
        #expect(store.requests.map(\.path) == ["/buy/2?quantity=3"])
    }

    @Test func `A buy that is not confirmed is repeated with its key until it is`() throws {
        let store = try TinyStore { _, number in
            switch number {
            case 0: nil
            case 1: unavailable
            case 2: TinyAnswer(status: 502, body: "<html>")
            default: TinyAnswer(status: 200, body: order)
            }
        }
        defer { store.stop() }
        let pauses = Pauses()
        let outcome = client(of: store, pauses: pauses).buy(item: "2")
        guard case .done = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(Set(store.requests.compactMap { $0.headers["idempotency-key"] }).count == 1)
        #expect(store.requests.count == 4)
        // What the store asks for, else a pause that grows.
        #expect(pauses.list.contains(.seconds(1)))
    }

    @Test func `A buy that is never confirmed tells the key to learn its outcome with`() throws {
        let store = try TinyStore { _, _ in unavailable }
        defer { store.stop() }
        var patience = StoreClient.Patience()
        patience.whileUnknown = .milliseconds(100)
        let client = StoreClient(
            address: Address(host: "127.0.0.1", port: store.port), patience: patience)
        guard case .unavailable(_, let text) = client.buy(item: "2", key: "my-key") else {
            Issue.record("it was confirmed")
            return
        }
        #expect(text.hasPrefix("Service unavailable: Not now."))
        #expect(text.contains("client buy 2 --key my-key"))
    }

    @Test func `A refusal is not repeated`() throws {
        let store = try TinyStore { _, _ in outOfStock }
        defer { store.stop() }
        #expect(
            client(of: store).buy(item: "2")
                == .refused(
                    body: Array(outOfStock.body.utf8),
                    text: "Out of stock: \"RPCs\" is out of stock."))
        #expect(store.requests.count == 1)
    }

    @Test func `Where nobody listens nothing was bought, and that is said`() throws {
        let store = try TinyStore { _, _ in nil }
        store.stop()
        // The port is closed with the last accept; until then a connection may still be taken.
        var client = client(of: store)
        client.patience.whileUnreached = .milliseconds(50)
        let deadline = ContinuousClock.now + .seconds(30)
        while case .unavailable(_, let text) = client.lookup(item: "1"),
            !text.contains("refused")
        {
            try #require(ContinuousClock.now < deadline, "\(text)")
        }
        guard case .unavailable(_, let text) = client.buy(item: "1") else {
            Issue.record("somebody sold a book")
            return
        }
        #expect(text.contains("does not answer"))
        #expect(!text.contains("--key"))
    }

    @Test(arguments: ["<html>", "", "{}", "[1]", "{\"itemNumber\":true}"])
    func `What is not a store is not believed`(_ body: String) throws {
        let store = try TinyStore { _, _ in TinyAnswer(body: body) }
        defer { store.stop() }
        guard case .unavailable(_, let text) = client(of: store).lookup(item: "1") else {
            Issue.record("it was believed")
            return
        }
        #expect(text.contains("is not a Pygmy store"))
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"), ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("127.0.0.1:1", "127.0.0.1:1"), ("HTTP://Example.org", "example.org:80"),
        ("http://[::1]:5", "[::1]:5"), ("http://[::1]/", "[::1]:80"),
    ])
    func `A URL is read`(_ url: String, _ address: String) throws {
        #expect(try StoreOption.address(of: url).description == address)
    }

    @Test(arguments: ["not a url", "https://a:1", "http://", "", "http://a/b", "ftp://a", "a"])
    func `What is no URL of a store is refused`(_ url: String) {
        #expect(throws: (any Error).self) { try StoreOption.address(of: url) }
    }
}

@Suite struct `The menu` {
    private final class Person: Sendable {
        private let lines: Mutex<[String]>
        private let seen = Mutex<[String]>([])
        init(_ text: String) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(
                String.init)
            self.lines = Mutex(lines)
        }
        func type() -> String? { lines.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
        func see(_ text: String) { seen.withLock { $0.append(text) } }
        var output: String { seen.withLock { $0.joined(separator: "\n") } }
    }

    private func visit(_ store: TinyStore, typing text: String) -> String {
        let person = Person(text)
        var menu = Menu(store: client(of: store), readLine: person.type, write: person.see)
        menu.run()
        return person.output
    }

    @Test func `It searches, looks up and buys, and does not mind what is typed`() throws {
        let store = try TinyStore { request, _ in
            if request.path.hasPrefix("/search") {
                return TinyAnswer(body: #"{"topic":"T","items":[]}"#)
            }
            return request.method == "POST" ? TinyAnswer(body: order) : TinyAnswer(body: book)
        }
        defer { store.stop() }
        let output = visit(
            store, typing: "1\n T \n2\n2\n buy \n2\nnonsense\n\n2\nabc\n3\n-1\n1\n\n4\n1\nT")
        #expect(output.contains("There are no books about T."))
        #expect(output.contains("Cost:        15.00"))
        #expect(output.contains("Order number: 17"))
        #expect(output.contains("Please type 1, 2, 3 or 4."))
        #expect(output.contains("\"abc\" is not an item number"))
        #expect(output.contains("\"-1\" is not an item number"))
        #expect(output.contains("A search needs a topic."))
        #expect(output.hasSuffix("Goodbye."))
        #expect(store.requests.map(\.path) == ["/search/T", "/lookup/2", "/buy/2"])
    }

    @Test(arguments: ["", "1", "2", "2\n", "3"])
    func `It ends with its input, wherever that ends`(_ text: String) throws {
        let store = try TinyStore { _, _ in TinyAnswer(body: book) }
        defer { store.stop() }
        let person = Person(text)
        var menu = Menu(store: client(of: store), readLine: person.type, write: person.see)
        menu.run()
        #expect(person.type() == nil)
    }
}
