internal import ChildProcess
internal import Foundation

/// What a client was told of a buy.
struct Receipt: Sendable {
    var key: String
    var item: Int
    /// The order's number, where it was told that it bought.
    var orderNumber: Int?
    /// Whether it was told that there is no copy.
    var isRefused = false
}

/// What the store holds, as its administrator reads it: the books and the orders.
struct Audit: Sendable {
    struct Order: Sendable {
        var number: Int
        var item: Int
        var key: String
    }

    var stock: [Int: Int]
    var orders: [Order]

    /// Reads both CSV files.
    init(of stage: some Stage) throws {
        let catalog = try Self.table("/catalog.csv", of: stage)
        let sales = try Self.table("/orders.csv", of: stage)
        guard catalog.header == ["ItemNumber", "Title", "Topic", "Cost", "Stock"],
            sales.header == [
                "OrderNumber", "ItemNumber", "Title", "Topic", "Cost", "Timestamp",
                "IdempotencyKey",
            ]
        else { throw HarnessError("wrong headers: \(catalog.header) \(sales.header)") }
        stock = [:]
        for row in catalog.rows { stock[try Self.number(row[0])] = try Self.number(row[4]) }
        orders = try sales.rows.map { row in
            Order(number: try Self.number(row[0]), item: try Self.number(row[1]), key: row[6])
        }
    }

    /// All that is wrong with the store, given what its clients were told. Empty where all is well.
    /// - Parameter openingStock: of every book, before the first buy; without restocks since.
    func faults(answered receipts: [Receipt], openingStock: [Int: Int]) -> [String] {
        var faults: [String] = []
        let numbers = orders.map(\.number).sorted()
        if numbers != Array(1..<(numbers.count + 1)) {
            faults.append("the orders are not 1…\(numbers.count) without gap or repeat")
        }
        var byKey: [String: Order] = [:]
        for order in orders {
            if let other = byKey.updateValue(order, forKey: order.key) {
                faults.append("key \(order.key) has orders \(other.number) and \(order.number)")
            }
        }
        for receipt in receipts {
            let order = byKey[receipt.key]
            if let number = receipt.orderNumber {
                if order?.number != number || order?.item != receipt.item {
                    let stands = order.map { "\($0)" } ?? "no order"
                    faults.append("\(receipt.key) was told \(number), stands as \(stands)")
                }
            } else if receipt.isRefused, let order {
                faults.append("\(receipt.key) was refused, but stands as order \(order.number)")
            }
        }
        let sold = Dictionary(grouping: orders, by: \.item).mapValues(\.count)
        for (item, opening) in openingStock.sorted(by: { $0.key < $1.key }) {
            let left = stock[item] ?? -1
            if left < 0 || left + sold[item, default: 0] != opening {
                faults.append(
                    "book \(item): \(left) left + \(sold[item, default: 0]) sold, not \(opening)")
            }
        }
        return Array(faults.prefix(20))
    }

    private static func table(_ target: String, of stage: some Stage) throws -> CSVTable {
        try CSVTable(stage.read(target).text)
    }

    private static func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw HarnessError("not a number: \(text)") }
        return number
    }
}

extension Stage {
    /// Waits until the books, the orders and what clients were told agree, then has `pygmy` audit
    /// too.
    ///
    /// The wait is for sales whose order is still to be fetched; what clients were told must be
    /// there.
    func audit(_ purchases: [Purchase], openingStock: Int) throws {
        let opening = Dictionary(uniqueKeysWithValues: (1...7).map { ($0, openingStock) })
        try audit(purchases, openingStock: opening)
    }

    func audit(_ purchases: [Purchase], openingStock: [Int: Int]) throws {
        try eventually("an audit without faults", within: .seconds(15)) {
            let faults = try Audit(of: self).faults(
                answered: purchases.map(\.receipt), openingStock: openingStock)
            if !faults.isEmpty { throw HarnessError(faults.joined(separator: "\n")) }
            return true
        }
        try auditByProgram()
    }

    /// Has `pygmy` audit the store.
    func auditByProgram() throws {
        let status = try pygmy(["status", "--audit"])
        guard status.status == .exited(0) else {
            throw HarnessError("pygmy status --audit: \(status)")
        }
    }
}
