internal import Durability
internal import GRDBSQLite
internal import Replication

extension StateFile {
    /// Writes a consistent copy of the state to a file that is complete and durable on return.
    ///
    /// The copy is made page by page from a read transaction: the state may be written meanwhile,
    /// but its write-ahead log cannot start anew until the copy is done. Where it fails nothing is
    /// left of it, and where the disk has no room for it it is not begun: the store itself needs
    /// what there is.
    func writeSnapshot(to path: String) throws(StorageError) -> LogPosition {
        try Self.removeSnapshot(path)
        let file = file
        let size = (Files.size(file.path) ?? 0) + (Files.size(file.path + "-wal") ?? 0)
        let directory = Files.directory(of: path)
        guard try Files.room(in: directory) > size + size / 10 else {
            throw .diskFull(file: path)
        }
        do throws(StorageError) {
            let position = try file.longRead { connection throws(StorageError) in
                let position = try Self.applied(connection, file.path)
                try Self.copy(connection, from: file.path, to: path)
                return position
            }
            try Files.syncFile(path)
            try Files.syncDirectory(directory)
            return position
        } catch {
            try? Self.removeSnapshot(path)
            throw error
        }
    }

    private static func removeSnapshot(_ path: String) throws(StorageError) {
        for suffix in ["", "-journal", "-wal", "-shm"] { try Files.remove(path + suffix) }
    }

    private static func copy(
        _ source: Connection, from sourcePath: String, to path: String
    ) throws(StorageError) {
        var target: OpaquePointer?
        defer { sqlite3_close(target) }
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(path, &target, flags, nil) == SQLITE_OK else {
            throw .lastError(of: target, path)
        }
        // A copy that a crash cuts short is thrown away: no journal, and one sync at the end.
        sqlite3_exec(target, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", nil, nil, nil)
        guard let backup = sqlite3_backup_init(target, "main", source.handle, "main")
        else { throw .lastError(of: target, path) }
        var code = SQLITE_OK
        while code == SQLITE_OK { code = sqlite3_backup_step(backup, 256) }
        guard sqlite3_backup_finish(backup) == SQLITE_OK, code == SQLITE_DONE else {
            throw .lastError(of: target, path)
        }
        // Whoever reads a file that says it has a write-ahead log must be able to make one beside
        // it, also where nothing may be written, as a backup may lie.
        guard
            sqlite3_exec(target, "PRAGMA journal_mode = DELETE", nil, nil, nil) == SQLITE_OK
        else { throw .lastError(of: target, path) }
    }
}
