import Bookstore
import Durability
import Replication
import TestSupport
import Testing

@testable import Storage

@Suite("Entries that are prepared before they are committed")
struct PreparedTests {
    private let temporary = TemporaryFolder()

    private func open(_ name: String = "data") throws -> (LogStore, CatalogStore) {
        let directory = try DataDirectory(path: temporary(name), name: "catalogServer1")
        let log = try LogStore(directory)
        return (log, try CatalogStore(directory, log))
    }

    /// A store with one book, and entries in its log that sell it.
    private func filled(_ sales: UInt64) throws -> (LogStore, CatalogStore, [Entry]) {
        let (log, store) = try open()
        try store.importBooks { try $0(book(1, stock: 100_000)) }
        let entries = (1...sales).map { entry($0, buy("key \($0)", 1)) }
        try log.append(entries)
        return (log, store, entries)
    }

    private func isSale(_ outcome: CatalogOutcome?, number: Int64) -> Bool {
        guard case .sale(let sale, replayed: false)? = outcome else { return false }
        return sale.saleNumber == number
    }

    @Test("They have their outcomes at once, and are seen when they are committed")
    func committed() throws {
        let (_, store, entries) = try filled(3)
        let outcomes = try store.prepare(entries)
        #expect(outcomes.count == 3 && isSale(outcomes.last, number: 3))
        #expect(store.applied == .origin)
        #expect(try store.book(1)?.stock == 100_000)
        #expect(try store.use(of: key("key 1")) == nil)
        try store.commitPrepared()
        #expect(store.applied == LogPosition(index: 3, view: 1))
        #expect(try store.book(1)?.stock == 99_997)
        #expect(try store.use(of: key("key 1")) != nil)
    }

    @Test("Taken back, they are as if they had never been there")
    func discarded() throws {
        let (log, store, entries) = try filled(3)
        _ = try store.prepare(entries)
        store.discardPrepared()
        store.discardPrepared()
        #expect(store.applied == .origin)
        let others = [entry(1, view: 2, buy("another key", 1))]
        try log.append(others, truncatingFrom: 1)
        #expect(isSale(try store.apply(others).first, number: 1))
        #expect(try store.use(of: key("key 1")) == nil)
        #expect(try store.book(1)?.stock == 99_999)
    }

    @Test("A process that is killed with entries prepared leaves those before")
    func killed() throws {
        let (_, store, entries) = try filled(3)
        _ = try store.apply([entries[0]])
        _ = try store.prepare(Array(entries[1...]))
        copyDirectory(temporary("data"), to: temporary("copy"))
        let (_, found) = try open("copy")
        #expect(found.applied.index == 1)
        #expect(try found.book(1)?.stock == 99_999)
        #expect(isSale(try found.apply(Array(entries[1...])).last, number: 3))
    }

    @Test("Entries that do not follow on those applied are not prepared")
    func outOfPlace() throws {
        let (_, store, entries) = try filled(3)
        #expect(throws: StorageError.self) { _ = try store.prepare([entries[1]]) }
        #expect(throws: StorageError.self) { try store.commitPrepared() }
        #expect(try store.apply(entries).count == 3)
    }

    @Test("A snapshot that takes the place of the state takes that of what was prepared")
    func snapshot() throws {
        let (_, from, entries) = try filled(3)
        _ = try from.apply(entries)
        let (log, store) = try open("taker")
        let own = [entry(1, buy("own", 1))]
        try log.append(own)
        _ = try store.prepare(own)
        try store.installSnapshot(from.writeSnapshot(to: store.incomingPath))
        #expect(throws: StorageError.self) { try store.commitPrepared() }
        #expect(store.applied.index == 3)
        #expect(try store.audit() == from.audit())
        let next = [entry(4, buy("next", 1))]
        try log.append(next)
        #expect(isSale(try store.apply(next).first, number: 4))
    }

    @Test("Checkpoints meanwhile do no harm, and the write-ahead log is started anew between two")
    func checkpoints() throws {
        let (_, store, entries) = try filled(20_000)
        var longest = 0
        for start in stride(from: 0, to: entries.count, by: 20) {
            _ = try store.prepare(Array(entries[start..<start + 20]))
            if start % 1000 == 0 {
                try store.flush()
                try store.checkpoint()
                #expect(store.durableThrough <= store.applied.index)
            }
            try store.commitPrepared()
            longest = max(longest, Files.size(temporary("data/state.db-wal")) ?? 0)
        }
        // Each batch writes some ten pages of 4 KiB, so that all of them come to over 40 MB.
        #expect(longest < 24 << 20)
        try store.checkpoint()
        #expect(store.durableThrough == 20_000)
        #expect(try store.book(1)?.stock == 80_000)
    }
}
