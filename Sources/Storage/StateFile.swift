internal import Durability
internal import Replication
internal import Synchronization

/// The state of a group on its disk, as far as it is the same for the catalog and the orders: the
/// file, how far the log is applied to it, and how a snapshot takes its place.
///
/// A snapshot gets a file name of its own, and the log says which one counts: so the log is emptied
/// and the state replaced in one transaction of the log, and readers of the old state finish on it.
final class StateFile: Sendable {
    static let firstName = DataDirectory.stateFileName
    static let appliedTable = """
        CREATE TABLE applied (
            id INTEGER PRIMARY KEY CHECK (id = 1), idx INTEGER NOT NULL, view INTEGER NOT NULL)
        """

    let incomingPath: String
    private let schema: Schema
    private let directory: DataDirectory
    private let log: LogStore
    private let cacheKilobytes: Int
    private let current: Mutex<Current>

    private struct Current {
        var file: StoreFile
        var applied: LogPosition
        var durable: LogIndex
        /// Up to where `flush` was called for.
        var flushed: LogIndex = 0
        var prepared: Prepared?
    }

    /// A transaction that is open in a file, which a snapshot may have replaced since.
    private struct Prepared {
        let file: StoreFile
        let last: LogPosition
    }

    /// Opens the state that a log belongs to, or makes an empty one where there never was one.
    init(
        _ schema: Schema, _ directory: DataDirectory, _ log: LogStore, cacheKilobytes: Int
    ) throws(StorageError) {
        self.schema = schema
        self.directory = directory
        self.log = log
        self.cacheKilobytes = cacheKilobytes
        incomingPath = "\(directory.path)/incoming.db"
        let generation = log.stateGeneration
        let path = Self.path(directory, generation)
        if !Files.exists(path) {
            guard !directory.has(Self.firstName) else {
                throw .damaged(file: path, reason: "it is missing")
            }
            try schema.create(path)
        }
        let (applied, version) = try schema.verify(path) { connection throws(StorageError) in
            (try Self.applied(connection, path), try Schema.version(connection, path))
        }
        try Self.check(applied, log, path)
        try directory.add(Self.firstName)
        if version < schema.version { try schema.upgrade(path) }
        let file = try StoreFile(path: path, synchronous: .normal, cacheKilobytes: cacheKilobytes)
        // Nothing is known of what the last process left in the write-ahead log: the first
        // checkpoint says what is durable.
        current = Mutex(Current(file: file, applied: applied, durable: log.extent.base.index))
        try removeOthers(than: generation)
    }

    var file: StoreFile {
        current.withLock { $0.file }
    }

    /// The last entry that was applied.
    var applied: LogPosition {
        current.withLock { $0.applied }
    }

    /// The last entry that is applied in what a loss of power would leave.
    var durableThrough: LogIndex {
        current.withLock { $0.durable }
    }

    /// Applies entries, which follow on those applied before, in one transaction that is left open:
    /// it is seen, and counts, when `commitPrepared` follows. The thread that applies does nothing
    /// else to the state until then, or until `discardPrepared`.
    func prepare<Value>(
        _ entries: [Entry],
        _ body: (Connection, StoreFile) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        let (file, applied) = current.withLock { ($0.file, $0.applied) }
        let last = entries.last?.position ?? applied
        // A snapshot may have taken the state's place since the caller looked.
        guard entries.isEmpty || entries[0].index == applied.index + 1 else {
            throw Self.outOfPlace(file)
        }
        file.settleCheckpoint()
        let value = try file.prepare { connection throws(StorageError) in
            let value = try body(connection, file)
            let update = try PreparedStatement(
                "UPDATE applied SET idx = ?, view = ?", connection, file: file.path)
            update.bind(last.index, at: 1)
            update.bind(last.view, at: 2)
            try update.run()
            return value
        }
        current.withLock { $0.prepared = Prepared(file: file, last: last) }
        return value
    }

    /// Makes what was prepared the state. Where this throws, nothing was changed.
    func commitPrepared() throws(StorageError) {
        guard let prepared = takePrepared() else { throw Self.outOfPlace(file) }
        guard prepared.file === file else {
            prepared.file.rollBack()
            throw Self.outOfPlace(file)
        }
        try prepared.file.commit()
        current.withLock { current in
            if current.file === prepared.file { current.applied = prepared.last }
        }
    }

