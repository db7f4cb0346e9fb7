/// All that clients did and were told in one run, and the judgement of it.
struct History: Sendable {
    var deeds: [Deed]
    var failures: [ShopRequest] = []
    /// The requests that took longer than half a second to be answered.
    var lateAnswers: [ShopRequest] = []
    /// What a client saw at once to be wrong.
    var anomalies: [String] = []

    /// The buys, as the audit takes them.
    var receipts: [Receipt] {
        deeds.compactMap { deed in
            guard case .buy(let key) = deed.action else { return nil }
            var receipt = Receipt(key: key, item: deed.book)
            if case .sold(let number) = deed.outcome { receipt.orderNumber = number }
            receipt.isRefused = deed.outcome == .refused
            return receipt
        }
    }

    /// All that is wrong, given what the store holds when all is over. Empty where all is well.
    ///
    /// Every book is judged by itself: several objects are linearizable together where each of them
    /// is (Herlihy and Wing, theorem 1). What a buy came to that nobody was told is known by then:
    /// its key has an order, or it has none.
    /// - Parameter audited: when the audit was begun and ended.
    func faults(
        _ audit: Audit, audited: (start: Int64, end: Int64), openingStock: [Int: Int]
    ) -> [String] {
        let restocked = Set(
            deeds.compactMap { deed -> Int? in
                if case .restock = deed.action { deed.book } else { nil }
            })
        // Of a book that was filled up, stock + sales is judged by its history.
        var faults =
            anomalies
            + audit.faults(
                answered: receipts,
                openingStock: openingStock.filter { !restocked.contains($0.key) })
        let known = Set(receipts.map(\.key))
        faults += audit.orders.filter { !known.contains($0.key) }.prefix(5).map {
            "order \($0.number) has the key \($0.key), which nobody sent"
        }
        let sold = Set(audit.orders.map(\.key))
        for (book, opening) in openingStock.sorted(by: { $0.key < $1.key }) {
            var history = self.history(of: book, openingStock: opening, sold: sold)
            history.operations.append(
                BookHistory.Operation(
                    .saw(audit.stock[book] ?? -1), from: audited.start, to: audited.end, "audit"))
            if let fault = history.fault { faults.append("book \(book): \(fault)") }
        }
        return faults
    }

    /// What happened to one book.
    /// - Parameter sold: the keys that have an order.
    func history(of book: Int, openingStock: Int, sold: Set<String>) -> BookHistory {
        var history = BookHistory(openingStock: openingStock, operations: [])
        func add(_ effect: BookHistory.Effect, _ deed: Deed, endsAt end: Int64) {
            let label = "\(deed.client) \(deed.action)"
            history.operations.append(
                BookHistory.Operation(effect, from: deed.start, to: end, label))
        }
        for deed in deeds where deed.book == book {
            switch (deed.action, deed.outcome) {
            case (.lookup, .stock(let stock)): add(.saw(stock), deed, endsAt: deed.end)
            case (.lookup, _): break
            case (.buy, .sold): add(.sold, deed, endsAt: deed.end)
            case (.buy, .refused): add(.refused, deed, endsAt: deed.end)
            case (.buy(let key), _): if sold.contains(key) { add(.sold, deed, endsAt: .max) }
            case (.restock, .restocked(let level, let added)):
                add(.restocked(level: level, added: added), deed, endsAt: deed.end)
            case (.restock(let level), _):
                // Nobody was told: it may have been made, or be made yet, but once. Whoever sends
                // it on sends it under nginx's id, and what was made under an id is not made again.
                add(.mayHaveRestocked(level: level), deed, endsAt: .max)
            }
        }
        return history
    }

    /// The longest time between two good answers that followed each other, in seconds: of buys or
    /// of lookups, at some doors, from one moment to another.
    func longestPause(
        ofBuys: Bool, at doors: [Endpoint], within times: Range<Int64>
    ) -> Double {
        let names = Set(doors.map(\.name))
        let ends = deeds.filter { deed in
            guard deed.isKnown, names.contains(deed.door), times.contains(deed.end) else {
                return false
            }
            if case .buy = deed.action { return ofBuys }
            return deed.action == .lookup && !ofBuys
        }.map(\.end).sorted()
        let pauses = zip(ends, ends.dropFirst()).map { $1 - $0 }
        return Double(pauses.max() ?? 0) / 1e9
    }
}
