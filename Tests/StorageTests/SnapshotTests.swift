import Bookstore
import Durability
import Glibc
import Replication
import TestSupport
import Testing

@testable import Storage

@Suite("Snapshots")
struct SnapshotTests {
    private let temporary = TemporaryFolder()

    private func open(_ name: String) throws -> (LogStore, CatalogStore) {
        let directory = try DataDirectory(path: temporary(name), name: "catalogServer1")
        let log = try LogStore(directory)
        return (log, try CatalogStore(directory, log))
    }

    /// A store with that many sales.
    private func giver(_ sales: UInt64) throws -> (LogStore, CatalogStore) {
        let (log, store) = try open("giver")
        try store.importBooks { try $0(book(1, stock: 1000)) }
        let entries = (1...sales).map { entry($0, view: 3, buy("key \($0)", 1)) }
        try log.append(entries)
        _ = try store.apply(entries)
        return (log, store)
    }

    /// A store with a past of its own, which a snapshot is to replace.
    private func fillTaker(_ log: LogStore, _ store: CatalogStore) throws {
        let entries = (1...5).map { entry(UInt64($0), buy("old \($0)", 1)) }
        try log.append(entries)
        _ = try store.apply(entries)
    }

    @Test("A copy is one file, which can be read where nothing can be written")
    func copied() throws {
        let (_, from) = try giver(40)
        let path = temporary("copy.db")
        _ = try from.writeSnapshot(to: path)
        // The file format's versions for writing and reading: 1 has a rollback journal, 2 a
        // write-ahead log (sqlite.org/fileformat2.html, 1.3.3).
        #expect(Array(try Files.read(path, atMost: 20)[18...19]) == [1, 1])
        #expect(try Backup.auditCatalog(path).audit == from.audit())
        let folder = try names(in: Files.directory(of: path))
        #expect(folder.filter { $0.hasPrefix("copy.db") } == ["copy.db"])
    }

    @Test("An installed snapshot is the giver's state, and the log begins behind it")
    func installed() throws {
        let (_, from) = try giver(40)
        do {
            let (log, to) = try open("taker")
            try fillTaker(log, to)
            let position = try from.writeSnapshot(to: to.incomingPath)
            #expect(position == LogPosition(index: 40, view: 3))
            try to.installSnapshot(position)
            #expect(try to.audit() == from.audit())
            #expect(log.extent == LogExtent(base: position, last: position))
            #expect(to.durableThrough == 40)
            let next = [entry(41, view: 4, buy("next", 1))]
            try log.append(next)
            _ = try to.apply(next)
            _ = try from.apply(next)
        }
        let (_, to) = try open("taker")
        #expect(to.applied == LogPosition(index: 41, view: 4))
        #expect(try to.audit() == from.audit())
        // Keys hash by the seed that came with the snapshot.
        #expect(try to.use(of: key("key 7")) == from.use(of: key("key 7")))
        #expect(try names(in: temporary("taker")).contains("state-2.db"))
        #expect(try !names(in: temporary("taker")).contains("state.db"))
    }

