internal import Durability
internal import GRDB
internal import Glibc

/// What a kind of store file contains, and how one is told from another file.
struct Schema {
    /// The number in the file's header that says which program it belongs to, and what it is.
    let applicationID: Int32
    /// What the first version consists of, and what each one after it adds.
    let versions: [Version]

    /// What a version adds to the one before it.
    struct Version {
        /// Tables and indexes, each as SQLite keeps it.
        let tables: [String]
        /// Statements that fill them, in a new file and in one of the version before.
        var content: [String] = []
        /// Columns that tables of earlier versions get, behind those that they have.
        var columns: [(table: String, definition: String)] = []
        /// Indexes of earlier versions that go, when everything else is there.
        var droppedIndexes: [String] = []
    }

    /// The tables and indexes of a version, each as SQLite keeps it.
    private func tables(of version: Int) -> [String] {
        var tables: [String] = []
        for step in versions[..<version] {
            for column in step.columns {
                // What SQLite makes of ALTER TABLE … ADD COLUMN.
                tables = tables.map { sql in
                    sql.hasPrefix("CREATE TABLE \(column.table) (")
                        ? "\(sql.dropLast()), \(column.definition))" : sql
                }
            }
            tables += step.tables
            for name in step.droppedIndexes {
                tables.removeAll { $0.hasPrefix("CREATE INDEX \(name) ") }
            }
        }
        return tables
    }

    /// The version that this release works with; it reads all before it.
    var version: Int32 { Int32(versions.count) }

    /// The greatest file whose pages are all checked at opening; longer ones would keep a server
    /// from starting in time, and are checked page by page as they are read.
    static let bytesCheckedAtOpening = 32 << 20

    /// Makes a new file. It gets its name when it is complete and durable, so that a file of that
    /// name is never half a store.
    func create(_ path: String) throws(StorageError) {
        let temporary = path + ".new"
        for suffix in ["", "-journal", "-wal", "-shm"] { try Files.remove(temporary + suffix) }
        do {
            // A rollback journal: the header of a file in WAL mode would stand in the
            // write-ahead log alone, where `verify` could not read it without opening it.
            let queue = try DatabaseQueue(path: temporary)
            try queue.writeWithoutTransaction { database in
                try database.execute(
                    sql: "PRAGMA application_id = \(applicationID)")
            }
            try queue.write { try bring($0, from: 0) }
            try queue.close()
        } catch {
            throw .from(error, file: path)
        }
        try Files.syncFile(temporary)
        try Files.rename(temporary, to: path)
    }

    /// Brings a sound store of this kind to this release's version: all the way or, where it
    /// throws, not at all. Nobody else may have it open.
    func upgrade(_ path: String) throws(StorageError) {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let found = try Self.version(try Connection(queue, file: path), path)
            try queue.write { try bring($0, from: found) }
            // The version stands in the header of the file itself from here on.
            try queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try queue.close()
        } catch {
            throw .from(error, file: path)
        }
    }

    private func bring(_ database: Database, from found: Int32) throws {
        for version in versions[Int(found)...] {
            for column in version.columns {
                try database.execute(
                    sql: "ALTER TABLE \(column.table) ADD COLUMN \(column.definition)")
            }
            let drops = version.droppedIndexes.map { "DROP INDEX \($0)" }
            for sql in version.tables + version.content + drops { try database.execute(sql: sql) }
        }
        try database.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Checks that a file is a sound store of this kind, of this version or one before it, without
    /// changing a byte of it.
    /// - Returns: what `body` reads from it.
    func verify<Value>(
        _ path: String, _ body: (Connection) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try verifyHeader(path)
        // SQLite's index of the write-ahead log is made when a file is opened, even for reading.
        let shared = path + "-shm"
        let hadShared = Files.exists(shared)
        defer { if !hadShared { unlink(shared) } }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let result: Result<Value, StorageError>
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            result = Result { () throws(StorageError) in
                try verifyContent(try Connection(queue, file: path), path, body)
            }
            try queue.close()
        } catch {
            throw .from(error, file: path)
        }
        return try result.get()
    }

    private func verifyContent<Value>(
        _ connection: Connection, _ path: String,
        _ body: (Connection) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try verifyTables(connection, path)
        return try body(connection)
    }

    private func verifyHeader(_ path: String) throws(StorageError) {
        guard Files.exists(path) else { throw .damaged(file: path, reason: "it is missing") }
        let header = try Files.read(path, atMost: 100)
        guard header.count == 100, header.starts(with: "SQLite format 3\0".utf8) else {
            throw .damaged(file: path, reason: "it is no SQLite database")
        }
        func number(at offset: Int) -> Int32 {
            header[offset..<offset + 4].reduce(0) { $0 << 8 | Int32($1) }
        }
        guard number(at: 68) == applicationID else {
            throw .damaged(file: path, reason: "it is a database of another kind")
        }
        let found = number(at: 60)
        guard found <= version else {
            throw .later(file: path, version: Int(found), known: Int(version))
        }
        guard found >= 1 else {
            throw .damaged(file: path, reason: "its tables have version \(found)")
        }
    }

    /// The version of a store's tables.
    static func version(_ connection: Connection, _ path: String) throws(StorageError) -> Int32 {
        let pragma = try PreparedStatement("PRAGMA user_version", connection, file: path)
        defer { pragma.reset() }
        return try pragma.step() ? Int32(truncatingIfNeeded: pragma.number(at: 0)) : 0
    }

    private func verifyTables(_ connection: Connection, _ path: String) throws(StorageError) {
        // In the write-ahead log there may be a later version than in the header.
        let version = Int(try Self.version(connection, path))
        // A virtual table keeps what it has in tables of its own, under its name and an underscore.
        let master = try PreparedStatement(
            """
            SELECT sql FROM sqlite_master AS entry WHERE sql IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM sqlite_master AS virtual
                WHERE virtual.sql LIKE 'CREATE VIRTUAL TABLE %'
                    AND substr(entry.name, 1, length(virtual.name) + 1) = virtual.name || '_')
            ORDER BY rowid
            """, connection, file: path)
        var found: [String] = []
        while try master.step() { found.append(master.text(at: 0)) }
        guard version <= versions.count else {
            throw .later(file: path, version: version, known: versions.count)
        }
        guard version >= 1,
            found == tables(of: version)
        else {
            throw .damaged(file: path, reason: "its tables are not those of this release")
        }
        guard (Files.size(path) ?? 0) <= Self.bytesCheckedAtOpening else { return }
        let check = try PreparedStatement("PRAGMA quick_check(1)", connection, file: path)
        while try check.step() {
            let finding = check.text(at: 0)
            guard finding == "ok" else { throw .damaged(file: path, reason: finding) }
        }
    }
}
