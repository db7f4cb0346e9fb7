import Bookstore
import Durability
import Replication
import TestSupport
import Testing

@testable import Storage

@Suite("Stores of earlier versions")
struct UpgradeTests {
    private let temporary = TemporaryFolder()

    private func catalog(_ name: String = "catalog") throws -> (LogStore, CatalogStore) {
        let directory = try DataDirectory(path: temporary(name), name: "catalogServer1")
        let log = try LogStore(directory)
        return (log, try CatalogStore(directory, log))
    }

    private func orders() throws -> (LogStore, OrderStore) {
        let directory = try DataDirectory(path: temporary("orders"), name: "orderServer1")
        let log = try LogStore(directory)
        return (log, try OrderStore(directory, log))
    }

    /// Makes a catalog as the first version had it, with books of which one is withdrawn.
    private func makeOldCatalog() throws -> CatalogAudit {
        let (log, store) = try catalog()
        try store.importBooks { put in for item in 1...9 { try put(book(Int64(item))) } }
        let entries = [
            entry(1, buy("a", 1)), entry(2, buy("b", 2, of: 9)),
            entry(3, .withdraw(itemNumber: 3, condition: .always)),
        ]
        try log.append(entries)
        _ = try store.apply(entries)
        let audit = try store.audit()
        try run(
            [
                "DROP TABLE changes", "DROP TABLE key_index",
                "ALTER TABLE catalog DROP COLUMN keys_through",
                "CREATE INDEX keys_by_hash ON keys (hash)", "DROP TABLE titles",
                "ALTER TABLE books DROP COLUMN restock_to",
            ], in: store.file)
        return audit
    }

    private func run(
        _ statements: [String], in file: StoreFile, version: Int = 1
    ) throws {
        try file.write { database throws(StorageError) in
            for sql in statements + ["PRAGMA user_version = \(version)"] {
                try PreparedStatement(sql, database, file: file.path).run()
            }
        }
    }

    @Test("A catalog is brought up to date when it is opened, with all that it had")
    func upgradedCatalog() throws {
        let audit = try makeOldCatalog()
        for _ in 0..<2 {
            let (_, store) = try catalog()
            #expect(try store.audit() == audit)
            #expect(store.applied == LogPosition(index: 3, view: 1))
            // Titles can be searched for, but for the withdrawn one's.
            let found = try store.search(words: ["book"], offset: 0, limit: 100)
            #expect(found.map(\.itemNumber) == [1, 2, 4, 5, 6, 7, 8, 9])
            #expect(try store.use(of: key("b"))?.quantity == 9)
        }
    }

    @Test("The version may stand in the write-ahead log alone, or in the file")
    func versionInTheFile() throws {
        let audit = try makeOldCatalog()
        do {
            let file = try StoreFile(
                path: temporary("catalog/state.db"), synchronous: .normal)
            #expect(try file.checkpoint())
        }
        let (_, store) = try catalog()
        #expect(try store.audit() == audit)
        #expect(try store.search(words: ["4"], offset: 0, limit: 9).map(\.itemNumber) == [4])
    }

    @Test("An old copy is read as it is, restored, and installed as a snapshot")
    func oldCopy() throws {
        let audit = try makeOldCatalog()
        do {
            let file = try StoreFile(
                path: temporary("catalog/state.db"), synchronous: .normal)
            #expect(try file.checkpoint())
        }
        let copy = temporary("copy.db")
        try Files.copy(temporary("catalog/state.db"), to: copy)
        let before = try Files.read(copy)
        let read = try Backup.auditCatalog(copy)
        #expect(read.audit == audit)
        #expect(try Files.read(copy) == before)
        _ = try Backup.restore(
            .catalog, from: copy, to: temporary("restored"), for: "catalogServer1")
        let (_, restored) = try catalog("restored")
        #expect(try restored.audit() == audit)
        #expect(try restored.search(words: ["5"], offset: 0, limit: 9).map(\.itemNumber) == [5])

        let (_, taker) = try catalog("taker")
        try Files.copy(copy, to: taker.incomingPath)
        try taker.installSnapshot(LogPosition(index: 3, view: 1))
        #expect(try taker.audit() == audit)
        #expect(try taker.search(words: ["6"], offset: 0, limit: 9).map(\.itemNumber) == [6])
    }

