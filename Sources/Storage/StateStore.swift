public import Durability
public import Replication

/// What a replica's host needs of the state of either group.
public protocol StateStore: AnyObject, Sendable {
    /// What an entry came to.
    associatedtype Outcome: Sendable

    /// The last entry that was applied.
    var applied: LogPosition { get }
    /// The last entry that is applied in what a loss of power would leave.
    var durableThrough: LogIndex { get }
    /// Where a snapshot is to be written that shall be installed.
    var incomingPath: String { get }

    /// Applies entries, which must follow on `applied`, in one transaction that is left open, and
    /// returns the outcome of each: nobody sees them, and `applied` stays, until `commitPrepared`.
    /// Not while another transaction is open.
    func prepare(_ entries: [Entry]) throws(StorageError) -> [Outcome]
    /// Makes what was prepared the state or, where it throws, takes it back.
    func commitPrepared() throws(StorageError)
    /// Takes back what was prepared, where anything was.
    func discardPrepared()
    /// Makes what is applied durable, and returns `durableThrough`.
    @discardableResult
    func checkpoint() throws(StorageError) -> LogIndex
    /// Has the disk take what was applied lately, so that it is not all left to the next
    /// checkpoint.
    func flush() throws(StorageError)
    /// Writes a copy of the state as it is now to a file, and returns the last entry applied in it.
    func writeSnapshot(to path: String) throws(StorageError) -> LogPosition
    /// Makes a received snapshot, complete at `incomingPath`, the state, and empties the log: both
    /// or, where it throws, neither.
    func installSnapshot(_ position: LogPosition) throws(StorageError)
}

extension StateStore {
    /// Applies entries, which must follow on `applied`, in one transaction, and returns the outcome
    /// of each.
    public func apply(_ entries: [Entry]) throws(StorageError) -> [Outcome] {
        precondition(
            entries.isEmpty || entries[0].index == applied.index + 1,
            "entries are applied out of order")
        let outcomes = try prepare(entries)
        try commitPrepared()
        return outcomes
    }
}
