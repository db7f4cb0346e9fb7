internal import Bookstore
internal import Durability

/// The state of the orders inside a transaction, as the rules see it.
struct SQLiteOrders: OrderState {
    typealias Failure = StorageError

    var counters: OrderCounters
    private let connection: Connection
    private let path: String
    /// The greatest number of a sale that has an order: new sales are above it as a rule, and need
    /// not be looked for. Found out for the second sale of a transaction; a lone one is looked for.
    private var highestSale: Int64?
    private var hasLooked = false

    init(_ connection: Connection, path: String) throws(StorageError) {
        self.connection = connection
        self.path = path
        counters = try OrderTables.counters(connection, path)
    }

    func saveCounters() throws(StorageError) {
        let update = try PreparedStatement(
            "UPDATE counters SET last_order = ?, settled_through = ?, sales_digest = ?", connection,
            file: path)
        update.bind(counters.lastOrderNumber, at: 1)
        update.bind(counters.settledThrough, at: 2)
        update.bind(counters.salesDigest, at: 3)
        try update.run()
    }

    mutating func order(ofSale saleNumber: Int64) throws(StorageError) -> Order? {
        if hasLooked, highestSale == nil {
            highestSale = try OrderTables.highestSale(connection, path)
        }
        hasLooked = true
        if let highestSale, saleNumber > highestSale { return nil }
        return try OrderTables.order(OrderTables.selectBySale, saleNumber, connection, path)
    }

    func hasOrder(ofSale saleNumber: Int64) throws(StorageError) -> Bool {
        let select = try PreparedStatement(
            "SELECT 1 FROM orders WHERE sale = ?", connection, file: path)
        defer { select.reset() }
        select.bind(saleNumber, at: 1)
        return try select.step()
    }

    mutating func store(_ order: Order) throws(StorageError) {
        highestSale = highestSale.map { max($0, order.sale.saleNumber) }
        let insert = try PreparedStatement(
            OrderTables.insertOrder, connection, file: path)
        insert.bind(order.orderNumber, at: 1)
        insert.bind(order.sale.saleNumber, at: 2)
        SaleColumns.bind(order.sale, insert, from: 3)
        try insert.run()
    }
}

/// The tables of the orders, and the statements that more than one of its users needs.
enum OrderTables {
    static let schema = Schema(
        applicationID: 0x5079_4f72,
        versions: [firstVersion, secondVersion])

    private static let firstVersion = Schema.Version(
        tables: [
            StateFile.appliedTable,
            """
            CREATE TABLE counters (
                id INTEGER PRIMARY KEY CHECK (id = 1), last_order INTEGER NOT NULL,
                settled_through INTEGER NOT NULL, sales_digest INTEGER NOT NULL)
            """,
            SaleColumns.table(
                "orders", number: "number INTEGER PRIMARY KEY, sale INTEGER NOT NULL"),
            "CREATE UNIQUE INDEX orders_by_sale ON orders (sale)",
        ],
        content: [
            "INSERT INTO applied VALUES (1, 0, 0)",
            "INSERT INTO counters VALUES (1, 0, 0, 0)",
        ])

    /// For the history of orders; each entry ends with the order's number.
    private static let secondVersion = Schema.Version(
        tables: [
            "CREATE INDEX orders_by_time ON orders (time)",
            "CREATE INDEX orders_by_item ON orders (item, time)",
        ])

    // Texts that are put together once, and not for each order.
    static let insertOrder = SaleColumns.insert(into: "orders", numbers: 2)
    static let selectByNumber = select + "WHERE number = ?"
    static let selectBySale = select + "WHERE sale = ?"
    static let select =
        "SELECT \(SaleColumns.names("orders", number: "sale")), orders.number FROM orders "

    static func order(_ row: PreparedStatement, _ path: String) throws(StorageError) -> Order {
        Order(orderNumber: row.number(at: 8), sale: try SaleColumns.sale(row, path))
    }

    static func order(
        _ sql: String, _ number: Int64, _ connection: Connection, _ path: String
    ) throws(StorageError) -> Order? {
        let select = try PreparedStatement(sql, connection, file: path)
        defer { select.reset() }
        select.bind(number, at: 1)
        return try select.step() ? try order(select, path) : nil
    }

    /// The greatest number of a sale that has an order; 0 where there is none.
    static func highestSale(
        _ connection: Connection, _ path: String
    ) throws(StorageError) -> Int64 {
        let select = try PreparedStatement(
            "SELECT MAX(sale) FROM orders", connection, file: path)
        defer { select.reset() }
        return try select.step() ? select.number(at: 0) : 0
    }

    static func counters(
        _ connection: Connection, _ path: String
    ) throws(StorageError) -> OrderCounters {
        let select = try PreparedStatement(
            "SELECT last_order, settled_through, sales_digest FROM counters", connection,
            file: path)
        defer { select.reset() }
        guard try select.step() else {
            throw .damaged(file: path, reason: "it has no counters")
        }
        var counters = OrderCounters()
        counters.lastOrderNumber = select.number(at: 0)
        counters.settledThrough = select.number(at: 1)
        counters.salesDigest = select.unsigned(at: 2)
        return counters
    }
}
