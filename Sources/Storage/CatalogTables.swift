internal import Bookstore
internal import Durability

/// The tables of a catalog, and the statements that more than one of its users needs.
enum CatalogTables {
    /// Withdrawn books keep their row, and with it their account. A key of a sale stands in the
    /// sale, a key of a refusal here; both are found by a keyed hash of eight bytes, which no
    /// client can make collide.
    static let schema = Schema(
        applicationID: 0x5079_4361,
        versions: [firstVersion, secondVersion, thirdVersion, fourthVersion])

    private static let firstVersion = Schema.Version(
        tables: [
            StateFile.appliedTable,
            """
            CREATE TABLE catalog (
                id INTEGER PRIMARY KEY CHECK (id = 1), log_time INTEGER NOT NULL,
                last_sale INTEGER NOT NULL, sales_digest INTEGER NOT NULL,
                is_imported INTEGER NOT NULL, key_seed BLOB NOT NULL)
            """,
            """
            CREATE TABLE books (
                item INTEGER PRIMARY KEY, title TEXT NOT NULL, topic TEXT NOT NULL,
                cost INTEGER NOT NULL, stock INTEGER NOT NULL, opening INTEGER NOT NULL,
                restocked INTEGER NOT NULL, sold INTEGER NOT NULL, is_withdrawn INTEGER NOT NULL)
            """,
            "CREATE INDEX books_by_topic ON books (topic, item) WHERE is_withdrawn = 0",
            SaleColumns.table("sales", number: "number INTEGER PRIMARY KEY"),
            """
            CREATE TABLE keys (
                seq INTEGER PRIMARY KEY, hash INTEGER NOT NULL, time INTEGER NOT NULL,
                sale INTEGER, refusal INTEGER, item INTEGER, key BLOB)
            """,
            "CREATE INDEX keys_by_hash ON keys (hash)",
        ],
        content: [
            "INSERT INTO applied VALUES (1, 0, 0)",
            "INSERT INTO catalog VALUES (1, 0, 0, 0, 0, randomblob(16))",
        ])

    /// The words of the titles that are not withdrawn, and the stocks that books are filled up to
    /// which have one of their own.
    private static let secondVersion = Schema.Version(
        tables: [
            """
            CREATE VIRTUAL TABLE titles USING fts5(
                title, content='books', content_rowid='item',
                tokenize='unicode61 remove_diacritics 2')
            """
        ],
        content: [indexTitles], columns: [("books", "restock_to INTEGER")])

    /// Keys are found through a table that is written late and in the order of their hashes: all of
    /// them up to `keys_through`. See `docs/decisions/late-indexes.md`.
    private static let thirdVersion = Schema.Version(
        tables: [
            """
            CREATE TABLE key_index (
                hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (hash, seq))
                WITHOUT ROWID
            """
        ],
        content: [
            "INSERT INTO key_index SELECT hash, seq FROM keys ORDER BY hash, seq",
            "UPDATE catalog SET keys_through = (SELECT coalesce(max(seq), 0) FROM keys)",
        ], columns: [("catalog", "keys_through INTEGER NOT NULL DEFAULT 0")],
        droppedIndexes: ["keys_by_hash"])

    /// What changes by administrators came to, each under its key.
    private static let fourthVersion = Schema.Version(
        tables: [
            """
            CREATE TABLE changes (
                seq INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, time INTEGER NOT NULL,
                outcome BLOB NOT NULL)
            """
        ])

    /// Enters all titles, where none is entered.
    static let indexTitles =
        "INSERT INTO titles (rowid, title) SELECT item, title FROM books WHERE is_withdrawn = 0"

    /// The columns of every version.
    static let accountColumns =
        "item, title, topic, cost, stock, opening, restocked, sold, is_withdrawn"
    static let bookColumns = accountColumns + ", restock_to"
    static let insertBook =
        "INSERT OR REPLACE INTO books (\(bookColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

    static func insert(
        _ record: BookRecord, _ insert: PreparedStatement
    ) throws(StorageError) {
        insert.bind(record.book.itemNumber, at: 1)
        insert.bind(record.book.title, at: 2)
        insert.bind(record.book.topic, at: 3)
        insert.bind(record.book.cost.amount, at: 4)
        insert.bind(record.book.stock, at: 5)
        insert.bind(record.opening, at: 6)
        insert.bind(record.restocked, at: 7)
        insert.bind(record.sold, at: 8)
        insert.bind(record.isWithdrawn ? 1 : 0 as Int64, at: 9)
        if let restockTo = record.book.restockTo {
            insert.bind(restockTo, at: 10)
        } else {
            insert.bindNull(at: 10)
        }
        try insert.run()
    }