    private static func outOfPlace(_ file: StoreFile) -> StorageError {
        .other(
            file: file.path, code: 0, message: "these entries do not follow on those applied before"
        )
    }

    /// Takes back what was prepared, where anything was.
    func discardPrepared() {
        takePrepared()?.file.rollBack()
    }

    private func takePrepared() -> Prepared? {
        current.withLock { current in
            defer { current.prepared = nil }
            return current.prepared
        }
    }

    /// Makes what is applied durable. From time to time, from a thread that does not apply.
    /// - Returns: the last entry that is durably applied.
    func checkpoint() throws(StorageError) -> LogIndex {
        let (file, index) = current.withLock { ($0.file, $0.applied.index) }
        let isComplete = try file.checkpoint()
        return current.withLock { current in
            if isComplete, current.file === file { current.durable = max(current.durable, index) }
            return current.durable
        }
    }

    /// Has the disk take what was applied lately, so that it is not all left to the next
    /// checkpoint.
    func flush() throws(StorageError) {
        let (file, isDirty) = current.withLock { current in
            defer { current.flushed = current.applied.index }
            return (current.file, current.flushed != current.applied.index)
        }
        if isDirty { try file.flush() }
    }

    /// Makes a received snapshot, complete at `incomingPath`, the state, and empties the log.
    /// - Throws: `damaged` and others, and nothing was changed then.
    func install(_ position: LogPosition) throws(StorageError) {
        // A snapshot is one file: what a crash has left beside an earlier one is not its own.
        for suffix in ["-journal", "-wal", "-shm"] { try Files.remove(incomingPath + suffix) }
        let (found, version) = try schema.verify(incomingPath) { connection throws(StorageError) in
            (
                try Self.applied(connection, incomingPath),
                try Schema.version(connection, incomingPath)
            )
        }
        guard found == position else {
            throw .damaged(
                file: incomingPath, reason: "the snapshot is of \(found), not of \(position)")
        }
        let generation = log.stateGeneration + 1
        let path = Self.path(directory, generation)
        if version < schema.version { try schema.upgrade(incomingPath) }
        try Files.syncFile(incomingPath)
        try Files.rename(incomingPath, to: path)
        let file = try StoreFile(path: path, synchronous: .normal, cacheKilobytes: cacheKilobytes)
        try log.replace(base: position, stateGeneration: generation)
        current.withLock {
            $0 = Current(file: file, applied: position, durable: position.index)
        }
        try? removeOthers(than: generation)
    }

    private static func path(_ directory: DataDirectory, _ generation: Int64) -> String {
        let name = generation == 1 ? firstName : "state-\(generation).db"
        return "\(directory.path)/\(name)"
    }

    /// Removes the state that a snapshot replaced, and what a crash left of one that came in.
    private func removeOthers(than generation: Int64) throws(StorageError) {
        var paths = [incomingPath]
        if generation > 1 { paths.append(Self.path(directory, generation - 1)) }
        paths.append(Self.path(directory, generation + 1))
        for path in paths {
            for suffix in ["", "-journal", "-wal", "-shm"] { try Files.remove(path + suffix) }
        }
    }

    static func applied(
        _ connection: Connection, _ path: String
    ) throws(StorageError) -> LogPosition {
        let select = try PreparedStatement("SELECT idx, view FROM applied", connection, file: path)
        defer { select.reset() }
        guard try select.step() else {
            throw .damaged(file: path, reason: "it does not say what is applied")
        }
        return LogPosition(index: select.unsigned(at: 0), view: select.unsigned(at: 1))
    }

    /// The log is durable before an entry of it is applied, and is trimmed only up to what is
    /// durable in the state: so the last applied entry is always in it, or is its base.
    private static func check(
        _ applied: LogPosition, _ log: LogStore, _ path: String
    ) throws(StorageError) {
        let extent = log.extent
        if applied.index > extent.last.index {
            throw .damaged(
                file: log.file.path,
                reason: "it ends at entry \(extent.last.index), but entry \(applied.index) was "
                    + "applied")
        }
        if applied.index < extent.base.index {
            throw .damaged(
                file: path,
                reason: "entry \(applied.index) was applied last, but the log begins behind "
                    + "\(extent.base.index)")
        }
        guard try log.view(at: applied.index) == applied.view else {
            throw .damaged(
                file: path, reason: "the entry applied last, \(applied), is not that of the log")
        }
    }
}
