import Bookstore
import Durability
import Replication
import TestSupport
import Testing

@testable import Storage

/// Random operations on a catalog.
struct RandomCatalogOperations {
    var generator: Lottery
    private var time: Int64 = 1000
    private var lastKey: Int64 = 0
    private var lastChange = 0

    init(seed: UInt64) { generator = Lottery(seed: seed) }

    mutating func next() -> CatalogOperation {
        let operation = nextOperation()
        switch operation {
        case .buy, .restoreSale, .once: return operation
        case .restock, .putBook, .withdraw:
            guard Int.random(in: 0..<3, using: &generator) > 0 else { return operation }
            // Keys come again, some after they were forgotten.
            lastChange += 1
            let number = Int.random(in: max(1, lastChange - 4)...lastChange, using: &generator)
            return .once(key: key("change \(number)"), time: max(0, time), operation)
        }
    }

    private mutating func nextOperation() -> CatalogOperation {
        let item = Int64.random(in: 1...40, using: &generator)
        switch Int.random(in: 0..<100, using: &generator) {
        case ..<70: return nextBuy(of: item)
        case ..<80:
            return .restock(
                itemNumber: item, maximum: Int64.random(in: 0...30, using: &generator))
        case ..<93:
            var changed = book(item, stock: Int64.random(in: 0...20, using: &generator))
            changed.topic = ["Misc", "", "Täler", "systems"].randomElement(using: &generator) ?? ""
            changed.title = "Title \(Int.random(in: 0...99, using: &generator)) \u{1F4DA}"
            changed.restockTo = [nil, 0, 12, 25].randomElement(using: &generator) ?? nil
            return .putBook(
                .init(
                    changed, keepsStock: Bool.random(using: &generator), condition: condition(item))
            )
        case ..<97: return .withdraw(itemNumber: item, condition: condition(item))
        default:
            // Some are there already, some leave a number out that the next buy gets.
            let number = Int64.random(in: 1...(lastKey + 5), using: &generator)
            return .restoreSale(
                Sale(
                    saleNumber: number, itemNumber: item + 20, title: "Lost", topic: "Misc",
                    cost: Cents(100), time: time, key: key("lost \(number)"), quantity: 2))
        }
    }

    private mutating func nextBuy(of item: Int64) -> CatalogOperation {
        // Keys come again, some under another book, some after they were forgotten; clocks of
        // primaries differ, so that time goes back now and then.
        lastKey += 1
        let isRepeated = lastKey > 1 && Int.random(in: 0..<4, using: &generator) == 0
        let number = isRepeated ? Int64.random(in: 1..<lastKey, using: &generator) : lastKey
        time += Int64.random(in: -500...600_000, using: &generator)
        let quantity = Int64.random(in: 1...3, using: &generator)
        return buy("key \(number)", item, of: quantity, at: max(0, time))
    }

    private mutating func condition(_ item: Int64) -> CatalogOperation.Condition {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: .isAbsent
        case 1: .isPresent
        case 2: .hasDigest(book(item).digest)
        default: .always
        }
    }
}

@Suite("Catalog store")
struct CatalogStoreTests {
    private let temporary = TemporaryFolder()

    private func open(keysGathered: Int = 1000) throws -> (LogStore, CatalogStore) {
        let directory = try DataDirectory(path: temporary("data"), name: "catalogServer1")
        let log = try LogStore(directory)
        return (log, try CatalogStore(directory, log, keysGathered: keysGathered))
    }

