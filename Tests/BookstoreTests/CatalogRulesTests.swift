import Bookstore
import TestSupport
import Testing

@Suite("The rules of the catalog")
struct CatalogRulesTests {
    var catalog = MemoryCatalog(books: [book(1, stock: 3), book(2, stock: 0)])

    @Test("a buy takes a copy and makes the next sale")
    mutating func buyTakesCopy() {
        guard case .sale(let first, replayed: false) = catalog.apply(buy("a", at: 5)) else {
            Issue.record("not sold")
            return
        }
        #expect(first.saleNumber == 1)
        #expect(first.title == "Book 1" && first.cost == Cents(1250) && first.time == 5)
        #expect(catalog.book(1)?.stock == 2)
        _ = catalog.apply(buy("b"))
        #expect(catalog.sales().map(\.saleNumber) == [1, 2])
        #expect(catalog.audit().faults.isEmpty)
    }

    // A catalog that was lost in part learns from the orders what it had sold.
    @Test("a restored sale has its number and its key again, and is entered once")
    mutating func restoration() {
        _ = catalog.apply(buy("a"))
        let lost = (2...4).map { number in
            Sale(
                saleNumber: Int64(number), itemNumber: number == 4 ? 7 : 1, title: "T", topic: "P",
                cost: Cents(5), time: 1, key: key("lost \(number)"), quantity: 2)
        }
        for sale in [lost[0], lost[2]] {
            #expect(catalog.apply(.restoreSale(sale)) == .sale(sale, replayed: false))
        }
        #expect(catalog.apply(.restoreSale(lost[0])) == .nothing)
        #expect(catalog.counters.lastSaleNumber == 2)
        #expect(catalog.counters.highestSaleNumber == 4)
        // Number 3 is lost for good, and free; 4 is not.
        _ = catalog.apply(.restock(itemNumber: 1, maximum: 9))
        for (text, number) in [("b", 3), ("c", 5)] {
            guard case .sale(let sale, replayed: false) = catalog.apply(buy(text)) else {
                Issue.record("not sold")
                return
            }
            #expect(sale.saleNumber == Int64(number))
        }
        var repetition = CatalogOperation.Buy(key: key("lost 2"), itemNumber: 1, time: 3)
        repetition.quantity = 2
        #expect(catalog.apply(.buy(repetition)) == .sale(lost[0], replayed: true))
        #expect(catalog.book(1)?.stock == 7)
        #expect(catalog.book(7) == nil, "a book that nobody knows is not for sale")
        #expect(catalog.audit().faults.isEmpty)
    }

    @Test("a repeated key gets its first sale, whatever has become of the book since")
    mutating func repetitionOfSale() {
        guard case .sale(let first, replayed: false) = catalog.apply(buy("a")) else {
            Issue.record("not sold")
            return
        }
        var changed = book(1, stock: 0)
        changed.title = "Another title"
        _ = catalog.apply(.putBook(.init(changed)))
        #expect(catalog.apply(buy("a", at: 9)) == .sale(first, replayed: true))
        _ = catalog.apply(.withdraw(itemNumber: 1, condition: .always))
        #expect(catalog.apply(buy("a", at: 9)) == .sale(first, replayed: true))
        #expect(catalog.sales().count == 1)
        #expect(catalog.audit().faults.isEmpty)
    }

