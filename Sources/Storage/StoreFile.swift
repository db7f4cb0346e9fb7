internal import Durability
internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// One SQLite database in WAL mode: a connection that writes, a few that read, one that
/// checkpoints.
///
/// Reads never wait for the writer, nor it for them. Commits append to the write-ahead log and
/// nothing else, for automatic checkpoints are off: a checkpoint in the middle of a commit is what
/// makes the slowest buys. `checkpoint()` does it from a thread of the host's choice.
final class StoreFile: Sendable {
    /// When a commit is durable.
    enum Synchronous: String {
        /// When it returns: the write-ahead log is synced at every commit.
        case full = "FULL"
        /// At the next checkpoint. After a loss of power the file is that of an earlier commit.
        case normal = "NORMAL"
    }

    let path: String
    private let writer: ConnectionLock
    private let checkpointer: ConnectionLock
    private let readers: Mutex<Readers>
    /// The checkpoint that was to be made by the writer while a transaction of its was open, as
    /// SQLite numbers it; -1 for none.
    private let owedCheckpoint = Atomic<Int32>(-1)

    private struct Readers {
        let all: [ConnectionLock]
        var idle: [ConnectionLock]
        var turn = 0

        /// A reader that nobody uses, or where there is none the next one in turn, which serves its
        /// users one after another.
        mutating func take() -> ConnectionLock {
            if let reader = idle.popLast() { return reader }
            turn = (turn + 1) % all.count
            return all[turn]
        }

        mutating func giveBack(_ reader: ConnectionLock) {
            if !idle.contains(where: { $0 === reader }) { idle.append(reader) }
        }
    }

    /// Opens a file that `Schema.verify` has found sound.
    /// - Parameter cacheKilobytes: memory for pages of the writer; each reader has a quarter of it.
    init(
        path: String, synchronous: Synchronous, readers count: Int = 3, cacheKilobytes: Int = 4096
    ) throws(StorageError) {
        self.path = path
        writer = try Self.connect(path, synchronous, cacheKilobytes: cacheKilobytes)
        checkpointer = try Self.connect(path, synchronous, cacheKilobytes: 256)
        var readers: [ConnectionLock] = []
        for _ in 0..<count {
            readers.append(try Self.connectReader(path, cacheKilobytes: cacheKilobytes / 4))
        }
        self.readers = Mutex(Readers(all: readers, idle: readers))
        if synchronous == .full { try reserveRoom() }
        // From here on the writer meets only checkpoints that wait for readers; see `restart`.
        try writer.run { connection in _ = sqlite3_busy_timeout(connection.handle, 20) }
    }

    /// Gives the write-ahead log the length at which it is started anew. A commit that writes over
    /// what is there is durable in half the time of one that makes the file longer, which is a
    /// change of the file system's own data. Not on a disk that is nearly full: there the room is
    /// needed.
    private func reserveRoom() throws(StorageError) {
        // The first look at the file makes the write-ahead log.
        try read { connection throws(StorageError) in
            let look = try PreparedStatement("PRAGMA schema_version", connection, file: path)
            defer { look.reset() }
            _ = try look.step()
        }
        let page = 4096 + 24
        try? Files.extend(
            path + "-wal", to: Int(Self.pagesToRestart) * page, where: 1 << 30)
    }

    /// Runs a transaction: all of it is done when this returns, or nothing when it throws.
    /// - Parameter committed: called after the commit, before any later transaction begins.
    func write<Value>(
        _ body: (Connection) throws(StorageError) -> Value,
        committed: (Value) -> Void = { _ in }
    ) throws(StorageError) -> Value {
        try writer.run { connection throws(StorageError) in
            let value = try transaction("BEGIN IMMEDIATE", connection, body)
            committed(value)
            return value
        }
    }

    /// Reads with one statement, which alone sees a consistent state.
    func read<Value>(
        _ body: (Connection) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        let reader = readers.withLock { $0.take() }
        defer { readers.withLock { $0.giveBack(reader) } }
        return try reader.run(body)
    }

    /// Reads with any number of statements that all see the same state, for as long as it takes,
    /// on a connection of its own.
    func longRead<Value>(
        _ body: (Connection) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try Self.connectReader(path, cacheKilobytes: 1024).run { connection throws(StorageError) in
            try transaction("BEGIN", connection, body)
        }
    }

    private func transaction<Value>(
        _ begin: String, _ connection: Connection,
        _ body: (Connection) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        let value = try opened(begin, connection, body)
        try commit(connection)
        return value
    }

    /// Does something in a transaction, which is open afterwards unless this throws.
    private func opened<Value>(
        _ begin: String, _ connection: Connection,
        _ body: (Connection) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try PreparedStatement(begin, connection, file: path).run()
        do throws(StorageError) {
            return try body(connection)
        } catch {
            rollBack(connection)
            throw error
        }
    }

    private func commit(_ connection: Connection) throws(StorageError) {
        do throws(StorageError) {
            try PreparedStatement("COMMIT", connection, file: path).run()
        } catch {
            rollBack(connection)
            throw error
        }
    }

