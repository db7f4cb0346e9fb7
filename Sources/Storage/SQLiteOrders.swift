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
    /// Every order up to this one is in the index by books.
    private var indexedThrough: Int64

    init(_ connection: Connection, path: String) throws(StorageError) {
        self.connection = connection
        self.path = path
        counters = try OrderTables.counters(connection, path)
        indexedThrough = try OrderTables.indexedThrough(connection, path)
    }

    /// Writes what was kept in memory so far; once, when everything is applied.
    /// - Parameter count: how many orders are to gather before they are entered in the index by
    ///   books.
    mutating func save(indexingEvery count: Int64) throws(StorageError) {
        if counters.lastOrderNumber - indexedThrough >= count {
            let insert = try PreparedStatement(OrderTables.enterOrders, connection, file: path)
            insert.bind(indexedThrough, at: 1)
            try insert.run()
            indexedThrough = counters.lastOrderNumber
        }
        let update = try PreparedStatement(
            """
            UPDATE counters SET last_order = ?, settled_through = ?, sales_digest = ?,
                indexed_through = ?
            """, connection, file: path)
        update.bind(counters.lastOrderNumber, at: 1)
        update.bind(counters.settledThrough, at: 2)
        update.bind(counters.salesDigest, at: 3)
        update.bind(indexedThrough, at: 4)
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
        versions: [firstVersion, secondVersion, thirdVersion])

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

    /// A book's orders are found through a table that is written late, for many orders at once: all
    /// of them up to `indexed_through`. See `docs/decisions/late-indexes.md`.
    private static let thirdVersion = Schema.Version(
        tables: [
            """
            CREATE TABLE orders_of_items (
                item INTEGER NOT NULL, time INTEGER NOT NULL, number INTEGER NOT NULL,
                PRIMARY KEY (item, time, number)) WITHOUT ROWID
            """
        ],
        content: [
            enterAll,
            "UPDATE counters SET indexed_through = (SELECT coalesce(max(number), 0) FROM orders)",
        ], columns: [("counters", "indexed_through INTEGER NOT NULL DEFAULT 0")],
        droppedIndexes: ["orders_by_item"])

    /// The index that it takes the place of has them in this order.
    private static let enterAll = """
        INSERT INTO orders_of_items
        SELECT item, time, number FROM orders ORDER BY item, time, number
        """
    /// Enters the orders behind a number in the index by books.
    static let enterOrders = """
        INSERT INTO orders_of_items
        SELECT item, time, number FROM orders NOT INDEXED WHERE number > ?1
        ORDER BY item, time, number
        """

    /// A page of the history: behind a time and an order number, up to another time, so many, of a
    /// book where it is of one.
    static func selectHistory(ofOneBook: Bool, isNewestFirst: Bool) -> String {
        let direction = isNewestFirst ? "DESC" : "ASC"
        let range =
            isNewestFirst
            ? "(time, number) < (?1, ?2) AND time >= ?3" : "(time, number) > (?1, ?2) AND time < ?3"
        func order(_ table: String) -> String {
            "ORDER BY \(table)time \(direction), \(table)number \(direction) LIMIT ?4"
        }
        guard ofOneBook else { return "\(select) WHERE \(range) \(order(""))" }
        // One statement, which sees the index and what is not in it at one moment.
        return """
            WITH found AS (
                SELECT * FROM (
                    SELECT time, number FROM orders_of_items
                    WHERE item = ?5 AND \(range) \(order("")))
                UNION ALL
                SELECT * FROM (
                    SELECT time, number FROM orders NOT INDEXED
                    WHERE number > (SELECT indexed_through FROM counters) AND item = ?5
                        AND \(range)
                    \(order(""))))
            \(select) JOIN found ON orders.number = found.number \(order("found."))
            """
    }

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
        try number("SELECT MAX(sale) FROM orders", connection, path)
    }

    /// Up to which order the index by books is complete.
    static func indexedThrough(
        _ connection: Connection, _ path: String
    ) throws(StorageError) -> Int64 {
        try number("SELECT indexed_through FROM counters", connection, path)
    }

    private static func number(
        _ sql: String, _ connection: Connection, _ path: String
    ) throws(StorageError) -> Int64 {
        let select = try PreparedStatement(sql, connection, file: path)
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
