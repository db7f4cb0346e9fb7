import Durability
import Replication
import TestSupport
import Testing

@testable import Storage

/// The log, opened anew for each look at it where a test says `reopened`.
@Suite("Log store")
struct LogStoreTests {
    private let temporary = TemporaryFolder()

    private func open() throws -> LogStore {
        try LogStore(DataDirectory(path: temporary("data"), name: "catalogServer1"))
    }

    @Test("A new log is empty and begins at the origin")
    func empty() throws {
        let log = try open()
        #expect(log.extent == LogExtent(base: .origin, last: .origin))
        #expect(try log.entries(1...10).isEmpty)
        #expect(try log.view(at: 0) == 0)
        #expect(try log.view(at: 1) == nil)
    }

    @Test("Entries are read back as they were appended, also by the next process")
    func appended() throws {
        let entries = [entry(1), entry(2), entry(3, view: 4, "")]
        do {
            let log = try open()
            try log.append(Array(entries[..<2]))
            try log.append([entries[2]])
            #expect(try log.entries(1...3) == entries)
        }
        let log = try open()
        #expect(log.extent.last == LogPosition(index: 3, view: 4))
        #expect(try log.entries(1...3) == entries)
        #expect(try log.entries(2...2) == [entries[1]])
        #expect(try log.view(at: 2) == 1)
    }

    @Test("Reading stops behind the entry that fills the limit, and gives at least one")
    func limited() throws {
        let log = try open()
        try log.append((1...5).map { entry($0, String(repeating: "x", count: 100)) })
        #expect(try log.entries(1...5, limitBytes: 1).count == 2)
        #expect(try log.entries(1...5, limitBytes: 200).count == 2)
        #expect(try log.entries(1...5, limitBytes: 201).count == 3)
        #expect(try log.entries(6...9).isEmpty)
    }

    @Test("A conflicting tail is cut off and replaced in one step")
    func truncated() throws {
        do {
            let log = try open()
            try log.append((1...5).map { entry($0) })
            try log.append([entry(3, view: 2, "other")], truncatingFrom: 3)
        }
        let log = try open()
        #expect(log.extent.last == LogPosition(index: 3, view: 2))
        #expect(try log.entries(1...9) == [entry(1), entry(2), entry(3, view: 2, "other")])
    }

    @Test("A cut alone leaves what stands before it, down to the base")
    func cutAlone() throws {
        let log = try open()
        try log.append((1...5).map { entry($0) })
        try log.append([], truncatingFrom: 5)
        #expect(log.extent.last.index == 4)
        try log.append([], truncatingFrom: 9)
        #expect(log.extent.last.index == 4)
        try log.trim(through: 2)
        try log.append([], truncatingFrom: 3)
        #expect(log.extent.last == log.extent.base)
        try log.append([entry(3, view: 3)])
        #expect(try log.entries(3...3) == [entry(3, view: 3)])
    }

    @Test("A trimmed log begins behind its base, and knows the base's view")
    func trimmed() throws {
        do {
            let log = try open()
            try log.append((1...5000).map { entry($0, view: $0 <= 4500 ? 2 : 3) })
            try log.trim(through: 4500)
            try log.trim(through: 10)
        }
        let log = try open()
        #expect(log.extent.base == LogPosition(index: 4500, view: 2))
        #expect(try log.entries(4500...4501).isEmpty)
        #expect(try log.entries(4501...5000).count == 500)
        #expect(try log.view(at: 4500) == 2)
        #expect(try log.view(at: 4499) == nil)
    }

    @Test("A trim that was cut short behind its first step shows none of what it left")
    func halfTrimmed() throws {
        do {
            let log = try open()
            try log.append((1...6000).map { entry($0) })
            // As a crash leaves it: the base is set, the rows are still there.
            try log.trim(through: 5000)
            try log.file.write { database throws(StorageError) in
                try PreparedStatement(
                    "UPDATE log SET base_index = 5500", database, file: log.file.path
                ).run()
            }
        }
        let log = try open()
        #expect(log.extent.base.index == 5500)
        #expect(log.extent.last.index == 6000)
        try log.trim(through: 5600)
        #expect(try log.entries(5601...6000).count == 400)
    }

