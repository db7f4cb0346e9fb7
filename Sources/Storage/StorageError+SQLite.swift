internal import Durability
internal import GRDB
internal import GRDBSQLite
internal import Glibc

// What SQLite and GRDB report, as this module's callers are told of it.
extension StorageError {
    /// What the last call on a connection failed with.
    static func lastError(of connection: OpaquePointer?, _ file: String) -> StorageError {
        let code = sqlite3_extended_errcode(connection)
        let message = String(cString: sqlite3_errmsg(connection))
        return sqliteError(
            code, message, systemCode: sqlite3_system_errno(connection), file: file)
    }

    /// Names an error that GRDB threw; one of this module passes through as it is.
    static func from(_ error: any Error, file: String) -> StorageError {
        switch error {
        case let error as StorageError: error
        case let error as DatabaseError:
            sqliteError(
                error.extendedResultCode.rawValue, error.message ?? "SQLite failed",
                systemCode: 0, file: file)
        default: .other(file: file, code: 0, message: "\(error)")
        }
    }

    private static func sqliteError(
        _ code: Int32, _ message: String, systemCode: Int32, file: String
    ) -> StorageError {
        switch code & 0xff {
        case SQLITE_FULL: .diskFull(file: file)
        // The index of the write-ahead log finds no room; SQLite keeps no reason for that.
        case SQLITE_IOERR where code == SQLITE_IOERR | 19 << 8: .diskFull(file: file)
        case SQLITE_IOERR where systemCode == ENOSPC || systemCode == EDQUOT:
            .diskFull(file: file)
        case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged(file: file, reason: message)
        case SQLITE_READONLY: .readOnly(file: file)
        default: .other(file: file, code: code, message: message)
        }
    }
}