    @Test(
        "It comes to the same as the rules in memory, through restarts, trims and crashes",
        arguments: 1...4 as ClosedRange<UInt64>)
    func agreesWithMemory(seed: UInt64) throws {
        var operations = RandomCatalogOperations(seed: seed)
        var others = RandomCatalogOperations(seed: seed + 100)
        let books = (1...30).map { book($0, stock: $0 % 7) }
        var memory = MemoryCatalog(books: books)
        // So that the keys are entered in their index at once, now and then, or hardly ever.
        let keysGathered = [1, 30, 200, 3000][Int(seed % 4)]
        var (log, store) = try open(keysGathered: keysGathered)
        try store.importBooks { put in for book in books { try put(book) } }
        var index: LogIndex = 0
        while index < 2500 {
            let batch = (0..<UInt64.random(in: 1...40, using: &operations.generator)).map {
                entry(index + 1 + $0, view: 1 + index / 500, operations.next())
            }
            index += UInt64(batch.count)
            if index.isMultiple(of: 3) {
                // What is prepared and not committed leaves no trace.
                _ = try store.prepare(batch.map { entry($0.index, others.next()) })
                store.discardPrepared()
            }
            try log.append(batch)
            let expected = batch.map { try? memory.apply(payload: $0.payload).get() }
            #expect(try store.apply(batch) == expected)
            switch Int.random(in: 0..<20, using: &operations.generator) {
            case 0: try log.trim(through: store.checkpoint())
            case 1:
                #expect(try store.audit() == memory.audit())
                // The old ones go first: they hold the lock of the directory.
                (log, store) = try reopened(&log, &store, keysGathered: keysGathered)
                #expect(store.applied.index == index)
            default: break
            }
        }
        #expect(try store.audit() == memory.audit())
        #expect(try store.audit().faults == [])
        #expect(try store.books(limit: 1000) == memory.books)
        #expect(try store.sales(limit: .max) == memory.sales())
        #expect(
            try store.topics()
                == Set(memory.books.map(\.topic)).sorted {
                    $0.utf8.lexicographicallyPrecedes($1.utf8)
                })
        try checkSearches(store, memory)
        for item in 0...41 as ClosedRange<Int64> {
            #expect(try store.book(item) == memory.book(item))
            #expect(try store.record(of: item) == memory.record(of: item))
        }
        for number in 1...2500 {
            #expect(try store.use(of: key("key \(number)")) == memory.use(of: key("key \(number)")))
        }
    }

    /// Searches find what a look at every title finds.
    private func checkSearches(_ store: CatalogStore, _ memory: MemoryCatalog) throws {
        func found(_ words: [String]) throws -> [Int64] {
            try store.search(words: words, offset: 0, limit: .max).map(\.itemNumber).sorted()
        }
        for number in 0...99 {
            // The last word may be the beginning of one, the others must be whole.
            let expected = memory.books.filter { $0.title.hasPrefix("Title \(number)") }
            #expect(try found(["tItLe", "\(number)"]) == expected.map(\.itemNumber))
            let exact = memory.books.filter { $0.title.hasPrefix("Title \(number) ") }
            #expect(try found(["\(number)", "Tit"]) == exact.map(\.itemNumber))
        }
        #expect(try found(["Title"]).count == memory.books.count { $0.title.hasPrefix("Title") })
        #expect(try found(["nothing"]).isEmpty)
    }

    private func reopened(
        _ log: inout LogStore, _ store: inout CatalogStore, keysGathered: Int
    ) throws -> (LogStore, CatalogStore) {
        let placeholder = try DataDirectory(path: temporary("empty"), name: "catalogServer1")
        log = try LogStore(placeholder)
        store = try CatalogStore(placeholder, log)
        return try open(keysGathered: keysGathered)
    }

    @Test("What a loss of power takes from the state is applied again from the log, to the same")
    func lossOfPower() throws {
        var operations = RandomCatalogOperations(seed: 5)
        var memory = MemoryCatalog()
        let (log, store) = try open()
        let entries = (1...400).map { entry(UInt64($0), operations.next()) }
        try log.append(entries)
        _ = try store.apply(Array(entries[..<150]))
        #expect(try store.checkpoint() == 150)
        _ = try store.apply(Array(entries[150...]))
        for entry in entries { _ = memory.apply(payload: entry.payload) }
        copyDirectory(temporary("data"), to: temporary("copy"))
        // The write-ahead log of the state was never synced.
        for suffix in ["-wal", "-shm"] { try Files.remove(temporary("copy/state.db") + suffix) }
        let directory = try DataDirectory(path: temporary("copy"), name: "catalogServer1")
        let copiedLog = try LogStore(directory)
        let copy = try CatalogStore(directory, copiedLog)
        #expect(copy.applied.index == 150)
        #expect(copiedLog.extent.last.index == 400)
        _ = try copy.apply(try copiedLog.entries(151...400, limitBytes: .max))
        #expect(try copy.audit() == memory.audit())
        #expect(try store.audit() == memory.audit())
    }

    @Test("The log may be trimmed up to what a checkpoint made durable, and not beyond")
    func durableThrough() throws {
        let (log, store) = try open()
        let entries = (1...10).map { entry(UInt64($0), buy("k\($0)", 1)) }
        try log.append(entries)
        _ = try store.apply(entries)
        #expect(store.durableThrough == 0)
        #expect(try store.checkpoint() == 10)
        #expect(store.durableThrough == 10)
        try log.trim(through: 10)
        #expect(log.extent.base.index == 10)
    }

    @Test("Reads see a batch wholly or not at all while it is being applied")
    func atomicBatches() async throws {
        let (log, store) = try open()
        try store.importBooks { try $0(book(1, stock: 1_000_000)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for batch in 0..<100 as Range<UInt64> {
                    let entries = (1...20).map {
                        entry(batch * 20 + $0, buy("k\(batch * 20 + $0)", 1))
                    }
                    try log.append(entries)
                    _ = try store.apply(entries)
                }
            }
            group.addTask {
                var last: Int64 = 0
                while last < 2000 {
                    let sold = try store.record(of: 1)?.sold ?? 0
                    #expect(sold >= last && sold.isMultiple(of: 20))
                    last = sold
                    let audit = try store.audit()
                    #expect(audit.faults == [])
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("Long topics and lists are paged by item number, withdrawn books left out")
    func paging() throws {
        let (log, store) = try open()
        try store.importBooks { put in
            for number in (1...25 as ClosedRange<Int64>).reversed() {
                try put(book(number, stock: number % 5, topic: number <= 20 ? "long" : "short"))
            }
        }
        let entries = [entry(1, .withdraw(itemNumber: 4, condition: .always))]
        try log.append(entries)
        _ = try store.apply(entries)
        #expect(try store.search(topic: "long", limit: 4).map(\.itemNumber) == [1, 2, 3, 5])
        #expect(try store.search(topic: "long", after: 18, limit: 4).map(\.itemNumber) == [19, 20])
        #expect(try store.search(topic: "Long", limit: 4).isEmpty)
        #expect(try store.books(after: 22, limit: 100).map(\.itemNumber) == [23, 24, 25])
        #expect(try store.itemsOutOfStock(after: 5, limit: 3) == [10, 15, 20])
        #expect(try store.topics() == ["long", "short"])
    }

    @Test("Keys whose hashes are equal are told apart by their bytes")
    func equalHashes() throws {
        let (log, store) = try open()
        try store.importBooks { try $0(book(1, stock: 10)) }
        let entries = [entry(1, buy("first", 1)), entry(2, buy("second", 1))]
        try log.append(entries)
        _ = try store.apply(entries)
        // No two keys with one hash can be found in a test's time: make one.
        try store.file.write { database throws(StorageError) in
            try PreparedStatement(
                "UPDATE keys SET hash = (SELECT hash FROM keys WHERE sale = 1)", database,
                file: store.file.path
            ).run()
        }
        guard case .sale(let sale)? = try store.use(of: key("first"))?.result else {
            Issue.record("the first key is not found")
            return
        }
        #expect(sale.saleNumber == 1)
        #expect(try store.use(of: key("second")) == nil)
    }
}
