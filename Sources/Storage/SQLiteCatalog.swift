internal import Bookstore
internal import Durability

/// What is kept in memory of a catalog's file from one transaction that applies entries to the
/// next.
struct CatalogMemory {
    /// Books that are kept at most.
    private static let bookLimit = 1024

    let file: StoreFile
    /// The keys that the index on the disk lacks.
    var keys: KeyStage
    /// Books as they are after the last transaction, some of them: what is bought is bought again
    /// soon. A book that many buy is read once, and written once in each transaction.
    var books: [Int64: BookRecord] = [:]

    /// What the last transaction did is in the file.
    mutating func commit() {
        keys.commit()
        if books.count > Self.bookLimit { books = [:] }
    }

    /// What the last transaction did is not.
    mutating func rollBack() {
        keys.rollBack()
        books = [:]
    }
}

/// The state of the catalog inside a transaction, as the rules see it.
struct SQLiteCatalog: CatalogState {
    typealias Failure = StorageError

    var counters: CatalogCounters
    private(set) var memory: CatalogMemory
    private let connection: Connection
    private let path: String
    private let seed: KeySeed
    /// When the key was recorded that will be forgotten first; nothing where that is not known yet.
    private var firstKeyTime: Int64?
    /// The books whose accounts are still to be written.
    private var changed: Set<Int64> = []

    /// - Parameter memory: what is kept of this file.
    init(
        _ connection: Connection, path: String, _ memory: consuming CatalogMemory
    ) throws(StorageError) {
        self.connection = connection
        self.path = path
        self.memory = memory
        counters = try CatalogTables.counters(connection, path)
        seed = try CatalogTables.seed(connection, path)
        if self.memory.keys.isFull {
            self.memory.keys.sort(firstKept: try firstKey()?.sequence ?? .max)
        }
    }

    /// Writes what was kept in memory so far; once, when everything is applied.
    mutating func save() throws(StorageError) {
        for itemNumber in changed.sorted() {
            if let record = memory.books[itemNumber] { try write(accountOf: record) }
        }
        changed = []
        try enter(memory.keys.takeForIndex())
        let update = try statement(
            "UPDATE catalog SET log_time = ?, last_sale = ?, sales_digest = ?, keys_through = ?")
        update.bind(counters.logTime, at: 1)
        update.bind(counters.lastSaleNumber, at: 2)
        update.bind(counters.salesDigest, at: 3)
        update.bind(memory.keys.throughAfterCommit, at: 4)
        try update.run()
    }

    /// Enters all keys that were gathered and sorted in the index; in a transaction of its own.
    mutating func enterAllKeys() throws(StorageError) {
        try enter(memory.keys.takeAllForIndex())
        let update = try statement("UPDATE catalog SET keys_through = ?")
        update.bind(memory.keys.throughAfterCommit, at: 1)
        try update.run()
    }

    /// Enters keys that were gathered earlier in the index, and takes those that are forgotten out
    /// of the part of it that this comes through.
    private mutating func enter(_ slots: ArraySlice<KeyStage.Slot>) throws(StorageError) {
        guard !slots.isEmpty else { return }
        // What a restart has cut short is entered a second time.
        let insert = try statement("INSERT OR IGNORE INTO key_index (hash, seq) VALUES (?, ?)")
        for slot in slots {
            insert.bind(slot.hash, at: 1)
            insert.bind(slot.sequence, at: 2)
            try insert.run()
        }
        guard let (hashes, keptFrom) = memory.keys.passed else { return }
        let delete = try statement(
            "DELETE FROM key_index WHERE hash >= ? AND hash < ? AND seq < ?")
        delete.bind(hashes.lowerBound, at: 1)
        delete.bind(hashes.upperBound, at: 2)
        delete.bind(keptFrom, at: 3)
        try delete.run()
    }

    mutating func record(of itemNumber: Int64) throws(StorageError) -> BookRecord? {
        if let known = memory.books[itemNumber] { return known }
        let record = try CatalogTables.record(of: itemNumber, connection, path)
        if let record { memory.books[itemNumber] = record }
        return record
    }

    mutating func store(_ record: BookRecord) throws(StorageError) {
        let itemNumber = record.book.itemNumber
        try index(record, insteadOf: try self.record(of: itemNumber))
        try CatalogTables.insert(
            record, try statement(CatalogTables.insertBook))
        memory.books[itemNumber] = record
        changed.remove(itemNumber)
    }

    /// Keeps the index of titles to those that can be found. What it has of a title it forgets only
    /// where it is told the same title.
    private func index(
        _ record: BookRecord, insteadOf old: BookRecord?
    ) throws(StorageError) {
        let title = record.isWithdrawn ? nil : record.book.title
        let oldTitle = old.flatMap { $0.isWithdrawn ? nil : $0.book.title }
        guard title != oldTitle else { return }
        if let oldTitle {
            let delete = try statement(
                "INSERT INTO titles (titles, rowid, title) VALUES ('delete', ?, ?)")
            delete.bind(record.book.itemNumber, at: 1)
            delete.bind(oldTitle, at: 2)
            try delete.run()
        }
        if let title {
            let insert = try statement("INSERT INTO titles (rowid, title) VALUES (?, ?)")
            insert.bind(record.book.itemNumber, at: 1)
            insert.bind(title, at: 2)
            try insert.run()
        }
    }