    private func rollBack(_ connection: Connection) {
        // SQLite has rolled back by itself after some errors; a second time would be one.
        guard connection.isInTransaction else { return }
        try? PreparedStatement("ROLLBACK", connection, file: path).run()
    }
}

/// A transaction in two parts: what it does, and, later, whether it is done.
extension StoreFile {
    /// Does something that nobody sees, and that is as if it never were, unless `commit` follows.
    /// Until then, or `rollBack`, no other transaction may begin.
    func prepare<Value>(
        _ body: (Connection) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try writer.run { connection throws(StorageError) in
            try opened("BEGIN IMMEDIATE", connection, body)
        }
    }

    /// Commits what was prepared. Where this throws, it is as if it never were.
    func commit() throws(StorageError) {
        try writer.run { connection throws(StorageError) in try commit(connection) }
    }

    /// Takes back what was prepared.
    func rollBack() {
        try? writer.run { connection in rollBack(connection) }
    }

    /// Makes the checkpoint that an open transaction was in the way of. Between two transactions,
    /// which a disk that has no room for it is no reason to hold up: the next one tells of that.
    func settleCheckpoint() {
        let mode = owedCheckpoint.exchange(-1, ordering: .relaxed)
        if mode >= 0 { _ = try? checkpoint(mode, on: writer) }
    }
}

extension StoreFile {
    /// The write-ahead log is started anew once it has so many pages: about 8 MB.
    private static let pagesToRestart: Int32 = 2000
    /// Its file is cut off where a long read has made it longer than this.
    private static let bytesToTruncate = 64 << 20

    /// Copies what was committed into the database file, and makes it durable there.
    ///
    /// The bulk is copied beside the writer. What it adds in the meantime is copied, now and then,
    /// while it waits: otherwise there would always be something left, and the write-ahead log
    /// would grow for as long as there is load.
    ///
    /// - Returns: whether everything that was committed before the call is now durable in the file;
    ///   not so where a long read still needs an older state.
    func checkpoint() throws(StorageError) -> Bool {
        let passive = try checkpoint(SQLITE_CHECKPOINT_PASSIVE, on: checkpointer)
        guard passive.pages >= Self.pagesToRestart else { return passive.isComplete }
        let isLong = (Files.size(path + "-wal") ?? 0) > Self.bytesToTruncate
        let mode = isLong ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART
        return try checkpoint(mode, on: writer).isComplete || passive.isComplete
    }

    /// Has the disk take what was committed and is not durable yet.
    ///
    /// A checkpoint begins with it. Under load that is tens of megabytes at once, and whatever else
    /// is to be made durable on the same disk, the logs above all, waits behind them.
    func flush() throws(StorageError) {
        // No lock is lost by closing it again: SQLite's are on its other files.
        let path = path + "-wal"
        if Files.exists(path) { try Files.syncFile(path) }
    }

    private func checkpoint(
        _ mode: Int32, on lock: ConnectionLock
    ) throws(StorageError) -> (pages: Int32, isComplete: Bool) {
        try lock.run { connection throws(StorageError) in
            if connection.isInTransaction {
                owedCheckpoint.store(mode, ordering: .relaxed)
                return (0, false)
            }
            var pages: Int32 = 0
            var copied: Int32 = 0
            switch sqlite3_wal_checkpoint_v2(connection.handle, "main", mode, &pages, &copied) {
            case SQLITE_OK: return (pages, pages == copied)
            case SQLITE_BUSY, SQLITE_LOCKED: return (pages, false)
            default: throw .lastError(of: connection.handle, path)
            }
        }
    }

    private static func connect(
        _ path: String, _ synchronous: Synchronous, cacheKilobytes: Int
    ) throws(StorageError) -> ConnectionLock {
        let queue = try open(path, readOnly: false, cacheKilobytes)
        // GRDB sets NORMAL when it opens a WAL database: only what is set after that counts.
        try set(synchronous, on: queue, path)
        return try ConnectionLock(queue, file: path)
    }

    private static func connectReader(
        _ path: String, cacheKilobytes: Int
    ) throws(StorageError) -> ConnectionLock {
        try ConnectionLock(open(path, readOnly: true, cacheKilobytes), file: path)
    }

    private static func open(
        _ path: String, readOnly: Bool, _ cacheKilobytes: Int
    ) throws(StorageError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.journalMode = readOnly ? .default : .wal
        configuration.busyMode = .timeout(5)
        // Statements are prepared inside of transactions, which GRDB does not see end.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA wal_autocheckpoint = 0;
                    PRAGMA cache_size = -\(cacheKilobytes);
                    PRAGMA cell_size_check = ON;
                    """)
        }
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw .from(error, file: path)
        }
    }

    private static func set(
        _ synchronous: Synchronous, on queue: DatabaseQueue, _ path: String
    ) throws(StorageError) {
        let expected = synchronous == .full ? 2 : 1
        do {
            let found = try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = \(synchronous.rawValue)")
                return try Int.fetchOne(database, sql: "PRAGMA synchronous")
            }
            guard found == expected else {
                throw StorageError.other(
                    file: path, code: 0, message: "synchronous cannot be set to \(expected)")
            }
        } catch {
            throw .from(error, file: path)
        }
    }
}
