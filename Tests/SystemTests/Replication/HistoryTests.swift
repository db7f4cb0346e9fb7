internal import Testing

/// What clients were told becomes the history of a book, in which each of it happens once.
struct HistoryTests {
    private func deed(
        _ action: Deed.Action, _ outcome: Deed.Outcome, from start: Int64, to end: Int64
    ) -> Deed {
        Deed(
            client: "client", door: "door", book: 1, action: action, outcome: outcome,
            start: start, end: end)
    }

    /// What is wrong with book 1, which began with `stock` copies.
    private func fault(stock: Int, _ deeds: [Deed]) -> String? {
        History(deeds: deeds).history(of: 1, openingStock: stock, sold: []).fault
    }

    /// Two copies are sold, the book is filled up, and one more is sold.
    private func restocked(_ outcome: Deed.Outcome) -> [Deed] {
        [
            deed(.buy(key: "a"), .sold(orderNumber: 1), from: 0, to: 1),
            deed(.buy(key: "b"), .sold(orderNumber: 2), from: 2, to: 3),
            deed(.restock(level: 50), outcome, from: 4, to: 5),
            deed(.buy(key: "c"), .sold(orderNumber: 3), from: 6, to: 7),
        ]
    }

    @Test func `An answered restock that is made a second time is found`() {
        let once = restocked(.restocked(level: 50, added: 2))
        #expect(fault(stock: 50, once + [deed(.lookup, .stock(49), from: 8, to: 9)]) == nil)
        let twice = once + [deed(.lookup, .stock(50), from: 8, to: 9)]
        #expect(fault(stock: 50, twice)?.contains("saw(50)") == true)
    }

    @Test func `A restock that nobody was told of may be made late, or never, but once`() {
        let unknown = restocked(.unknown("no answer"))
        for stock in [47, 49, 50] {
            let look = deed(.lookup, .stock(stock), from: 8, to: 9)
            #expect(fault(stock: 50, unknown + [look]) == nil, "\(stock)")
        }
        let twice = [
            deed(.lookup, .stock(50), from: 8, to: 9),
            deed(.buy(key: "d"), .sold(orderNumber: 4), from: 10, to: 11),
            deed(.lookup, .stock(50), from: 12, to: 13),
        ]
        #expect(fault(stock: 50, unknown + twice) != nil)
    }
}
