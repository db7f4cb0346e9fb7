import Bookstore
import Replication

/// What the committed logs come to, by the rules of the store written a second time: so a fault in
/// the rules, or in a replica's way of applying them, is not taken for right.
struct Ledger {
    /// A book's account.
    struct Account: Equatable {
        var opening: Int64
        var stock: Int64
        var added: Int64 = 0
        var sold: Int64 = 0

        /// How many changes of its stock the book has seen, as `BookView` counts them.
        var version: Int64 { added + sold }
    }

    /// What a buy came to, and the book's version then.
    enum Decision: Equatable {
        case sold(saleNumber: Int64, item: Int64, version: Int64)
        case refused(item: Int64, version: Int64)

        var item: Int64 {
            switch self {
            case .sold(_, let item, _), .refused(let item, _): item
            }
        }
    }

    private(set) var accounts: [Int64: Account] = [:]
    /// Every book's stock, by version.
    private(set) var stocks: [Int64: [Int64: Int64]] = [:]
    /// What a client's key came to.
    private(set) var decisions: [String: Decision] = [:]
    private var loggedKeys: Set<String> = []
    private(set) var sales: Int64 = 0
    /// The sale of every order, by its number less one.
    private(set) var orders: [Int64] = []
    private var ordered: Set<Int64> = []
    private(set) var faults: [String] = []

    init(books: Int, stock: Int64) {
        for item in 1...Int64(books) {
            accounts[item] = Account(opening: stock, stock: stock)
            stocks[item] = [0: stock]
        }
    }

    /// Enters an entry of the catalog's log.
    mutating func sell(_ entry: Entry) {
        guard !entry.payload.isEmpty else { return }
        guard let operation = try? CatalogOperation(decoding: entry.payload) else {
            return faults.append("\(entry.position) of the catalog's log cannot be read")
        }
        let item = operation.itemNumber
        guard var account = accounts[item] else { return }
        switch operation {
        case .buy(let buy):
            guard loggedKeys.insert(buy.key.text).inserted else { return }
            // A mutation adds to the key what makes every attempt another one.
            let key = String(buy.key.text.prefix { $0 != "#" })
            if account.stock >= buy.quantity {
                account.stock -= buy.quantity
                account.sold += buy.quantity
                sales += 1
                if case .sold? = decisions[key] { faults.append("\(key) was bought twice") }
                decisions[key] = .sold(saleNumber: sales, item: item, version: account.version)
            } else {
                if case .sold? = decisions[key] { faults.append("\(key) was sold and refused") }
                decisions[key] = .refused(item: item, version: account.version)
            }
        case .restock(_, let maximum):
            account.added += max(0, maximum - account.stock)
            account.stock = max(account.stock, maximum)
        case .putBook, .withdraw, .restoreSale, .once:
            faults.append("nobody asked for \(operation)")
        }
        if account.stock < 0 { faults.append("book \(item) has less than nothing in stock") }
        if account.stock + account.sold != account.opening + account.added {
            faults.append("book \(item) does not add up: \(account)")
        }
        accounts[item] = account
        stocks[item]?[account.version] = account.stock
    }

    /// Enters an entry of the orders' log.
    mutating func order(_ entry: Entry) {
        guard !entry.payload.isEmpty else { return }
        guard case .record(let recorded)? = try? OrderOperation(decoding: entry.payload) else {
            return faults.append("\(entry.position) of the orders' log cannot be read")
        }
        for sale in recorded where ordered.insert(sale.saleNumber).inserted {
            orders.append(sale.saleNumber)
        }
    }

    /// What is wrong with a replica's state, where it has applied the whole log.
    func fault(of state: Machine) -> String? {
        switch state {
        case .catalog(let catalog): fault(of: catalog)
        case .orders(let state): fault(of: state)
        }
    }

    private func fault(of catalog: MemoryCatalog) -> String? {
        for (item, account) in accounts.sorted(by: { $0.key < $1.key }) {
            guard let record = catalog.record(of: item),
                record.book.stock == account.stock, record.sold == account.sold,
                record.restocked == account.added, record.opening == account.opening
            else { return "has another account of book \(item) than its log makes" }
        }
        let sold = catalog.sales().map { "\($0.saleNumber) \($0.itemNumber)" }
        let expected = decisions.values.compactMap { decision -> (Int64, Int64)? in
            guard case .sold(let number, let item, _) = decision else { return nil }
            return (number, item)
        }
        .sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1)" }
        return sold == expected ? nil : "has other sales than its log makes"
    }

    private func fault(of state: MemoryOrders) -> String? {
        let numbers = state.orders().map(\.orderNumber)
        if numbers != (0..<Int64(orders.count)).map({ $0 + 1 }) { return "has a gap in its orders" }
        return state.orders().map(\.sale.saleNumber) == orders
            ? nil : "has other orders than its log makes"
    }
}
