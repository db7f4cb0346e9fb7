import Bookstore
import TestSupport
import Testing

@Suite("What travels as bytes")
struct CodingTests {
    static let operations: [CatalogOperation] = [
        buy("a"), buy("ключ", 9_007_199_254_740_991, of: 1_000_000, at: 5),
        .restock(itemNumber: 3, maximum: 50),
        .putBook(.init(book(4, topic: "Größe, \"quoted\"\nline"))),
        .putBook(.init(book(4), keepsStock: true, condition: .isAbsent)),
        .putBook(.init(level(book(4), 0), condition: .isPresent)),
        .putBook(.init(level(book(4), 1_000_000_000), keepsStock: true)),
        .withdraw(itemNumber: 4, condition: .hasDigest(.max)),
        .withdraw(itemNumber: 4, condition: .isPresent),
        .once(key: key("k"), time: 7, .restock(itemNumber: 3, maximum: 50)),
        .once(key: key("ключ"), time: 7, .putBook(.init(level(book(4), 9), condition: .never))),
        .once(key: key("k"), time: 7, .withdraw(itemNumber: 4, condition: .always)),
    ]

    private static func level(_ book: Book, _ restockTo: Int64) -> Book {
        var book = book
        book.restockTo = restockTo
        return book
    }

    static let outcomes: [CatalogOutcome] = [
        .nothing, .malformed, .sale(sale(1), replayed: true),
        .sale(sale(9_007_199_254_000_000), replayed: false),
        .refused(.outOfStock, itemNumber: 1, replayed: true),
        .refused(.noSuchBook, itemNumber: 1, replayed: false),
        .keyReused(itemNumber: 3, quantity: 2),
        .restocked(itemNumber: 1, stock: 50, added: 0), .stored(book(), created: true),
        .withdrawn(book()), .noSuchBook(itemNumber: 2), .conditionFailed(current: nil),
        .conditionFailed(current: book()),
        .stored(level(book(), 0), created: false), .withdrawn(level(book(), 5)),
        .conditionFailed(current: level(book(), 1_000_000_000)),
    ]

    @Test("only a change can be one that is made once")
    func notOnce() {
        for operation in [buy("a"), .restoreSale(sale(1))] {
            let wrapped = CatalogOperation.once(key: key("k"), time: 7, operation)
            #expect(throws: DecodingFault.outOfRange) {
                try CatalogOperation(decoding: wrapped.encoded)
            }
        }
        let twice = CatalogOperation.once(
            key: key("k"), time: 7,
            .once(key: key("l"), time: 7, .restock(itemNumber: 1, maximum: 5)))
        #expect(throws: DecodingFault.outOfRange) {
            try CatalogOperation(decoding: twice.encoded)
        }
    }

    static let orderOutcomes: [OrderOutcome] = [
        .nothing, .malformed, .recorded([]),
        .recorded([.init(order: Order(orderNumber: 1, sale: sale(2)), replayed: true)]),
    ]

    @Test("an operation is read as it was written", arguments: operations)
    func operation(_ operation: CatalogOperation) throws {
        #expect(try CatalogOperation(decoding: operation.encoded) == operation)
    }

    @Test("an outcome is read as it was written", arguments: outcomes)
    func outcome(_ outcome: CatalogOutcome) throws {
        #expect(try CatalogOutcome(decoding: outcome.encoded) == outcome)
    }

    @Test("an operation and an outcome of the orders are read as they were written")
    func orders() throws {
        let operation = OrderOperation.record([sale(1), sale(5)])
        #expect(try OrderOperation(decoding: operation.encoded) == operation)
        for outcome in Self.orderOutcomes {
            #expect(try OrderOutcome(decoding: outcome.encoded) == outcome)
        }
    }

    @Test("bytes that break off, go on or are of another version are refused")
    func refused() {
        for bytes in Self.operations.map(\.encoded) {
            for length in 0..<bytes.count {
                #expect(throws: DecodingFault.self) {
                    try CatalogOperation(decoding: Array(bytes.prefix(length)))
                }
            }
            #expect(throws: DecodingFault.trailingBytes) {
                try CatalogOperation(decoding: bytes + [0])
            }
            #expect(throws: DecodingFault.unknownVersion(77)) {
                try CatalogOperation(decoding: [77] + bytes.dropFirst())
            }
        }
    }

    @Test("values out of bounds are refused")
    func outOfBounds() {
        for operation: CatalogOperation in [
            buy("a", 0), buy("a", .max), buy("a", of: 0), buy("a", of: -1), buy("a", at: -1),
            buy("a", at: .max),
            .restock(itemNumber: 1, maximum: -1), .putBook(.init(book(stock: -1))),
            .putBook(.init(book(topic: ""))),
        ] {
            #expect(throws: DecodingFault.outOfRange) {
                try CatalogOperation(decoding: operation.encoded)
            }
        }
    }

    @Test("arbitrary bytes never end in a crash", arguments: 1...4 as ClosedRange<UInt64>)
    func arbitrary(seed: UInt64) {
        var random = Lottery(seed: seed)
        let samples = Self.operations.map(\.encoded) + Self.outcomes.map(\.encoded)
        for _ in 0..<5000 {
            var bytes = samples.randomElement(using: &random) ?? [1, 1]
            for _ in 0..<3 {
                let place = Int.random(in: 1..<bytes.count, using: &random)
                bytes[place] = .random(in: 0...255, using: &random)
            }
            _ = try? CatalogOperation(decoding: bytes)
            _ = try? CatalogOutcome(decoding: bytes)
            _ = try? OrderOperation(decoding: bytes)
            _ = try? OrderOutcome(decoding: bytes)
        }
    }

    @Test("digests are those of every release")
    func digests() {
        #expect(book().digest == 14_240_472_854_621_575_806)
        #expect(sale(1).digest == 15_283_612_379_691_436_165)
    }

    @Test(
        "amounts are read and written with two decimals",
        arguments: [
            ("10", 1000, "10.00"), ("10.5", 1050, "10.50"), ("0.07", 7, "0.07"),
            ("10.00", 1000, "10.00"),
        ] as [(String, Int64, String)])
    func cents(text: String, amount: Int64, written: String) {
        #expect(Cents(decimal: text) == Cents(amount))
        #expect(Cents(amount).description == written)
    }

    @Test(
        "what is no amount is refused",
        arguments: ["", ".", "1.", ".5", "-1", "+1", "1.234", "1e3", "1 ", "٣", "9999999999999"])
    func notCents(text: String) {
        #expect(Cents(decimal: text) == nil)
    }

    @Test("keys have a bounded number of bytes, at least one, and are compared byte by byte")
    func keys() {
        #expect(IdempotencyKey("") == nil)
        #expect(IdempotencyKey(String(repeating: "x", count: 1021)) == nil)
        #expect(IdempotencyKey(String(repeating: "x", count: 1020)) != nil)
        #expect(key("é") != key("e\u{301}"))
    }
}