    static func record(_ row: PreparedStatement) -> BookRecord {
        BookRecord(
            book: book(row), opening: row.number(at: 5), restocked: row.number(at: 6),
            sold: row.number(at: 7), isWithdrawn: row.number(at: 8) != 0)
    }

    static func book(_ row: PreparedStatement) -> Book {
        Book(
            itemNumber: row.number(at: 0), title: row.text(at: 1), topic: row.text(at: 2),
            cost: Cents(row.number(at: 3)), stock: row.number(at: 4),
            restockTo: row.isNull(at: 9) ? nil : row.number(at: 9))
    }

    static func record(
        of itemNumber: Int64, _ connection: Connection, _ path: String
    ) throws(StorageError) -> BookRecord? {
        let select = try PreparedStatement(
            selectBook, connection, file: path)
        defer { select.reset() }
        select.bind(itemNumber, at: 1)
        guard try select.step() else { return nil }
        let record = record(select)
        // The pages of the file have no checksum, but every book has its account.
        guard record.isBalanced else {
            throw .damaged(file: path, reason: "the account of book \(itemNumber) does not add up")
        }
        return record
    }

    static func counters(
        _ connection: Connection, _ path: String
    ) throws(StorageError) -> CatalogCounters {
        let select = try PreparedStatement(
            """
            SELECT log_time, last_sale, sales_digest, (SELECT MAX(number) FROM sales)
            FROM catalog
            """,
            connection, file: path)
        defer { select.reset() }
        guard try select.step() else {
            throw .damaged(file: path, reason: "it has no counters")
        }
        var counters = CatalogCounters()
        counters.logTime = select.number(at: 0)
        counters.lastSaleNumber = select.number(at: 1)
        counters.salesDigest = select.unsigned(at: 2)
        counters.highestSaleNumber = select.number(at: 3)
        return counters
    }

    static func seed(
        _ connection: Connection, _ path: String
    ) throws(StorageError) -> KeySeed {
        let select = try PreparedStatement("SELECT key_seed FROM catalog", connection, file: path)
        defer { select.reset() }
        guard try select.step(), let seed = KeySeed(select.bytes(at: 0)) else {
            throw .damaged(file: path, reason: "it has no seed for its keys")
        }
        return seed
    }

    // A text that is put together costs more than the statement itself: each is made once.
    private static let selectBook = "SELECT \(bookColumns) FROM books WHERE item = ?"
    private static let selectUse = """
        SELECT \(SaleColumns.names("sales")), keys.sale, keys.refusal, keys.item, keys.key
        FROM keys LEFT JOIN sales ON sales.number = keys.sale
        """
    private static let selectUseInRow = selectUse + " WHERE keys.seq = ?"
    /// One statement, which sees the index and what is not in it at one moment.
    private static let selectUseAnywhere = """
        \(selectUse) WHERE keys.seq IN (
            SELECT seq FROM key_index WHERE hash = ?1
            UNION SELECT seq FROM keys
                WHERE seq > (SELECT keys_through FROM catalog) AND hash = ?1)
        ORDER BY keys.seq
        """

    /// A refusal and how many copies were refused, as the column `refusal` has them: the reason in
    /// the lowest byte, above it the copies beyond the first.
    static func column(_ refusal: CatalogOutcome.Refusal, quantity: Int64) -> Int64 {
        (quantity - 1) << 8 | Int64(refusal.rawValue)
    }

    private static func refusal(
        _ column: Int64
    ) -> (CatalogOutcome.Refusal, quantity: Int64)? {
        let quantity = column >> 8 + 1
        guard Sale.quantities.contains(quantity) else { return nil }
        return CatalogOutcome.Refusal(rawValue: UInt8(column & 0xff)).map { ($0, quantity) }
    }

    static let insertSale = SaleColumns.insert(into: "sales")

