internal import Bookstore
internal import Durability
internal import Replication

extension LogStore {
    static let schema = Schema(
        applicationID: 0x5079_4c67,
        versions: [firstVersion])

    private static let firstVersion = Schema.Version(
        tables: [
            """
            CREATE TABLE log (
                id INTEGER PRIMARY KEY CHECK (id = 1), base_index INTEGER NOT NULL,
                base_view INTEGER NOT NULL, state_generation INTEGER NOT NULL)
            """,
            """
            CREATE TABLE entries (
                idx INTEGER PRIMARY KEY, view INTEGER NOT NULL, checksum INTEGER NOT NULL,
                keys BLOB NOT NULL, payload BLOB NOT NULL)
            """,
            """
            CREATE TABLE state (
                name TEXT PRIMARY KEY NOT NULL, checksum INTEGER NOT NULL, value BLOB NOT NULL
            ) WITHOUT ROWID
            """,
        ],
        content: ["INSERT INTO log VALUES (1, 0, 0, 1)"])

    static let selectEntries = "SELECT idx, view, checksum, keys, payload FROM entries"

    /// Reads a log from its base to its end.
    static func check(
        _ connection: Connection, _ path: String
    ) throws(StorageError) -> Cached {
        let log = try PreparedStatement(
            "SELECT base_index, base_view, state_generation FROM log", connection, file: path)
        guard try log.step() else { throw .damaged(file: path, reason: "it has no base") }
        let base = LogPosition(index: log.unsigned(at: 0), view: log.unsigned(at: 1))
        let stateGeneration = log.number(at: 2)
        log.reset()
        let select = try PreparedStatement(
            selectEntries + " WHERE idx > ? ORDER BY idx", connection, file: path)
        select.bind(base.index, at: 1)
        var last = base
        while try select.step() {
            let entry = try EntryCoding.entry(select, path)
            guard entry.index == last.index + 1, entry.view >= last.view else {
                throw .damaged(
                    file: path, reason: "entry \(entry.index) does not follow on \(last.index)")
            }
            last = entry.position
        }
        return Cached(
            extent: LogExtent(base: base, last: last), stateGeneration: stateGeneration)
    }
}

/// How an entry stands in a row.
enum EntryCoding {
    static func bytes(of keys: [UInt64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(keys.count * 8)
        for key in keys {
            for shift in 0..<8 as Range<UInt64> {
                bytes.append(UInt8(truncatingIfNeeded: key >> (shift * 8)))
            }
        }
        return bytes
    }

    static func checksum(of entry: Entry, keys: [UInt8]) -> UInt64 {
        checksum(entry.index, entry.view, keys, entry.payload)
    }

    /// Reads the entry that a statement of `LogStore.selectEntries` stands at.
    static func entry(
        _ row: PreparedStatement, _ path: String
    ) throws(StorageError) -> Entry {
        let index = row.unsigned(at: 0)
        let view = row.unsigned(at: 1)
        let keys = row.bytes(at: 3)
        let payload = row.bytes(at: 4)
        guard checksum(index, view, keys, payload) == row.unsigned(at: 2) else {
            throw .damaged(file: path, reason: "entry \(index) has changed on the disk")
        }
        return Entry(index: index, view: view, keys: numbers(of: keys), payload: payload)
    }

    private static func numbers(of bytes: [UInt8]) -> [UInt64] {
        var numbers: [UInt64] = []
        numbers.reserveCapacity(bytes.count / 8)
        var number: UInt64 = 0
        for (place, byte) in bytes.enumerated() {
            number |= UInt64(byte) << UInt64(place % 8 * 8)
            if place % 8 == 7 {
                numbers.append(number)
                number = 0
            }
        }
        return numbers
    }

    private static func checksum(
        _ index: LogIndex, _ view: ViewNumber, _ keys: [UInt8], _ payload: [UInt8]
    ) -> UInt64 {
        var digest = Digest()
        digest.combine(Int64(bitPattern: index))
        digest.combine(Int64(bitPattern: view))
        digest.combine(keys)
        digest.combine(payload)
        return digest.value
    }
}
