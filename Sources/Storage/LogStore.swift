public import Durability
public import Replication
internal import Synchronization

/// What a log covers: the entries after `base`, up to and including `last`.
public struct LogExtent: Hashable, Sendable {
    /// The last entry that is no longer kept; index 0 where none was ever trimmed.
    public var base: LogPosition
    /// The last entry; equal to `base` where there is none.
    public var last: LogPosition
}

/// The log of a replica on its disk, and the few bytes of state that belong to it.
///
/// Everything that is written is durable when the call returns. One thread appends; any thread may
/// read, trim and checkpoint meanwhile.
///
/// Invariant: the entries from `base.index + 1` to `last.index` are all there, each with the
/// checksum of what was appended.
public final class LogStore: Sendable {
    static let fileName = DataDirectory.logFileName

    let file: StoreFile
    private let cached: Mutex<Cached>

    /// What is kept in memory of the file's content.
    struct Cached {
        var extent: LogExtent
        var stateGeneration: Int64
    }

    /// Opens the log of a data directory, or makes an empty one where there never was one.
    ///
    /// Reads all of it, to find what a disk has changed: a second for a million entries.
    /// - Throws: `damaged`, in which case nothing was changed, `diskFull`, `readOnly`.
    public init(_ directory: DataDirectory) throws(StorageError) {
        let path = "\(directory.path)/\(Self.fileName)"
        if !Files.exists(path) {
            guard !directory.has(Self.fileName) else {
                throw .damaged(file: path, reason: "it is missing")
            }
            try Self.schema.create(path)
        }
        let cached = try Self.schema.verify(path) { connection throws(StorageError) in
            try Self.check(connection, path)
        }
        try directory.add(Self.fileName)
        file = try StoreFile(path: path, synchronous: .full, readers: 1, cacheKilobytes: 2048)
        self.cached = Mutex(cached)
    }

    /// What the log covers.
    public var extent: LogExtent {
        cached.withLock { $0.extent }
    }

    /// Which of the state files of the directory the log belongs to.
    var stateGeneration: Int64 {
        cached.withLock { $0.stateGeneration }
    }

    /// Appends entries, after cutting off every entry from an index on where one is given, in one
    /// transaction with one write to the disk.
    ///
    /// The first entry must follow on the last one, and nothing at or below the base be cut off.
    /// - Throws: `diskFull` and others. The log in memory is then as before; on the disk, as with
    ///   every failed write, the entries may nevertheless turn up after a crash.
    public func append(
        _ entries: [Entry], truncatingFrom: LogIndex? = nil
    ) throws(StorageError) {
        let path = file.path
        _ = try file.write { connection throws(StorageError) in
            var last = extent.last
            if let truncatingFrom, truncatingFrom <= last.index {
                last = try truncate(from: truncatingFrom, connection)
            }
            let insert = try PreparedStatement(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?)", connection, file: path)
            for entry in entries {
                precondition(entry.index == last.index + 1, "an entry is appended out of order")
                let keys = EntryCoding.bytes(of: entry.keys)
                insert.bind(entry.index, at: 1)
                insert.bind(entry.view, at: 2)
                insert.bind(EntryCoding.checksum(of: entry, keys: keys), at: 3)
                insert.bind(keys, at: 4)
                insert.bind(entry.payload, at: 5)
                try insert.run()
                last = entry.position
            }
            return last
        } committed: { last in
            cached.withLock { $0.extent.last = last }
        }
    }

    private func truncate(
        from index: LogIndex, _ connection: Connection
    ) throws(StorageError) -> LogPosition {
        let base = extent.base
        precondition(index > base.index, "entries are cut off that are applied")
        let delete = try PreparedStatement(
            "DELETE FROM entries WHERE idx >= ?", connection, file: file.path)
        delete.bind(index, at: 1)
        try delete.run()
        guard index - 1 > base.index else { return base }
        let view = try Self.view(at: index - 1, connection, file.path)
        guard let view else {
            throw .damaged(file: file.path, reason: "entry \(index - 1) is missing")
        }
        return LogPosition(index: index - 1, view: view)
    }

    /// Reads entries of a range in order, until the payloads read come to `limitBytes`, but at
    /// least two, where there are so many: a peer is sent what follows on the first one. Nothing
    /// where the first one of the range is not in the log.
    /// - Throws: `damaged` where an entry is not what was appended.
    public func entries(
        _ range: ClosedRange<LogIndex>, limitBytes: Int = 1 << 20
    ) throws(StorageError) -> [Entry] {
        let path = file.path
        return try file.read { connection throws(StorageError) in
            let select = try PreparedStatement(
                Self.selectEntries + " WHERE idx BETWEEN ? AND ? ORDER BY idx", connection,
                file: path)
            defer { select.reset() }
            select.bind(range.lowerBound, at: 1)
            select.bind(range.upperBound, at: 2)
            var entries: [Entry] = []
            var bytes = 0
            while bytes < limitBytes || entries.count < 2, try select.step() {
                let entry = try EntryCoding.entry(select, path)
                guard entry.index == range.lowerBound + UInt64(entries.count) else { break }
                bytes += entry.payload.count
                entries.append(entry)
            }
            return entries
        }
    }

