public import Bookstore
public import Durability
public import Replication
internal import Synchronization

/// The catalog on its disk: books, sales, keys, and how far the log is applied.
///
/// One thread applies entries; reads come from any thread, see what is committed and never wait for
/// it. A loss of power takes the state back to an earlier entry, after which the log is applied
/// again from `applied`.
public final class CatalogStore: StateStore {
    /// The least memory that keeps the inner pages of a million books and of their keys.
    private static let cacheKilobytes = 8192

    /// How many keys gather in memory before they are sorted into the index on the disk. Twice as
    /// many are held at most, in some 8 MB, and read again when the catalog is opened. Sorting them
    /// takes some 20 ms.
    private static let keysGathered = 1 << 17

    private let state: StateFile
    private let keysGathered: Int
    /// Nothing while a transaction has it.
    let memory: Mutex<CatalogMemory?>

    /// Opens the catalog of a data directory, or makes an empty one where there never was one.
    /// - Throws: `damaged`, in which case nothing was changed, `diskFull`, `readOnly`.
    public convenience init(_ directory: DataDirectory, _ log: LogStore) throws(StorageError) {
        try self.init(directory, log, keysGathered: Self.keysGathered)
    }

    /// Opens a catalog that sorts its keys into their index whenever so many have gathered.
    init(_ directory: DataDirectory, _ log: LogStore, keysGathered: Int) throws(StorageError) {
        self.keysGathered = keysGathered
        state = try StateFile(
            CatalogTables.schema, directory, log, cacheKilobytes: Self.cacheKilobytes)
        memory = Mutex(try Self.memory(of: state.file, keysGathered: keysGathered))
    }

    /// Reads what is kept in memory of a file that was just opened.
    private static func memory(
        of file: StoreFile, keysGathered: Int
    ) throws(StorageError) -> CatalogMemory {
        let memory = try file.longRead { connection throws(StorageError) in
            try read(file, connection, keysGathered: keysGathered)
        }
        guard memory.keys.count > keysGathered else { return memory }
        do throws(StorageError) {
            var entered = try file.write { connection throws(StorageError) in
                var catalog = try SQLiteCatalog(connection, path: file.path, memory)
                try catalog.enterAllKeys()
                return catalog.memory
            }
            entered.commit()
            return entered
        } catch {
            // That there is no room is no reason not to open it.
            guard case .diskFull = error else { throw error }
            return memory
        }
    }

    private static func read(
        _ file: StoreFile, _ connection: Connection, keysGathered: Int
    ) throws(StorageError) -> CatalogMemory {
        CatalogMemory(
            file: file,
            keys: try CatalogTables.stage(limit: keysGathered, connection, file.path))
    }

    /// The last entry that was applied.
    public var applied: LogPosition { state.applied }

    /// The last entry that is applied in what a loss of power would leave.
    public var durableThrough: LogIndex { state.durableThrough }

    /// Applies entries, which must follow on `applied`, in one transaction that is left open, and
    /// returns the outcome of each.
    /// - Throws: `diskFull` and others: then none was applied, and they can be applied again. An
    ///   entry of a later release is an `other` error that will not go away.
    public func prepare(_ entries: [Entry]) throws(StorageError) -> [CatalogOutcome] {
        do throws(StorageError) {
            return try state.prepare(entries) { connection, file throws(StorageError) in
                var catalog = try SQLiteCatalog(
                    connection, path: file.path, try takeMemory(of: file, connection))
                defer { memory.withLock { $0 = catalog.memory } }
                var outcomes: [CatalogOutcome] = []
                outcomes.reserveCapacity(entries.count)
                for entry in entries {
                    switch try catalog.apply(payload: entry.payload) {
                    case .success(let outcome): outcomes.append(outcome)
                    case .failure: throw .ofLaterRelease(entry.index, file.path)
                    }
                }
                try catalog.save()
                return outcomes
            }
        } catch {
            memory.withLock { $0?.rollBack() }
            throw error
        }
    }

