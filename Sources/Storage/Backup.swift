public import Bookstore
public import Durability
internal import GRDB
public import Replication

/// A copy of a group's state outside of any data directory: what `writeSnapshot` writes, checked,
/// and made into a data directory again.
public enum Backup {
    /// Which group's state.
    public enum Group: Sendable {
        /// Books, sales and keys.
        case catalog
        /// Orders.
        case orders
    }

    /// Reads all of a copy of the catalog, without changing a byte of it.
    /// - Returns: the last entry that is applied in it, and what it adds up to.
    /// - Throws: `damaged` where it is no such copy.
    public static func auditCatalog(
        _ path: String
    ) throws(StorageError) -> (position: LogPosition, audit: CatalogAudit) {
        try CatalogTables.schema.verify(path) { connection throws(StorageError) in
            (try StateFile.applied(connection, path), try CatalogTables.audit(connection, path))
        }
    }

    /// Reads all of a copy of the orders, without changing a byte of it.
    /// - Returns: the last entry that is applied in it, and what it adds up to.
    /// - Throws: `damaged` where it is no such copy.
    public static func auditOrders(
        _ path: String
    ) throws(StorageError) -> (position: LogPosition, audit: OrderAudit) {
        try OrderTables.schema.verify(path) { connection throws(StorageError) in
            (try StateFile.applied(connection, path), try OrderTables.audit(connection, path))
        }
    }

    /// Makes a data directory whose state is a copy's: all of it or, where it throws, none.
    ///
    /// The directory has an identity of its own, no promises and no view, and its log begins behind
    /// the copy's last entry, in view 0: whatever history the copy came from, this one begins here.
    /// See `docs/decisions/restoring.md`.
    /// - Parameters:
    ///   - directory: where there must be nothing yet.
    ///   - name: the server that it is for.
    /// - Returns: the index behind which its log begins.
    /// - Throws: `foreign` where there is something, `damaged` where the copy is none.
    @discardableResult
    public static func restore(
        _ group: Group, from path: String, to directory: String, for name: String
    ) throws(StorageError) -> LogIndex {
        guard !Files.exists(directory) || Files.isEmptyDirectory(directory) else {
            throw .foreign(
                directory: directory,
                reason: "is not empty: move it away, a backup is restored only where nothing is")
        }
        let unfinished = directory + ".restoring"
        try Files.removeTree(unfinished)
        let base: LogPosition
        do throws(StorageError) {
            base = try fill(unfinished, group, from: path, for: name)
        } catch {
            try? Files.removeTree(unfinished)
            throw error
        }
        try Files.rename(unfinished, to: directory)
        return base.index
    }

    private static func fill(
        _ path: String, _ group: Group, from copy: String, for name: String
    ) throws(StorageError) -> LogPosition {
        let schema =
            switch group {
            case .catalog: CatalogTables.schema
            case .orders: OrderTables.schema
            }
        let directory = try DataDirectory(path: path, name: name)
        let log = try LogStore(directory)
        let state = try StateFile(schema, directory, log, cacheKilobytes: 1024)
        let index = try schema.verify(copy) { connection throws(StorageError) in
            try StateFile.applied(connection, copy).index
        }
        // Never 0: a log that begins at its origin says that its state is the catalog's file.
        let base = LogPosition(index: max(index, 1), view: 0)
        try Files.copy(copy, to: state.incomingPath)
        try setApplied(base, in: state.incomingPath)
        try state.install(base)
        return base
    }

    private static func setApplied(
        _ position: LogPosition, in path: String
    ) throws(StorageError) {
        do {
            let queue = try DatabaseQueue(path: path)
            try queue.writeWithoutTransaction { database in
                try database.execute(
                    sql: "UPDATE applied SET idx = ?, view = ?",
                    arguments: [
                        Int64(bitPattern: position.index), Int64(bitPattern: position.view),
                    ])
            }
            // Moves the write-ahead log into the file, which alone is installed.
            try queue.close()
        } catch {
            throw .from(error, file: path)
        }
    }
}