    @Test("a repeated key gets its first refusal, even when the book is back in stock")
    mutating func repetitionOfRefusal() {
        #expect(
            catalog.apply(buy("a", 2))
                == .refused(.outOfStock, itemNumber: 2, replayed: false))
        #expect(
            catalog.apply(.restock(itemNumber: 2, maximum: 50))
                == .restocked(itemNumber: 2, stock: 50, added: 50))
        #expect(catalog.apply(buy("a", 2)) == .refused(.outOfStock, itemNumber: 2, replayed: true))
        #expect(
            catalog.apply(buy("b", 9)) == .refused(.noSuchBook, itemNumber: 9, replayed: false))
        _ = catalog.apply(.putBook(.init(book(9))))
        #expect(catalog.apply(buy("b", 9)) == .refused(.noSuchBook, itemNumber: 9, replayed: true))
        #expect(catalog.sales().isEmpty)
    }

    @Test("a key used for another book changes nothing and names the book of its first use")
    mutating func keyReused() {
        _ = catalog.apply(buy("a", 1))
        let before = catalog.audit()
        #expect(catalog.apply(buy("a", 2)) == .keyReused(itemNumber: 1, quantity: 1))
        #expect(catalog.apply(buy("a", 99)) == .keyReused(itemNumber: 1, quantity: 1))
        #expect(catalog.apply(buy("a", of: 2)) == .keyReused(itemNumber: 1, quantity: 1))
        #expect(catalog.audit() == before)
    }

    @Test("several copies are sold together or not at all")
    mutating func quantities() {
        #expect(
            catalog.apply(buy("a", of: 4)) == .refused(.outOfStock, itemNumber: 1, replayed: false))
        guard case .sale(let sale, replayed: false) = catalog.apply(buy("b", of: 3)) else {
            Issue.record("not sold")
            return
        }
        #expect(sale.quantity == 3)
        #expect(catalog.book(1)?.stock == 0)
        #expect(catalog.audit().faults.isEmpty)
    }

    @Test("restocking fills up and never takes away")
    mutating func restocking() {
        #expect(
            catalog.apply(.restock(itemNumber: 1, maximum: 2))
                == .restocked(itemNumber: 1, stock: 3, added: 0))
        #expect(
            catalog.apply(.restock(itemNumber: 1, maximum: 50))
                == .restocked(itemNumber: 1, stock: 50, added: 47))
        #expect(catalog.apply(.restock(itemNumber: 8, maximum: 50)) == .noSuchBook(itemNumber: 8))
        #expect(catalog.audit().faults.isEmpty)
        #expect(catalog.audit().restocked == 47)
    }

    @Test("a book with a level of its own is restocked to that, whatever the store's is")
    mutating func levels() {
        var own = book(1, stock: 3)
        own.restockTo = 8
        let plain = catalog.book(1)
        #expect(catalog.apply(.putBook(.init(own))) == .stored(own, created: false))
        #expect(own.digest != plain?.digest)
        for maximum in [2, 50] as [Int64] {
            let added: Int64 = maximum == 2 ? 5 : 0
            #expect(
                catalog.apply(.restock(itemNumber: 1, maximum: maximum))
                    == .restocked(itemNumber: 1, stock: 8, added: added))
        }
        own.restockTo = nil
        _ = catalog.apply(.putBook(.init(own, keepsStock: true)))
        #expect(
            catalog.apply(.restock(itemNumber: 1, maximum: 50))
                == .restocked(itemNumber: 1, stock: 50, added: 42))
        #expect(catalog.audit().faults.isEmpty)
    }

    @Test("a book is added, changed, withdrawn and added again with its account kept")
    mutating func administration() {
        #expect(
            catalog.apply(.putBook(.init(book(5, stock: 8))))
                == .stored(book(5, stock: 8), created: true))
        _ = catalog.apply(buy("a", 5))
        #expect(
            catalog.apply(.putBook(.init(book(5, stock: 2))))
                == .stored(book(5, stock: 2), created: false))
        #expect(
            catalog.apply(.withdraw(itemNumber: 5, condition: .always))
                == .withdrawn(book(5, stock: 2)))
        #expect(catalog.book(5) == nil)
        #expect(
            catalog.apply(.withdraw(itemNumber: 5, condition: .always))
                == .noSuchBook(itemNumber: 5))
        #expect(
            catalog.apply(.restock(itemNumber: 5, maximum: 50)) == .noSuchBook(itemNumber: 5))
        #expect(
            catalog.apply(.putBook(.init(book(5, stock: 4), keepsStock: true)))
                == .stored(book(5, stock: 4), created: true))
        let record = catalog.record(of: 5)
        #expect(record?.opening == 8 && record?.sold == 1 && record?.restocked == -3)
        #expect(catalog.audit().faults.isEmpty)
    }

    @Test("a change is made once under its key, and told of as often as it is asked for")
    mutating func once() {
        let put = CatalogOperation.once(
            key: key("put"), time: 2000, .putBook(.init(book(5, stock: 8))))
        #expect(catalog.apply(put) == .stored(book(5, stock: 8), created: true))
        _ = catalog.apply(buy("a", 5))
        #expect(catalog.apply(put) == .stored(book(5, stock: 8), created: true))
        #expect(catalog.book(5)?.stock == 7)

        let restock = CatalogOperation.once(
            key: key("restock"), time: 2001, .restock(itemNumber: 5, maximum: 10))
        #expect(catalog.apply(restock) == .restocked(itemNumber: 5, stock: 10, added: 3))
        _ = catalog.apply(buy("b", 5))
        #expect(catalog.apply(restock) == .restocked(itemNumber: 5, stock: 10, added: 3))
        #expect(catalog.book(5)?.stock == 9)

        let withdraw = CatalogOperation.once(
            key: key("withdraw"), time: 2002, .withdraw(itemNumber: 5, condition: .always))
        #expect(catalog.apply(withdraw) == .withdrawn(book(5, stock: 9)))
        // A late change does not bring it back, nor a late withdrawal take a new one away.
        #expect(catalog.apply(put) == .stored(book(5, stock: 8), created: true))
        #expect(catalog.book(5) == nil)
        _ = catalog.apply(
            .once(key: key("again"), time: 2003, .putBook(.init(book(5, stock: 1)))))
        #expect(catalog.apply(withdraw) == .withdrawn(book(5, stock: 9)))
        #expect(catalog.book(5)?.stock == 1)
        #expect(catalog.audit().faults.isEmpty)
    }

    @Test("a change whose condition no longer holds was made where its key says so")
    mutating func onceGuarded() {
        let never = CatalogOperation.PutBook(book(5, stock: 8), condition: .never)
        #expect(
            catalog.apply(.once(key: key("a"), time: 1, .putBook(never)))
                == .conditionFailed(current: nil))
        _ = catalog.apply(.once(key: key("b"), time: 1, .putBook(.init(book(5, stock: 8)))))
        #expect(
            catalog.apply(.once(key: key("b"), time: 1, .putBook(never)))
                == .stored(book(5, stock: 8), created: true))
    }

    @Test("changes are remembered for an hour of log time, and then forgotten by later ones")
    mutating func forgetsChanges() {
        func put(_ text: String, at time: Int64) -> CatalogOperation {
            .once(key: key(text), time: time, .putBook(.init(book(5, stock: 8))))
        }
        let hour = Bookstore.changeRetention
        _ = catalog.apply(put("a", at: 1000))
        _ = catalog.apply(put("b", at: 1000 + hour))
        _ = catalog.apply(buy("x", 5, at: 1000 + hour))
        _ = catalog.apply(put("a", at: 1000 + hour))
        #expect(catalog.book(5)?.stock == 7)
        _ = catalog.apply(put("c", at: 1001 + hour))
        _ = catalog.apply(buy("y", 5, at: 1001 + hour))
        _ = catalog.apply(put("b", at: 1001 + hour))
        #expect(catalog.book(5)?.stock == 7)
        _ = catalog.apply(put("a", at: 1001 + hour))
        #expect(catalog.book(5)?.stock == 8)
    }

    @Test("a change that keeps the stock leaves it to the buys that came between")
    mutating func keepsStock() {
        _ = catalog.apply(buy("a", 1))
        var changed = book(1, stock: 999)
        changed.cost = Cents(1)
        _ = catalog.apply(.putBook(.init(changed, keepsStock: true)))
        #expect(catalog.book(1)?.stock == 2)
        #expect(catalog.book(1)?.cost == Cents(1))
    }

    @Test("a change whose condition does not hold changes nothing")
    mutating func conditions() {
        let digest = book(1, stock: 3).digest
        #expect(
            catalog.apply(.putBook(.init(book(1), condition: .isAbsent)))
                == .conditionFailed(current: book(1, stock: 3)))
        #expect(
            catalog.apply(.putBook(.init(book(9), condition: .isPresent)))
                == .conditionFailed(current: nil))
        _ = catalog.apply(buy("a", 1))
        #expect(
            catalog.apply(.withdraw(itemNumber: 1, condition: .hasDigest(digest)))
                == .conditionFailed(current: book(1, stock: 2)))
        #expect(
            catalog.apply(
                .putBook(.init(book(1), condition: .hasDigest(book(1, stock: 2).digest))))
                == .stored(book(1), created: false))
    }

    @Test("a key is remembered for 24 hours of log time, and then forgotten by later buys")
    mutating func forgetting() {
        let hour: Int64 = 60 * 60 * 1000
        _ = catalog.apply(buy("a", 1, at: 0))
        _ = catalog.apply(buy("b", 2, at: 24 * hour))
        guard case .sale(_, replayed: true) = catalog.apply(buy("a", 1, at: 24 * hour)) else {
            Issue.record("forgotten too early")
            return
        }
        _ = catalog.apply(buy("c", 2, at: 26 * hour))
        #expect(catalog.audit().keys == 2)
        guard case .sale(let again, replayed: false) = catalog.apply(buy("a", 1, at: 26 * hour))
        else {
            Issue.record("not forgotten")
            return
        }
        #expect(again.saleNumber == 2)
    }

    @Test("a clock that goes back neither forgets a key nor keeps the log time from growing")
    mutating func clockGoesBack() {
        _ = catalog.apply(buy("a", 1, at: 1_000_000))
        _ = catalog.apply(buy("b", 2, at: 5))
        #expect(catalog.counters.logTime == 1_000_000)
        #expect(catalog.audit().keys == 2)
    }

    @Test("an operation forgets a bounded number of keys, and more than it records")
    mutating func forgettingIsBounded() {
        for number in 0..<100 { _ = catalog.apply(buy("early \(number)", 2, at: 0)) }
        let late = Bookstore.keyRetention + 1
        _ = catalog.apply(buy("late", 2, at: late))
        #expect(catalog.audit().keys == Int64(101 - Bookstore.keysForgottenAtOnce))
        for number in 0..<40 { _ = catalog.apply(buy("late \(number)", 2, at: late)) }
        #expect(catalog.audit().keys == 41)
    }

    @Test("an entry without an operation comes to nothing, a foreign one is told apart")
    mutating func payloads() {
        let before = catalog.audit()
        #expect(catalog.apply(payload: []) == .success(.nothing))
        #expect(catalog.apply(payload: [1, 1, 0]) == .success(.malformed))
        #expect(catalog.apply(payload: [9, 1]) == .failure(.unknownVersion(9)))
        #expect(catalog.audit() == before)
    }

    @Test("whatever is done, every book's account adds up", arguments: 1...20)
    mutating func accountsAddUp(seed: Int) {
        var random = Lottery(seed: UInt64(seed))
        for step in 0..<2000 as Range<Int64> {
            let itemNumber = Int64.random(in: 1...5, using: &random)
            let operation: CatalogOperation =
                switch Int.random(in: 0..<20, using: &random) {
                case 0: .restock(itemNumber: itemNumber, maximum: 10)
                case 1:
                    .putBook(
                        .init(
                            book(itemNumber, stock: .random(in: 0...20, using: &random)),
                            keepsStock: .random(using: &random)))
                case 2: .withdraw(itemNumber: itemNumber, condition: .always)
                default:
                    buy(
                        "key \(Int.random(in: 0..<500, using: &random))", itemNumber,
                        of: .random(in: 1...2, using: &random), at: step * 400_000)
                }
            _ = catalog.apply(operation)
        }
        #expect(catalog.audit().faults.isEmpty)
        #expect(catalog.sales().enumerated().allSatisfy { $1.saleNumber == Int64($0) + 1 })
    }
}
