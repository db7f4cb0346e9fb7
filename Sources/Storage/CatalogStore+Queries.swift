public import Bookstore
public import Durability

extension CatalogStore {
    /// A book as a customer sees it: nothing where there is none, or it was withdrawn.
    public func book(_ itemNumber: Int64) throws(StorageError) -> Book? {
        guard let record = try record(of: itemNumber), !record.isWithdrawn else { return nil }
        return record.book
    }

    /// A book with its account, also where it was withdrawn.
    public func record(of itemNumber: Int64) throws(StorageError) -> BookRecord? {
        let file = file
        return try file.read { connection throws(StorageError) in
            try CatalogTables.record(of: itemNumber, connection, file.path)
        }
    }

    /// The books of a topic whose item numbers are greater than `after`, by item number.
    public func search(
        topic: String, after itemNumber: Int64 = 0, limit: Int
    ) throws(StorageError) -> [Book] {
        try books(
            """
            SELECT \(CatalogTables.bookColumns) FROM books
            WHERE is_withdrawn = 0 AND topic = ?3 AND item > ?1 ORDER BY item LIMIT ?2
            """, after: itemNumber, limit: limit, topic: topic)
    }

    /// The books whose item numbers are greater than `after`, by item number.
    public func books(
        after itemNumber: Int64 = 0, limit: Int
    ) throws(StorageError) -> [Book] {
        try books(
            """
            SELECT \(CatalogTables.bookColumns) FROM books
            WHERE is_withdrawn = 0 AND item > ?1 ORDER BY item LIMIT ?2
            """, after: itemNumber, limit: limit)
    }

    /// The most matches of a search by words that are ranked: what a search costs is bounded.
    public static let matchesRanked = 10_000