    @Test("A log that is replaced begins behind the snapshot, with its state file")
    func replaced() throws {
        do {
            let log = try open()
            try log.append((1...5).map { entry($0) })
            try log.replace(base: LogPosition(index: 90, view: 7), stateGeneration: 2)
        }
        let log = try open()
        let base = LogPosition(index: 90, view: 7)
        #expect(log.extent == LogExtent(base: base, last: base))
        #expect(log.stateGeneration == 2)
        #expect(try log.entries(1...100).isEmpty)
        try log.append([entry(91, view: 7)])
        #expect(try log.entries(91...91) == [entry(91, view: 7)])
    }

    @Test("Named bytes are what was last made durable under their name")
    func persisted() throws {
        do {
            let log = try open()
            #expect(try log.persisted("replica") == nil)
            try log.persist([1, 2, 3], as: "replica")
            try log.persist([9], as: "other")
            try log.persist([4, 5], as: "replica")
        }
        let log = try open()
        #expect(try log.persisted("replica") == [4, 5])
        #expect(try log.persisted("other") == [9])
    }

    @Test("A commit of the log is synced to the disk before it returns: synchronous is FULL")
    func synchronous() throws {
        let log = try open()
        #expect(try level(of: log.file) == 2)
    }

    @Test("A commit of the state is not synced: it is repeated from the log; synchronous is NORMAL")
    func stateIsNotSynchronous() throws {
        let directory = try DataDirectory(path: temporary("data"), name: "catalogServer1")
        let store = try CatalogStore(directory, LogStore(directory))
        #expect(try level(of: store.file) == 1)
    }

    private func level(of file: StoreFile) throws -> Int64 {
        try file.write { database throws(StorageError) in
            let pragma = try PreparedStatement("PRAGMA synchronous", database, file: file.path)
            defer { pragma.reset() }
            return try pragma.step() ? pragma.number(at: 0) : -1
        }
    }

    @Test("What a killed process had appended is there for the next one, without a checkpoint")
    func killed() throws {
        let log = try open()
        try log.append((1...100).map { entry($0) })
        try log.persist([1], as: "replica")
        copyDirectory(temporary("data"), to: temporary("copy"))
        let copy = try LogStore(DataDirectory(path: temporary("copy"), name: "catalogServer1"))
        #expect(copy.extent == log.extent)
        #expect(try copy.entries(1...100) == log.entries(1...100))
        #expect(try copy.persisted("replica") == [1])
    }

    @Test("A checkpoint under appends and reads loses nothing, and the write-ahead log stays short")
    func checkpointed() throws {
        let log = try open()
        let payload = String(repeating: "x", count: 20_000)
        for index in 1...1500 as ClosedRange<LogIndex> {
            try log.append([entry(index, payload)])
            if index.isMultiple(of: 50) { try log.checkpoint() }
        }
        try log.checkpoint()
        let size = try #require(Files.size(log.file.path + "-wal"))
        #expect(size < 24 << 20, "the write-ahead log has \(size) bytes")
        #expect(try log.entries(1...1500, limitBytes: .max).count == 1500)
    }

    @Test("The log has its room from the start; what a crash leaves in it is found")
    func reserved() throws {
        let log = try open()
        let wal = log.file.path + "-wal"
        let size = try #require(Files.size(wal))
        try #require(size >= 8_000_000, "is there less than a gigabyte left on this disk?")
        for index in 1...100 as ClosedRange<LogIndex> { try log.append([entry(index)]) }
        #expect(Files.size(wal) == size)
        copyDirectory(temporary("data"), to: temporary("copy"))
        let copy = try LogStore(DataDirectory(path: temporary("copy"), name: "catalogServer1"))
        #expect(try copy.entries(1...100) == log.entries(1...100))
        try copy.append([entry(101)])
        #expect(Files.size(temporary("copy/log.db-wal")) == size)
    }

    @Test("An entry out of its order stops the process: the log would have a hole")
    func outOfOrder() async {
        await #expect(processExitsWith: .failure) {
            let temporary = TemporaryFolder()
            let log = try LogStore(DataDirectory(path: temporary("data"), name: "orderServer1"))
            try log.append([entry(2)])
        }
    }
}