    /// The view of the entry at an index: that of the base too, and nothing outside of the log.
    public func view(at index: LogIndex) throws(StorageError) -> ViewNumber? {
        let extent = extent
        if index == extent.base.index { return extent.base.view }
        if index == extent.last.index { return extent.last.view }
        guard index > extent.base.index else { return nil }
        let path = file.path
        return try file.read { connection throws(StorageError) in
            try Self.view(at: index, connection, path)
        }
    }

    private static func view(
        at index: LogIndex, _ connection: Connection, _ path: String
    ) throws(StorageError) -> ViewNumber? {
        let select = try PreparedStatement(
            "SELECT view FROM entries WHERE idx = ?", connection, file: path)
        defer { select.reset() }
        select.bind(index, at: 1)
        return try select.step() ? select.unsigned(at: 0) : nil
    }
}

extension LogStore {
    /// Entries that one transaction of `trim` deletes, so that an append waits for a few
    /// milliseconds at most.
    private static let entriesTrimmedAtOnce: UInt64 = 2000

    /// Deletes the entries up to an index, which must be durable in the state. Appends may go on
    /// meanwhile; the room is used again.
    public func trim(through index: LogIndex) throws(StorageError) {
        guard index > extent.base.index else { return }
        precondition(index <= extent.last.index, "entries are trimmed that are not there")
        let path = file.path
        guard let view = try view(at: index) else {
            // A snapshot may have taken the log's place meanwhile.
            guard index > extent.base.index else { return }
            throw .damaged(file: path, reason: "entry \(index) is missing")
        }
        let base = LogPosition(index: index, view: view)
        // The new base first: should the rest be cut short, what is below it is no longer read,
        // and goes with the next trim.
        let isTrimmed = try file.write { connection throws(StorageError) in
            guard extent.base.index < base.index else { return false }
            try Self.setBase(base, connection, path)
            return true
        } committed: { isTrimmed in
            if isTrimmed { cached.withLock { $0.extent.base = base } }
        }
        guard isTrimmed else { return }
        while try deleteSome(through: index) {}
    }

    private func deleteSome(through index: LogIndex) throws(StorageError) -> Bool {
        let path = file.path
        return try file.write { connection throws(StorageError) in
            let select = try PreparedStatement(
                "SELECT min(idx) FROM entries", connection, file: path)
            let isEmpty = try !select.step() || select.isNull(at: 0)
            let first = isEmpty ? 0 : select.unsigned(at: 0)
            select.reset()
            guard !isEmpty, first <= index else { return false }
            let delete = try PreparedStatement(
                "DELETE FROM entries WHERE idx <= ?", connection, file: path)
            let end = min(index, first + Self.entriesTrimmedAtOnce - 1)
            delete.bind(end, at: 1)
            try delete.run()
            return end < index
        }
    }

    /// Empties the log and has it begin behind a position, with another state file, in one
    /// transaction: what makes a snapshot the state.
    func replace(base: LogPosition, stateGeneration: Int64) throws(StorageError) {
        let path = file.path
        try file.write { connection throws(StorageError) in
            try PreparedStatement("DELETE FROM entries", connection, file: path).run()
            try Self.setBase(base, connection, path)
            let update = try PreparedStatement(
                "UPDATE log SET state_generation = ?", connection, file: path)
            update.bind(stateGeneration, at: 1)
            try update.run()
        } committed: {
            cached.withLock {
                $0.extent = LogExtent(base: base, last: base)
                $0.stateGeneration = stateGeneration
            }
        }
    }

    private static func setBase(
        _ base: LogPosition, _ connection: Connection, _ path: String
    ) throws(StorageError) {
        let update = try PreparedStatement(
            "UPDATE log SET base_index = ?, base_view = ?", connection, file: path)
        update.bind(base.index, at: 1)
        update.bind(base.view, at: 2)
        try update.run()
    }

    /// Makes a few bytes durable in place of the last ones of the same name.
    public func persist(_ bytes: [UInt8], as name: String) throws(StorageError) {
        let path = file.path
        try file.write { connection throws(StorageError) in
            let insert = try PreparedStatement(
                "INSERT OR REPLACE INTO state VALUES (?, ?, ?)", connection, file: path)
            insert.bind(name, at: 1)
            insert.bind(Checksum.of(bytes), at: 2)
            insert.bind(bytes, at: 3)
            try insert.run()
        }
    }

    /// The bytes that were last made durable under a name; nothing where none ever were.
    public func persisted(_ name: String) throws(StorageError) -> [UInt8]? {
        let path = file.path
        return try file.read { connection throws(StorageError) in
            let select = try PreparedStatement(
                "SELECT checksum, value FROM state WHERE name = ?", connection, file: path)
            defer { select.reset() }
            select.bind(name, at: 1)
            guard try select.step() else { return nil }
            let bytes = select.bytes(at: 1)
            guard select.unsigned(at: 0) == Checksum.of(bytes) else {
                throw .damaged(file: path, reason: "the state of \(name) has changed on the disk")
            }
            return bytes
        }
    }

    /// Moves what was written from the write-ahead log into the database file. From time to time,
    /// once a second under load, from a thread that does not append; appends go on meanwhile, but
    /// for a few milliseconds now and then.
    public func checkpoint() throws(StorageError) {
        _ = try file.checkpoint()
    }
}
