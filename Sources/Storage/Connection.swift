internal import Durability
internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// A connection to a database, and the statements that were prepared on it.
///
/// GRDB opens and configures connections and prepares their statements. What runs these has a lock
/// of its own around it, ``ConnectionLock``: going through GRDB's queue, and finding a statement by
/// hashing all of its text, would cost as much as running a small one.
final class Connection {
    /// SQLite's own.
    let handle: OpaquePointer
    private let queue: DatabaseQueue
    private var statements: [Text: Statement] = [:]

    /// The text of a statement. There are a few dozen of them, and nearly all differ in length.
    private struct Text: Hashable {
        let sql: String

        func hash(into hasher: inout Hasher) { hasher.combine(sql.utf8.count) }
    }

    init(_ queue: DatabaseQueue, file: String) throws(StorageError) {
        self.queue = queue
        guard let handle = queue.unsafeRead({ $0.sqliteConnection }) else {
            throw .other(file: file, code: 0, message: "the connection is closed")
        }
        self.handle = handle
        // GRDB's, which tell its observers of commits; there are none, and they want its queue.
        sqlite3_commit_hook(handle, nil, nil)
        sqlite3_rollback_hook(handle, nil, nil)
    }

    /// Whether a transaction is open.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// A statement, prepared where it was not yet. It is valid for as long as the connection.
    func statement(_ sql: String, file: String) throws(StorageError) -> OpaquePointer {
        let text = Text(sql: sql)
        if let statement = statements[text] { return statement.sqliteStatement }
        do {
            let statement = try queue.unsafeRead { try $0.makeStatement(sql: sql) }
            statements[text] = statement
            return statement.sqliteStatement
        } catch {
            throw .from(error, file: file)
        }
    }
}

/// A connection that one thread uses at a time.
final class ConnectionLock: Sendable {
    private let lock = Mutex(())
    // Sound: used while the lock is held, and nowhere else.
    nonisolated(unsafe) private let connection: Connection

    init(_ queue: DatabaseQueue, file: String) throws(StorageError) {
        connection = try Connection(queue, file: file)
    }

    /// Uses the connection, once nobody else does.
    func run<Value>(
        _ body: (Connection) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        var result: Result<Value, StorageError>?
        lock.withLock { _ in
            result = Result { () throws(StorageError) in try body(connection) }
        }
        guard let result else { preconditionFailure("a lock runs what it is given") }
        return try result.get()
    }
}
