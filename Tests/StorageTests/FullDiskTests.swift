import Bookstore
import Durability
import Glibc
import Replication
import TestSupport
import Testing

@testable import Storage

/// A file system of two megabytes.
private final class SmallDisk {
    let path: String
    private let temporary = TemporaryFolder()

    /// Nothing where this process may not mount one.
    init?() {
        path = temporary("disk")
        guard mkdir(path, 0o700) == 0,
            run("/bin/mount", "-t", "tmpfs", "-o", "size=2m", "pygmy-test", path) == 0
        else { return nil }
    }

    deinit {
        run("/bin/umount", path)
    }

    static let isPossible = SmallDisk() != nil

    /// Fills what is left of it.
    func fill() {
        run("/bin/dd", "if=/dev/zero", "of=\(path)/ballast", "bs=4k", "status=none")
    }

    func makeRoom() throws {
        try Files.remove("\(path)/ballast")
    }

    /// Leaves so many bytes of it free.
    func fill(butFor bytes: Int) {
        fill()
        run("/usr/bin/truncate", "--size=-\(bytes)", "\(path)/ballast")
    }
}

@Suite(
    "A full disk",
    .enabled(if: SmallDisk.isPossible, "no file system can be mounted here: needs root"))
struct FullDiskTests {
    private func open(
        _ disk: SmallDisk, keysGathered: Int = 1000
    ) throws -> (DataDirectory, LogStore, CatalogStore) {
        let directory = try DataDirectory(path: "\(disk.path)/data", name: "catalogServer1")
        let log = try LogStore(directory)
        return (directory, log, try CatalogStore(directory, log, keysGathered: keysGathered))
    }

    private func isFull(_ error: (any Error)?) -> Bool {
        if case StorageError.diskFull? = error { true } else { false }
    }

    @Test("A disk that is nearly full is not filled by room for the log")
    func unreserved() throws {
        let disk = try #require(SmallDisk())
        let (_, log, _) = try open(disk)
        #expect(try #require(Files.size(log.file.path + "-wal")) < 1 << 20)
    }

    @Test("An append that does not fit is refused whole, and succeeds when there is room")
    func append() throws {
        let disk = try #require(SmallDisk())
        let (_, log, _) = try open(disk)
        try log.append([entry(1), entry(2)])
        disk.fill()
        let large = (3...6).map { entry(UInt64($0), String(repeating: "x", count: 50_000)) }
        let error = #expect(throws: StorageError.self) { try log.append(large) }
        #expect(isFull(error))
        #expect(log.extent.last.index == 2)
        #expect(try log.entries(1...9) == [entry(1), entry(2)])
        try disk.makeRoom()
        try log.append(large)
        #expect(try log.entries(1...9) == [entry(1), entry(2)] + large)
    }

    @Test("A batch that cannot be applied is applied whole when there is room")
    func apply() throws {
        let disk = try #require(SmallDisk())
        let (_, log, store) = try open(disk)
        try store.importBooks { try $0(book(1, stock: 10_000)) }
        let entries = (1...600).map { entry(UInt64($0), buy("key \($0)", 1)) }
        try log.append(entries)
        disk.fill()
        let error = #expect(throws: StorageError.self) { _ = try store.apply(entries) }
        #expect(isFull(error))
        #expect(store.applied == .origin)
        #expect(try store.audit().sales == 0)
        try disk.makeRoom()
        #expect(try store.apply(entries).count == 600)
        #expect(try store.audit().faults == [])
    }

    @Test("A store whose keys cannot be entered in their index is opened, and enters them later")
    func keys() throws {
        let disk = try #require(SmallDisk())
        let entries = (1...4000).map { entry(UInt64($0), buy("key \($0)", 1)) }
        do {
            let (_, log, store) = try open(disk, keysGathered: 100_000)
            try store.importBooks { try $0(book(1, stock: 10_000)) }
            for start in stride(from: 0, to: 4000, by: 100) {
                let batch = Array(entries[start..<start + 100])
                try log.append(batch)
                _ = try store.apply(batch)
                try log.trim(through: store.checkpoint())
            }
        }
        func isEntered(_ store: CatalogStore) throws -> Bool {
            let file = store.file
            return try file.longRead { connection throws(StorageError) in
                let select = try PreparedStatement(
                    "SELECT keys_through FROM catalog", connection, file: file.path)
                defer { select.reset() }
                return try select.step() && select.number(at: 0) >= 4000
            }
        }
        do {
            // Room to open it, for what SQLite shares between connections, and no more.
            disk.fill(butFor: 80 << 10)
            let (_, _, store) = try open(disk, keysGathered: 100)
            #expect(try !isEntered(store))
            #expect(try store.use(of: key("key 17")) != nil)
        }
        try disk.makeRoom()
        let (_, log, store) = try open(disk, keysGathered: 100)
        #expect(try isEntered(store))
        let repeats = [entry(4001, buy("key 17", 1)), entry(4002, buy("key 3999", 1))]
        try log.append(repeats)
        _ = try store.apply(repeats)
        #expect(try store.book(1)?.stock == 6000)
    }

    @Test("A snapshot that does not fit is no snapshot, and the state goes on")
    func snapshot() throws {
        let disk = try #require(SmallDisk())
        let (_, _, store) = try open(disk)
        try store.importBooks { put in
            for number in 1...3000 as ClosedRange<Int64> { try put(book(number)) }
        }
        for room in [0, 20_000, 100_000] {
            disk.fill(butFor: room)
            let error = #expect(throws: StorageError.self) {
                _ = try store.writeSnapshot(to: "\(disk.path)/snapshot.db")
            }
            #expect(isFull(error))
            // What there is of room is left to the store.
            #expect(!Files.exists("\(disk.path)/snapshot.db"))
            try disk.makeRoom()
        }
        #expect(try store.audit().books == 3000)
    }

    @Test("An acceptor's promise that does not fit leaves the one before")
    func acceptor() throws {
        let disk = try #require(SmallDisk())
        let (directory, _, _) = try open(disk)
        let acceptor = AcceptorStore(directory)
        try acceptor.persist([1], as: "catalog")
        disk.fill()
        let error = #expect(throws: StorageError.self) {
            try acceptor.persist(Array(repeating: 2, count: 10_000), as: "catalog")
        }
        #expect(isFull(error))
        #expect(try acceptor.value(of: "catalog") == [1])
        try disk.makeRoom()
        try acceptor.persist([3], as: "catalog")
        #expect(try acceptor.value(of: "catalog") == [3])
    }

    @Test("A store cannot be made on a full disk, and can be made there later")
    func create() throws {
        let disk = try #require(SmallDisk())
        disk.fill()
        let error = #expect(throws: StorageError.self) { _ = try open(disk) }
        #expect(isFull(error))
        try disk.makeRoom()
        let (_, _, store) = try open(disk)
        #expect(store.applied == .origin)
    }
}