    mutating func storeAccount(of record: BookRecord) {
        memory.books[record.book.itemNumber] = record
        changed.insert(record.book.itemNumber)
    }

    private func write(accountOf record: BookRecord) throws(StorageError) {
        let update = try statement(
            "UPDATE books SET stock = ?, restocked = ?, sold = ? WHERE item = ?")
        update.bind(record.book.stock, at: 1)
        update.bind(record.restocked, at: 2)
        update.bind(record.sold, at: 3)
        update.bind(record.book.itemNumber, at: 4)
        try update.run()
    }

    func use(of key: IdempotencyKey) throws(StorageError) -> KeyUse? {
        let hash = seed.column(key)
        var sequences = memory.keys.sequences(of: hash)
        let select = try statement("SELECT seq FROM key_index WHERE hash = ?")
        defer { select.reset() }
        select.bind(hash, at: 1)
        while try select.step() { sequences.append(select.number(at: 0)) }
        // A key may have two rows, where a sale came back whose key had been used again. What it
        // was used for first counts, wherever its rows are found, on every replica.
        for sequence in sequences.sorted() {
            if let use = try CatalogTables.use(of: key, at: sequence, connection, path) {
                return use
            }
        }
        return nil
    }

    func hasSale(_ saleNumber: Int64) throws(StorageError) -> Bool {
        let select = try statement("SELECT 1 FROM sales WHERE number = ?")
        defer { select.reset() }
        select.bind(saleNumber, at: 1)
        return try select.step()
    }

    mutating func record(_ sale: Sale, at logTime: Int64) throws(StorageError) {
        let insertSale = try statement(CatalogTables.insertSale)
        insertSale.bind(sale.saleNumber, at: 1)
        SaleColumns.bind(sale, insertSale, from: 2)
        try insertSale.run()
        // The key itself stands in the sale.
        let insertKey = try statement(
            "INSERT INTO keys (seq, hash, time, sale) VALUES (?, ?, ?, ?)")
        let hash = seed.column(sale.key)
        insertKey.bind(memory.keys.add(hash), at: 1)
        insertKey.bind(hash, at: 2)
        insertKey.bind(logTime, at: 3)
        insertKey.bind(sale.saleNumber, at: 4)
        try insertKey.run()
    }

    mutating func record(
        _ refusal: CatalogOutcome.Refusal, of buy: CatalogOperation.Buy, at logTime: Int64
    ) throws(StorageError) {
        let insert = try statement(
            "INSERT INTO keys (seq, hash, time, refusal, item, key) VALUES (?, ?, ?, ?, ?, ?)")
        let hash = seed.column(buy.key)
        insert.bind(memory.keys.add(hash), at: 1)
        insert.bind(hash, at: 2)
        insert.bind(logTime, at: 3)
        insert.bind(CatalogTables.column(refusal, quantity: buy.quantity), at: 4)
        insert.bind(buy.itemNumber, at: 5)
        insert.bind(buy.key.bytes, at: 6)
        try insert.run()
    }

    mutating func forgetKeys(before logTime: Int64, atMost limit: Int) throws(StorageError) {
        // Keys are recorded at ascending log times, so that the first one decides, and nothing is
        // read as a rule.
        for _ in 0..<limit {
            if let firstKeyTime, firstKeyTime >= logTime { return }
            guard let first = try firstKey() else { return }
            firstKeyTime = first.time
            guard first.time < logTime else { return }
            // It is taken out of the index later.
            let delete = try statement("DELETE FROM keys WHERE seq = ?")
            delete.bind(first.sequence, at: 1)
            try delete.run()
            firstKeyTime = nil
        }
    }

    func outcome(ofChange key: IdempotencyKey) throws(StorageError) -> CatalogOutcome? {
        let select = try statement("SELECT outcome FROM changes WHERE key = ?")
        defer { select.reset() }
        select.bind(key.bytes, at: 1)
        guard try select.step() else { return nil }
        do throws(DecodingFault) {
            return try CatalogOutcome(decoding: select.bytes(at: 0))
        } catch {
            throw .damaged(file: path, reason: "what a change came to cannot be read: \(error)")
        }
    }

    func record(
        _ outcome: CatalogOutcome, ofChange key: IdempotencyKey, at logTime: Int64
    ) throws(StorageError) {
        let insert = try statement("INSERT INTO changes (key, time, outcome) VALUES (?, ?, ?)")
        insert.bind(key.bytes, at: 1)
        insert.bind(logTime, at: 2)
        insert.bind(outcome.encoded, at: 3)
        try insert.run()
    }

    func forgetChanges(before logTime: Int64, atMost limit: Int) throws(StorageError) {
        let delete = try statement(
            """
            DELETE FROM changes WHERE seq IN (
                SELECT seq FROM (SELECT seq, time FROM changes ORDER BY seq LIMIT ?1)
                WHERE time < ?2)
            """)
        delete.bind(Int64(limit), at: 1)
        delete.bind(logTime, at: 2)
        try delete.run()
    }

    /// The key that was recorded first of those that are kept.
    private func firstKey() throws(StorageError) -> (sequence: Int64, time: Int64)? {
        let first = try statement("SELECT seq, time FROM keys ORDER BY seq LIMIT 1")
        defer { first.reset() }
        return try first.step() ? (first.number(at: 0), first.number(at: 1)) : nil
    }

    private func statement(_ sql: String) throws(StorageError) -> PreparedStatement {
        try PreparedStatement(sql, connection, file: path)
    }
}