    /// The books whose titles have all of some words, the last of which may be the beginning of
    /// one; the best matches first (BM25), equal ones by item number.
    /// - Parameters:
    ///   - words: letters and digits alone; no words match nothing.
    ///   - offset: how many books to leave out.
    public func search(
        words: [String], offset: Int, limit: Int
    ) throws(StorageError) -> [Book] {
        guard !words.isEmpty else { return [] }
        let file = file
        // Quoted, no word is an operator; the star makes the last one a beginning.
        let phrase =
            words.map { "\"\($0.replacing("\"", with: ""))\"" }.joined(separator: " ") + " *"
        return try file.read { connection throws(StorageError) in
            let select = try PreparedStatement(
                """
                SELECT \(CatalogTables.bookColumns) FROM (
                    SELECT rowid AS number, bm25(titles) AS score FROM titles
                    WHERE titles MATCH ?1 LIMIT \(Self.matchesRanked)) AS matches
                JOIN books ON books.item = matches.number
                ORDER BY matches.score, matches.number LIMIT ?2 OFFSET ?3
                """, connection, file: file.path)
            defer { select.reset() }
            select.bind(phrase, at: 1)
            select.bind(Int64(limit), at: 2)
            select.bind(Int64(offset), at: 3)
            var books: [Book] = []
            while try select.step() { books.append(CatalogTables.book(select)) }
            return books
        }
    }

    /// Item numbers of books that are to be restocked, and greater than `after`, in their order.
    /// Reads all books: for the thread that restocks, not for requests.
    public func itemsOutOfStock(
        after itemNumber: Int64 = 0, limit: Int
    ) throws(StorageError) -> [Int64] {
        try books(
            """
            SELECT \(CatalogTables.bookColumns) FROM books
            WHERE is_withdrawn = 0 AND stock = 0 AND item > ?1
                AND restock_to IS NOT 0
            ORDER BY item LIMIT ?2
            """, after: itemNumber, limit: limit
        ).map(\.itemNumber)
    }

    private func books(
        _ sql: String, after itemNumber: Int64, limit: Int, topic: String? = nil
    ) throws(StorageError) -> [Book] {
        let file = file
        return try file.read { connection throws(StorageError) in
            let select = try PreparedStatement(sql, connection, file: file.path)
            defer { select.reset() }
            select.bind(itemNumber, at: 1)
            select.bind(Int64(limit), at: 2)
            if let topic { select.bind(topic, at: 3) }
            var books: [Book] = []
            while try select.step() { books.append(CatalogTables.book(select)) }
            return books
        }
    }

    /// All topics, by their UTF-8. Takes a look at the index for each, not at all books.
    public func topics() throws(StorageError) -> [String] {
        let file = file
        return try file.read { connection throws(StorageError) in
            let select = try PreparedStatement(
                """
                WITH RECURSIVE topics (topic) AS (
                    SELECT min(topic) FROM books WHERE is_withdrawn = 0
                    UNION ALL
                    SELECT (
                        SELECT min(topic) FROM books
                        WHERE is_withdrawn = 0 AND topic > topics.topic)
                    FROM topics WHERE topic IS NOT NULL)
                SELECT topic FROM topics WHERE topic IS NOT NULL
                """, connection, file: file.path)
            defer { select.reset() }
            var topics: [String] = []
            while try select.step() { topics.append(select.text(at: 0)) }
            return topics
        }
    }

    /// What a key came to when it was first used, unless it is forgotten or was never used. Looks
    /// at each of the latest keys, which only the one who applies entries finds at once.
    public func use(of key: IdempotencyKey) throws(StorageError) -> KeyUse? {
        let file = file
        return try file.read { connection throws(StorageError) in
            let seed = try CatalogTables.seed(connection, file.path)
            return try CatalogTables.use(of: key, seed, connection, file.path)
        }
    }

    /// The sales after a sale number, in order.
    public func sales(
        after saleNumber: Int64 = 0, limit: Int
    ) throws(StorageError) -> [Sale] {
        let file = file
        return try file.read { connection throws(StorageError) in
            let select = try PreparedStatement(
                "SELECT \(SaleColumns.names("sales")) FROM sales WHERE number > ? "
                    + "ORDER BY number LIMIT ?",
                connection, file: file.path)
            defer { select.reset() }
            select.bind(saleNumber, at: 1)
            select.bind(Int64(limit), at: 2)
            var sales: [Sale] = []
            while try select.step() { sales.append(try SaleColumns.sale(select, file.path)) }
            return sales
        }
    }

    /// The numbers that are kept of the whole catalog; `lastSaleNumber` among them.
    public func counters() throws(StorageError) -> CatalogCounters {
        let file = file
        return try file.read { connection throws(StorageError) in
            try CatalogTables.counters(connection, file.path)
        }
    }

    /// Checks everything there is, as it is at one moment, while work goes on: minutes for tens of
    /// millions of sales.
    /// - Parameter through: up to which number the sales are summed up apart.
    public func audit(through: Int64 = 0) throws(StorageError) -> CatalogAudit {
        let file = file
        return try file.longRead { connection throws(StorageError) in
            try CatalogTables.audit(connection, file.path, through: through)
        }
    }
}

extension CatalogTables {
    /// Checks everything there is; inside a transaction.
    static func audit(
        _ connection: Connection, _ path: String, through: Int64 = 0
    ) throws(StorageError) -> CatalogAudit {
        var audit = CatalogAudit(counters: try counters(connection, path), through: through)
        let sales = try PreparedStatement(
            "SELECT \(SaleColumns.names("sales")) FROM sales ORDER BY number", connection,
            file: path)
        while try sales.step() { audit.add(try SaleColumns.sale(sales, path)) }
        let sums = try PreparedStatement(
            "SELECT item, sum(quantity) FROM sales GROUP BY item ORDER BY item", connection,
            file: path)
        defer { sums.reset() }
        var hasSum = try sums.step()
        // A copy that an earlier release made has the columns of its version.
        let hasLevels = try Schema.version(connection, path) > 1
        let books = try PreparedStatement(
            """
            SELECT \(hasLevels ? bookColumns : accountColumns + ", NULL")
            FROM books ORDER BY item
            """,
            connection, file: path)
        while try books.step() {
            let record = record(books)
            var sold: Int64 = 0
            if hasSum, sums.number(at: 0) == record.book.itemNumber {
                sold = sums.number(at: 1)
                hasSum = try sums.step()
            }
            audit.add(record, soldBySales: sold)
        }
        let keys = try PreparedStatement("SELECT count(*) FROM keys", connection, file: path)
        defer { keys.reset() }
        audit.keys = try keys.step() ? keys.number(at: 0) : 0
        return audit
    }
}