    @Test("Orders are brought up to date when they are opened")
    func upgradedOrders() throws {
        let audit: OrderAudit
        do {
            let (log, store) = try orders()
            let sales = (1...5).map { number in
                Sale(
                    saleNumber: number, itemNumber: number % 2 + 1, title: "T", topic: "T",
                    cost: Cents(5), time: 1000 - number, key: key("\(number)"), quantity: 1)
            }
            let operation = OrderOperation.record(sales)
            let entries = [
                Entry(index: 1, view: 1, keys: operation.keys, payload: operation.encoded)
            ]
            try log.append(entries)
            _ = try store.apply(entries)
            audit = try store.audit()
            try run(
                [
                    "DROP TABLE orders_of_items",
                    "ALTER TABLE counters DROP COLUMN indexed_through",
                    "DROP INDEX orders_by_time",
                ], in: store.file)
        }
        let (_, store) = try orders()
        #expect(try store.audit() == audit)
        let history = try store.history(
            itemNumber: 2, from: 0, to: .max, isNewestFirst: true, after: nil, limit: 9)
        #expect(history?.map(\.orderNumber) == [1, 3, 5])
    }

    @Test("A catalog of the second version finds every key afterwards")
    func secondVersion() throws {
        do {
            let (log, store) = try catalog()
            try store.importBooks { try $0(book(1, stock: 1000)) }
            let entries = (1...300).map { entry($0, buy("key \($0)", 1)) }
            try log.append(entries)
            _ = try store.apply(entries)
            try run(
                [
                    "DROP TABLE changes", "DROP TABLE key_index",
                    "ALTER TABLE catalog DROP COLUMN keys_through",
                    "DROP TABLE titles", "CREATE INDEX keys_by_hash ON keys (hash)",
                    """
                    CREATE VIRTUAL TABLE titles USING fts5(
                        title, content='books', content_rowid='item',
                        tokenize='unicode61 remove_diacritics 2')
                    """,
                    CatalogTables.indexTitles,
                ], in: store.file, version: 2)
        }
        for round in 1...2 as ClosedRange<UInt64> {
            let (log, store) = try catalog()
            let repeats = (1...300).map { entry(round * 300 + $0, buy("key \($0)", 1)) }
            try log.append(repeats)
            let replayed = try store.apply(repeats).count {
                if case .sale(_, replayed: true) = $0 { true } else { false }
            }
            #expect(replayed == 300)
            #expect(try store.book(1)?.stock == 700)
        }
    }

    @Test("Orders of the second version have their history afterwards, and what comes after them")
    func secondVersionOrders() throws {
        func record(_ number: Int64, _ log: LogStore, _ store: OrderStore) throws {
            let sale = Sale(
                saleNumber: number, itemNumber: number % 2 + 1, title: "T", topic: "T",
                cost: Cents(5), time: 1000 - number, key: key("\(number)"), quantity: 1)
            let operation = OrderOperation.record([sale])
            let entries = [
                Entry(
                    index: UInt64(number), view: 1, keys: operation.keys,
                    payload: operation.encoded)
            ]
            try log.append(entries)
            _ = try store.apply(entries)
        }
        do {
            let (log, store) = try orders()
            for number in 1...50 { try record(Int64(number), log, store) }
            try run(
                [
                    "DROP TABLE orders_of_items",
                    "ALTER TABLE counters DROP COLUMN indexed_through",
                    "CREATE INDEX orders_by_item ON orders (item, time)",
                ], in: store.file, version: 2)
        }
        let (log, store) = try orders()
        for number in 51...60 { try record(Int64(number), log, store) }
        let history = try store.history(
            itemNumber: 2, from: 0, to: .max, isNewestFirst: true, after: nil, limit: 100)
        #expect(history?.map(\.orderNumber) == Array(stride(from: 1, through: 59, by: 2)))
    }

    @Test("A store of a later release is refused and left as it is")
    func later() throws {
        do {
            let (_, store) = try catalog()
            try store.file.write { database throws(StorageError) in
                try PreparedStatement(
                    "PRAGMA user_version = 5", database, file: store.file.path
                ).run()
            }
            _ = try store.checkpoint()
        }
        let path = temporary("catalog/state.db")
        let before = try Files.read(path)
        #expect {
            _ = try catalog()
        } throws: {
            "\($0)".contains("its tables have version 5, this release knows 4")
                && "\($0)".contains("install that release") && !"\($0)".contains("damaged")
        }
        #expect(try Files.read(path) == before)
    }
}
