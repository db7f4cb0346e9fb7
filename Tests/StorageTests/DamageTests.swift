import Bookstore
import Durability
import Replication
import TestSupport
import Testing

@testable import Storage

/// What a disk can do to files: each is noticed at opening, and nothing is changed.
@Suite("Damaged stores")
struct DamageTests {
    private let temporary = TemporaryFolder()
    private var data: String { temporary("data") }

    /// Makes a directory with twenty applied entries, closed in order.
    private func fill() throws {
        let directory = try DataDirectory(path: data, name: "catalogServer1")
        let log = try LogStore(directory)
        let store = try CatalogStore(directory, log)
        try store.importBooks { try $0(book(1, stock: 100)) }
        let entries = (1...20).map { entry(UInt64($0), buy("the key \($0)", 1)) }
        try log.append(entries)
        _ = try store.apply(entries)
        try log.persist(Array("the promise".utf8), as: "replica")
        try log.checkpoint()
        try store.checkpoint()
    }

    private func openAll() throws -> CatalogStore {
        let directory = try DataDirectory(path: data, name: "catalogServer1")
        return try CatalogStore(directory, LogStore(directory))
    }

    /// Expects that opening finds damage in a file of that name, and changes no file.
    private func expectDamage(
        in name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try contents()
        let error = #expect(throws: StorageError.self, sourceLocation: sourceLocation) {
            _ = try openAll()
        }
        guard case .damaged(let file, _) = error else {
            Issue.record("not damaged but \(error as Any)", sourceLocation: sourceLocation)
            return
        }
        #expect(file == "\(data)/\(name)", sourceLocation: sourceLocation)
        #expect(try contents() == before, sourceLocation: sourceLocation)
    }

    /// Every file but the lock and SQLite's shared memory, which is no part of what is stored.
    private func contents() throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for name in try names(in: data) where !name.hasSuffix("-shm") {
            contents[name] = try Files.read("\(data)/\(name)")
        }
        // A write-ahead log of no bytes says nothing.
        return contents.filter { !$0.value.isEmpty }
    }

    @Test("An entry that changed on the disk is found when the log is opened")
    func changedEntry() throws {
        try fill()
        #expect(try damage(data, where: "the key 7") > 0)
        try expectDamage(in: "log.db")
    }

    @Test("An entry that is missing in the middle is found")
    func missingEntry() throws {
        try fill()
        do {
            let log = try LogStore(DataDirectory(path: data, name: "catalogServer1"))
            try log.file.write { database throws(StorageError) in
                try PreparedStatement(
                    "DELETE FROM entries WHERE idx = 11", database, file: log.file.path
                ).run()
            }
            try log.checkpoint()
        }
        try expectDamage(in: "log.db")
    }

    @Test("Named bytes that changed on the disk are found when they are read")
    func changedState() throws {
        try fill()
        #expect(try damage(data, where: "the promise") > 0)
        let log = try LogStore(DataDirectory(path: data, name: "catalogServer1"))
        #expect(throws: StorageError.self) { _ = try log.persisted("replica") }
    }

    @Test("A store that is missing is noticed, not made anew", arguments: ["log.db", "state.db"])
    func missing(name: String) throws {
        try fill()
        for suffix in ["", "-wal", "-shm"] { try Files.remove("\(data)/\(name)" + suffix) }
        try expectDamage(in: name)
    }

    @Test("A file that is cut off is noticed", arguments: ["log.db", "state.db"])
    func cutOff(name: String) throws {
        try fill()
        for suffix in ["-wal", "-shm"] { try Files.remove("\(data)/\(name)" + suffix) }
        let bytes = try Files.read("\(data)/\(name)")
        try overwrite("\(data)/\(name)", Array(bytes[..<(bytes.count / 8192 * 4096)]))
        try expectDamage(in: name)
    }

    @Test(
        "A file of zeros, an empty one and one of another program are not taken for a store",
        arguments: ["zeros", "empty", "cut"], ["log.db", "state.db"])
    func foreignBytes(kind: String, name: String) throws {
        try fill()
        for suffix in ["-wal", "-shm"] { try Files.remove("\(data)/\(name)" + suffix) }
        let bytes: [UInt8] =
            switch kind {
            case "zeros": Array(repeating: 0, count: 8192)
            case "empty": []
            default: Array("SQLite format 3\0".utf8)
            }
        try overwrite("\(data)/\(name)", bytes)
        try expectDamage(in: name)
    }

    @Test("A page overwritten with zeros is found by the check of pages")
    func zeroedPage() throws {
        try fill()
        for suffix in ["-wal", "-shm"] { try Files.remove("\(data)/state.db" + suffix) }
        try zeroPage(of: "\(data)/state.db", where: "the key 7")
        try expectDamage(in: "state.db")
    }

    @Test("A stock that has changed by itself is noticed when the book is read")
    func changedStock() throws {
        let directory = try DataDirectory(path: data, name: "catalogServer1")
        let store = try CatalogStore(directory, LogStore(directory))
        try store.importBooks { try $0(book(1, stock: 10)) }
        #expect(try store.book(1)?.stock == 10)
        try store.file.write { database throws(StorageError) in
            try PreparedStatement(
                "UPDATE books SET stock = stock + 64", database, file: store.file.path
            ).run()
        }
        #expect { _ = try store.book(1) } throws: {
            if case StorageError.damaged = $0 { true } else { false }
        }
        #expect(throws: StorageError.self) { _ = try store.apply([entry(1, buy("a", 1))]) }
    }

    @Test("Orders in the place of a catalog are not read as one")
    func otherKind() throws {
        try fill()
        do {
            let other = try DataDirectory(path: temporary("orders"), name: "orderServer1")
            _ = try OrderStore(other, LogStore(other))
        }
        for suffix in ["-wal", "-shm"] { try Files.remove("\(data)/state.db" + suffix) }
        try overwrite("\(data)/state.db", try Files.read(temporary("orders/state.db")))
        try expectDamage(in: "state.db")
    }

    @Test("A state that is ahead of its log is not opened: the log has lost its end")
    func logIsShort() throws {
        try fill()
        do {
            let log = try LogStore(DataDirectory(path: data, name: "catalogServer1"))
            try log.append([], truncatingFrom: 15)
            try log.checkpoint()
        }
        try expectDamage(in: "log.db")
    }

    @Test("A state from before the log's base is not opened: entries between them are gone")
    func stateIsOld() throws {
        try fill()
        for suffix in ["-wal", "-shm"] { try Files.remove("\(data)/state.db" + suffix) }
        let old = try Files.read("\(data)/state.db")
        do {
            let directory = try DataDirectory(path: data, name: "catalogServer1")
            let log = try LogStore(directory)
            let store = try CatalogStore(directory, log)
            let entries = (21...30).map { entry(UInt64($0), buy("the key \($0)", 1)) }
            try log.append(entries)
            _ = try store.apply(entries)
            #expect(try store.checkpoint() == 30)
            try log.trim(through: 30)
        }
        for suffix in ["-wal", "-shm"] { try Files.remove("\(data)/state.db" + suffix) }
        try overwrite("\(data)/state.db", old)
        try expectDamage(in: "state.db")
    }

    @Test("A state that applied another entry than the log has at its place is not opened")
    func otherHistory() throws {
        try fill()
        do {
            let log = try LogStore(DataDirectory(path: data, name: "catalogServer1"))
            try log.append([entry(20, view: 5, buy("another", 1))], truncatingFrom: 20)
            try log.checkpoint()
        }
        try expectDamage(in: "state.db")
    }

    @Test("An entry that a later release wrote stops the store and changes nothing")
    func laterRelease() throws {
        try fill()
        let store = try openAll()
        let before = try store.audit()
        let new = Entry(index: 22, view: 1, keys: [1], payload: [250, 1, 2, 3])
        #expect(throws: StorageError.self) {
            _ = try store.apply([entry(21, buy("sold with it", 1)), new])
        }
        #expect(store.applied.index == 20)
        #expect(try store.audit() == before)
    }
}