    /// Takes what is kept of a file, for the one transaction at a time that applies entries: nobody
    /// else holds it, so that it is changed where it is.
    private func takeMemory(
        of file: StoreFile, _ connection: Connection
    ) throws(StorageError) -> CatalogMemory {
        let held = memory.withLock { memory in
            defer { memory = nil }
            return memory
        }
        // A snapshot that has taken the state's place has keys and books of its own.
        if let held, held.file === file { return held }
        return try Self.read(file, connection, keysGathered: keysGathered)
    }

    /// Makes what was prepared the state or, where it throws, takes it back.
    public func commitPrepared() throws(StorageError) {
        do throws(StorageError) {
            try state.commitPrepared()
        } catch {
            memory.withLock { $0?.rollBack() }
            throw error
        }
        memory.withLock { $0?.commit() }
    }

    /// Takes back what was prepared, where anything was.
    public func discardPrepared() {
        state.discardPrepared()
        memory.withLock { $0?.rollBack() }
    }

    /// Makes what is applied durable: from time to time, from a thread that does not apply.
    /// - Returns: `durableThrough`, up to where the log may be trimmed.
    @discardableResult
    public func checkpoint() throws(StorageError) -> LogIndex {
        try state.checkpoint()
    }

    /// Has the disk take what was applied lately, so that it is not all left to the next
    /// checkpoint: several times between two, from the same thread.
    public func flush() throws(StorageError) { try state.flush() }

    /// Where a snapshot is to be written that shall be installed.
    public var incomingPath: String { state.incomingPath }

    /// Writes a copy of the state as it is now to a file, for another replica; applying goes on.
    /// - Returns: the last entry that is applied in it.
    public func writeSnapshot(to path: String) throws(StorageError) -> LogPosition {
        try state.writeSnapshot(to: path)
    }

    /// Makes a received snapshot, complete at `incomingPath`, the state, and empties the log.
    /// - Throws: `damaged` where it is not a snapshot at that position; nothing is changed then.
    public func installSnapshot(_ position: LogPosition) throws(StorageError) {
        try state.install(position)
        // The file that was replaced takes room for as long as anybody has it open.
        memory.withLock { if $0?.file !== state.file { $0 = nil } }
    }

    /// Whether the books of the catalog's file were imported.
    public var isImported: Bool {
        get throws(StorageError) {
            let file = state.file
            return try file.read { connection throws(StorageError) in
                try Self.isImported(connection, file.path)
            }
        }
    }

    /// Fills an empty catalog with books, all or, where an error is thrown, none; durably. A
    /// catalog that was filled before is left as it is.
    /// - Parameter produce: hands over the books in any order; what it throws is thrown on.
    /// - Returns: how many books were imported; nothing where that was done before.
    @discardableResult
    public func importBooks(
        _ produce: (_ store: (Book) throws(StorageError) -> Void) throws -> Void
    ) throws -> Int? {
        let file = state.file
        var failure: (any Error)?
        do throws(StorageError) {
            let imported = try file.write { connection throws(StorageError) -> Int? in
                guard try !Self.isImported(connection, file.path) else { return nil }
                let insert = try PreparedStatement(
                    CatalogTables.insertBook, connection, file: file.path)
                var count = 0
                do {
                    try produce { book throws(StorageError) in
                        try CatalogTables.insert(BookRecord(opening: book), insert)
                        count += 1
                    }
                } catch {
                    // Takes the transaction back.
                    failure = error
                    throw .from(error, file: file.path)
                }
                try PreparedStatement(
                    CatalogTables.indexTitles, connection, file: file.path
                ).run()
                try PreparedStatement(
                    "UPDATE catalog SET is_imported = 1", connection, file: file.path
                ).run()
                return count
            }
            if imported != nil { _ = try file.checkpoint() }
            return imported
        } catch {
            throw failure ?? error
        }
    }

    /// The file as it is now.
    var file: StoreFile { state.file }

    private static func isImported(
        _ connection: Connection, _ path: String
    ) throws(StorageError) -> Bool {
        let select = try PreparedStatement(
            "SELECT is_imported FROM catalog", connection, file: path)
        defer { select.reset() }
        return try select.step() && select.number(at: 0) != 0
    }
}

extension StorageError {
    static func ofLaterRelease(_ index: LogIndex, _ path: String) -> StorageError {
        .other(
            file: path, code: 0,
            message: "log entry \(index) was written by a later release of Pygmy: install it here")
    }
}
