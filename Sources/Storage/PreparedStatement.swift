internal import Durability
internal import GRDBSQLite

/// A statement of a connection, bound and stepped through SQLite's own functions.
///
/// On the path of a buy and of a lookup, GRDB's boxing of arguments and rows would cost as much as
/// SQLite itself.
struct PreparedStatement {
    private let pointer: OpaquePointer
    private let file: String

    init(_ sql: String, _ connection: Connection, file: String) throws(StorageError) {
        pointer = try connection.statement(sql, file: file)
        self.file = file
        // One that was prepared before may have been left in the middle of its rows by an error.
        sqlite3_reset(pointer)
    }

    func bind(_ number: Int64, at index: Int32) {
        sqlite3_bind_int64(pointer, index, number)
    }

    func bind(_ number: UInt64, at index: Int32) {
        bind(Int64(bitPattern: number), at: index)
    }

    func bind(_ text: String, at index: Int32) {
        var text = text
        text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) {
                // An empty text has no address, which SQLite would take for NULL.
                _ =
                    $0.baseAddress == nil
                    ? sqlite3_bind_text(pointer, index, "", 0, transient)
                    : sqlite3_bind_text(
                        pointer, index, $0.baseAddress, Int32($0.count), transient)
            }
        }
    }

    func bind(_ bytes: [UInt8], at index: Int32) {
        bytes.withUnsafeBytes {
            _ =
                $0.isEmpty
                ? sqlite3_bind_zeroblob(pointer, index, 0)
                : sqlite3_bind_blob(pointer, index, $0.baseAddress, Int32($0.count), transient)
        }
    }

    func bindNull(at index: Int32) {
        sqlite3_bind_null(pointer, index)
    }

    /// Goes to the next row: false where there is none, after which the statement is ready to be
    /// bound anew.
    func step() throws(StorageError) -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(pointer)
            return false
        default:
            let error = StorageError.lastError(of: sqlite3_db_handle(pointer), file)
            sqlite3_reset(pointer)
            throw error
        }
    }

    /// Runs a statement that has no rows.
    func run() throws(StorageError) {
        while try step() {}
    }

    /// Ends a statement before its last row; the read transaction of a lone SELECT ends with it.
    func reset() {
        sqlite3_reset(pointer)
    }

    func number(at column: Int32) -> Int64 {
        sqlite3_column_int64(pointer, column)
    }

    func unsigned(at column: Int32) -> UInt64 {
        UInt64(bitPattern: number(at: column))
    }

    func isNull(at column: Int32) -> Bool {
        sqlite3_column_type(pointer, column) == SQLITE_NULL
    }

    func text(at column: Int32) -> String {
        guard let start = sqlite3_column_text(pointer, column) else { return "" }
        let count = Int(sqlite3_column_bytes(pointer, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func bytes(at column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(pointer, column) else { return [] }
        let count = Int(sqlite3_column_bytes(pointer, column))
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Tells SQLite to copy what is bound: SQLITE_TRANSIENT, a macro that Swift cannot import,
    /// defined by SQLite as a function pointer of that value which is never called.
    private var transient: sqlite3_destructor_type {
        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}