    @Test("A second snapshot replaces the first")
    func installedTwice() throws {
        let (log, from) = try giver(10)
        let (_, to) = try open("taker")
        try to.installSnapshot(from.writeSnapshot(to: to.incomingPath))
        let more = (11...30).map { entry(UInt64($0), view: 3, buy("key \($0)", 1)) }
        try log.append(more)
        _ = try from.apply(more)
        try to.installSnapshot(from.writeSnapshot(to: to.incomingPath))
        #expect(to.applied.index == 30)
        #expect(try to.audit() == from.audit())
        #expect(
            try names(in: temporary("taker")).filter {
                $0.hasPrefix("state") && $0.hasSuffix(".db")
            } == ["state-3.db"])
    }

    @Test(
        "A snapshot of another position than was promised is refused, and nothing is changed",
        arguments: [LogPosition(index: 39, view: 3), LogPosition(index: 40, view: 2)])
    func wrongPosition(position: LogPosition) throws {
        let (_, from) = try giver(40)
        let (log, to) = try open("taker")
        try fillTaker(log, to)
        let before = try to.audit()
        _ = try from.writeSnapshot(to: to.incomingPath)
        #expect(throws: StorageError.self) { try to.installSnapshot(position) }
        #expect(try to.audit() == before)
        #expect(log.extent.last.index == 5)
        let next = [entry(6, buy("goes on", 1))]
        try log.append(next)
        _ = try to.apply(next)
    }

    @Test(
        "A snapshot that was cut off, changed or is none is refused, and nothing is changed",
        arguments: ["cut", "zeros", "none", "orders"])
    func broken(how: String) throws {
        let (_, from) = try giver(40)
        let (log, to) = try open("taker")
        try fillTaker(log, to)
        let before = try to.audit()
        let position = try from.writeSnapshot(to: to.incomingPath)
        let bytes = try Files.read(to.incomingPath)
        switch how {
        case "cut": try overwrite(to.incomingPath, Array(bytes[..<(bytes.count / 2)]))
        case "zeros": try zeroPage(of: to.incomingPath, where: "key 7")
        case "none": try Files.remove(to.incomingPath)
        default:
            let other = try DataDirectory(path: temporary("orders"), name: "orderServer1")
            _ = try OrderStore(other, LogStore(other)).writeSnapshot(to: to.incomingPath)
        }
        #expect(throws: StorageError.self) { try to.installSnapshot(position) }
        #expect(try to.audit() == before)
        #expect(log.extent.last.index == 5)
    }

    @Test("A crash before the log names the snapshot leaves the old state")
    func crashBefore() throws {
        let (_, from) = try giver(40)
        let before: CatalogAudit
        do {
            let (log, to) = try open("taker")
            try fillTaker(log, to)
            before = try to.audit()
            // Up to the rename, which is the last step before the log's transaction.
            _ = try from.writeSnapshot(to: temporary("taker/state-2.db"))
        }
        let (log, to) = try open("taker")
        #expect(try to.audit() == before)
        #expect(log.extent.last.index == 5)
        #expect(try !names(in: temporary("taker")).contains("state-2.db"))
    }

    @Test("A crash behind the log's transaction leaves the snapshot, and the old state goes")
    func crashAfter() throws {
        let (_, from) = try giver(40)
        do {
            let (log, to) = try open("taker")
            try fillTaker(log, to)
            try to.checkpoint()
            let old = try Files.read(temporary("taker/state.db"))
            try to.installSnapshot(from.writeSnapshot(to: to.incomingPath))
            // It was not removed yet.
            try overwrite(temporary("taker/state.db"), old)
        }
        let (_, to) = try open("taker")
        #expect(try to.audit() == from.audit())
        #expect(try !names(in: temporary("taker")).contains("state.db"))
    }

    @Test("A transfer that a crash cut short is removed at the next start")
    func crashInTransfer() throws {
        do {
            let (log, to) = try open("taker")
            try fillTaker(log, to)
            try overwrite(to.incomingPath, [1, 2, 3])
        }
        let (_, to) = try open("taker")
        #expect(to.applied.index == 5)
        #expect(!Files.exists(to.incomingPath))
    }

    @Test("What a crash left beside a snapshot is not taken for the next one's")
    func foreignJournal() throws {
        let (_, from) = try giver(40)
        let leftovers = ["-journal", "-wal", "-shm"].map { temporary("taker/incoming.db") + $0 }
        let position: LogPosition
        do {
            let (log, to) = try open("taker")
            try fillTaker(log, to)
            position = try from.writeSnapshot(to: to.incomingPath)
            for path in leftovers { try overwrite(path, [1, 2, 3]) }
            try to.installSnapshot(position)
            #expect(leftovers.allSatisfy { !Files.exists($0) })
            #expect(try to.audit() == from.audit())
        }
        for path in leftovers { try overwrite(path, [1, 2, 3]) }
        let (_, to) = try open("taker")
        #expect(leftovers.allSatisfy { !Files.exists($0) })
        #expect(to.applied == position)
    }

    @Test("A snapshot taken while entries are applied is of one moment")
    func underLoad() async throws {
        let (log, from) = try giver(10)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for index in 11...900 as ClosedRange<UInt64> {
                    let entries = [entry(index, view: 3, buy("key \(index)", 1))]
                    try log.append(entries)
                    _ = try from.apply(entries)
                    if index.isMultiple(of: 30) { try from.checkpoint() }
                }
            }
            for round in 1...5 {
                let (_, to) = try open("taker \(round)")
                let position = try from.writeSnapshot(to: to.incomingPath)
                try to.installSnapshot(position)
                let audit = try to.audit()
                #expect(audit.faults == [])
                #expect(audit.sales == Int64(position.index))
            }
            try await group.waitForAll()
        }
    }
}
