import Bookstore
import Replication

/// What the committed logs come to, and whether what clients saw can be explained by it.
struct Replay {
    private var catalog: MemoryCatalog
    private var orders = MemoryOrders()
    private(set) var faults: [String] = []
    /// Every book's states, one a version.
    private var stocks: [Int64: [Int64: Int64]] = [:]
    /// The sale of a key, and the book's version that it made.
    private var sales: [String: (sale: Sale, version: Int64)] = [:]
    /// The version of the book at which a key was refused.
    private var refusals: [String: Int64] = [:]

    var items: [Int64] { Array(stocks.keys) }

    init(catalog: MemoryCatalog) {
        self.catalog = catalog
        for book in catalog.books { note(book.itemNumber) }
    }

    private mutating func note(_ item: Int64) {
        guard let record = catalog.record(of: item) else { return }
        let view = BookView(record)
        stocks[item, default: [:]][view.version] = view.stock
        if view.stock < 0 { faults.append("book \(item) has less than nothing in stock") }
    }

    mutating func sell(_ entry: Entry) {
        guard let operation = try? CatalogOperation(decoding: entry.payload) else { return }
        let outcome = catalog.apply(operation)
        note(operation.itemNumber)
        guard case .buy(let buy) = operation, let record = catalog.record(of: buy.itemNumber)
        else { return }
        let key = String(buy.key.text.prefix { $0 != "#" })
        let version = BookView(record).version
        switch outcome {
        case .sale(let sale, false):
            if sales[key] != nil { faults.append("\(key) was bought twice") }
            sales[key] = (sale, version)
        case .refused(_, _, false): refusals[key] = version
        default: break
        }
    }

    mutating func order(_ entry: Entry) { _ = orders.apply(payload: entry.payload) }

    /// What is wrong with the answer that a client got, seen by itself.
    func fault(of operation: Judge.Operation) -> String? {
        switch operation.result {
        case .view(let view, _)?:
            guard stocks[operation.item]?[view.version] == view.stock else {
                return "a lookup of book \(operation.item) saw \(view), which it never was"
            }
        case .purchase(.order(let number, let saleNumber))?:
            guard let sold = sales[operation.key] else {
                return "\(operation.key) was answered with an order, and there is no sale"
            }
            guard sold.sale.saleNumber == saleNumber, orders.order(number)?.sale == sold.sale else {
                return "\(operation.key) was answered with order \(number), which is another one"
            }
        case .purchase(.outOfStock)?:
            guard refusals[operation.key] != nil else {
                return "\(operation.key) was answered as refused, and there is no refusal"
            }
            if sales[operation.key] != nil { return "\(operation.key) was refused and sold" }
        case .done?, nil: break
        }
        return nil
    }

    /// Whether the operations on a book could have happened one after the other, each between its
    /// beginning and its end: the committed log says in which order the book's states came.
    func order(of operations: [Judge.Operation]) -> String? {
        var events: [(time: Int64, isEnd: Bool, version: Int64, isWrite: Bool, text: String)] = []
        for operation in operations {
            guard let (version, isWrite) = version(of: operation) else { continue }
            let text =
                "\(operation.kind) \(operation.key) at "
                + "\(Double(operation.invoked) / 1e9) s, version \(version)"
            events.append((operation.invoked, false, version, isWrite, text))
            if let answered = operation.answered {
                events.append((answered, true, version, isWrite, text))
            }
        }
        events.sort { ($0.time, $0.isEnd ? 1 : 0) < ($1.time, $1.isEnd ? 1 : 0) }
        var newest: Int64 = .min
        var newestText = ""
        for event in events {
            if event.isEnd {
                if event.version > newest {
                    newest = event.version
                    newestText = event.text
                }
            } else if event.version < newest || (event.isWrite && event.version == newest) {
                return "not linearizable: (\(event.text)) began after (\(newestText)) had ended"
            }
        }
        return nil
    }

    private func version(of operation: Judge.Operation) -> (Int64, isWrite: Bool)? {
        switch operation.kind {
        case .lookup:
            guard case .view(let view, _)? = operation.result else { return nil }
            return (view.version, false)
        case .buy:
            if let sold = sales[operation.key] { return (sold.version, true) }
            return refusals[operation.key].map { ($0, false) }
        case .restock: return nil
        }
    }
}