    /// What a key came to, wherever it is found.
    static func use(
        of key: IdempotencyKey, _ seed: KeySeed, _ connection: Connection, _ path: String
    ) throws(StorageError) -> KeyUse? {
        let select = try PreparedStatement(selectUseAnywhere, connection, file: path)
        select.bind(seed.column(key), at: 1)
        return try use(of: key, select, path)
    }

    /// What a key came to, where it is the one of a row.
    static func use(
        of key: IdempotencyKey, at sequence: Int64, _ connection: Connection, _ path: String
    ) throws(StorageError) -> KeyUse? {
        let select = try PreparedStatement(selectUseInRow, connection, file: path)
        select.bind(sequence, at: 1)
        return try use(of: key, select, path)
    }

    private static func use(
        of key: IdempotencyKey, _ select: PreparedStatement, _ path: String
    ) throws(StorageError) -> KeyUse? {
        defer { select.reset() }
        while try select.step() {
            if !select.isNull(at: 8) {
                let sale = try SaleColumns.sale(select, number: 8, path)
                guard sale.key == key else { continue }
                return KeyUse(
                    itemNumber: sale.itemNumber, quantity: sale.quantity, result: .sale(sale))
            }
            guard select.bytes(at: 11) == key.bytes else { continue }
            guard let (refusal, quantity) = refusal(select.number(at: 9)) else {
                throw .damaged(file: path, reason: "a refusal has no reason")
            }
            return KeyUse(
                itemNumber: select.number(at: 10), quantity: quantity, result: .refused(refusal))
        }
        return nil
    }
}

extension CatalogTables {
    /// Reads the keys that are not in the index yet, while nobody writes.
    static func stage(
        limit: Int, _ connection: Connection, _ path: String
    ) throws(StorageError) -> KeyStage {
        let through = try PreparedStatement(
            "SELECT keys_through FROM catalog", connection, file: path)
        defer { through.reset() }
        guard try through.step() else {
            throw .damaged(file: path, reason: "it does not say which keys are in the index")
        }
        var stage = KeyStage(through: through.number(at: 0), limit: limit)
        let rows = try PreparedStatement(
            "SELECT hash, seq FROM keys WHERE seq > ? ORDER BY seq", connection, file: path)
        defer { rows.reset() }
        rows.bind(stage.through, at: 1)
        while try rows.step() {
            stage.load(.init(hash: rows.number(at: 0), sequence: rows.number(at: 1)))
        }
        return stage
    }
}

/// The columns of a sale, in the catalog's sales and in the orders.
enum SaleColumns {
    static func table(_ name: String, number: String) -> String {
        """
        CREATE TABLE \(name) (
            \(number), item INTEGER NOT NULL, title TEXT NOT NULL, topic TEXT NOT NULL,
            cost INTEGER NOT NULL, time INTEGER NOT NULL, key BLOB NOT NULL,
            quantity INTEGER NOT NULL)
        """
    }

    /// Seven columns, then the sale's number at the eighth place.
    static func names(_ table: String, number: String = "number") -> String {
        ["item", "title", "topic", "cost", "time", "key", "quantity", number]
            .map { "\(table).\($0)" }.joined(separator: ", ")
    }

    static func insert(into table: String, numbers: Int = 1) -> String {
        let places = Array(repeating: "?", count: numbers + 7).joined(separator: ", ")
        return "INSERT INTO \(table) VALUES (\(places))"
    }

    static func bind(_ sale: Sale, _ insert: PreparedStatement, from first: Int32) {
        insert.bind(sale.itemNumber, at: first)
        insert.bind(sale.title, at: first + 1)
        insert.bind(sale.topic, at: first + 2)
        insert.bind(sale.cost.amount, at: first + 3)
        insert.bind(sale.time, at: first + 4)
        insert.bind(sale.key.bytes, at: first + 5)
        insert.bind(sale.quantity, at: first + 6)
    }

    static func sale(
        _ row: PreparedStatement, number column: Int32 = 7, _ path: String
    ) throws(StorageError) -> Sale {
        let number = row.number(at: column)
        guard let key = IdempotencyKey(row.bytes(at: 5)) else {
            throw .damaged(file: path, reason: "sale \(number) has no key")
        }
        return Sale(
            saleNumber: number, itemNumber: row.number(at: 0), title: row.text(at: 1),
            topic: row.text(at: 2), cost: Cents(row.number(at: 3)), time: row.number(at: 4),
            key: key, quantity: row.number(at: 6))
    }
}
