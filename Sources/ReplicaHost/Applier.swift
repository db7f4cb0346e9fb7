internal import Durability
internal import Replication
internal import Storage

/// Applies entries to a state, and does most of the work for those that this replica has logged
/// while they are on their way to being committed.
///
/// What an entry comes to is settled by the log before it, so it can be found out as soon as the
/// entry has its place; what must wait for the commit is that anybody sees it. So the entries of a
/// batch are applied in a transaction that is left open while the disks and the backups record
/// them, and committing it is all that is left to do before the buyers are answered. Where the log
/// turns out otherwise, the transaction is taken back.
///
/// Used by one thread.
struct Applier<Store: StateStore> {
    private let store: Store
    /// Entries that were logged here, one batch after another, and may be prepared.
    private var logged: [[Entry]] = []
    private var prepared: Prepared?

    /// Entries that are applied in the transaction that is open.
    private struct Prepared {
        let entries: [Entry]
        let outcomes: [Store.Outcome]
    }

    /// Batches that wait to be prepared; more would only be waiting because nothing is committed.
    private static var loggedLimit: Int { 8 }

    init(_ store: Store) {
        self.store = store
    }

    /// Hears of a batch that was logged here.
    mutating func logged(_ entries: [Entry]) {
        if logged.count < Self.loggedLimit { logged.append(entries) }
    }

    /// Applies committed entries, one at least, which follow on those applied before.
    /// - Returns: the outcomes of the first of them, one at least: the others are still to be
    ///   applied.
    /// - Throws: where none of them was applied, and they can be applied again.
    mutating func apply(_ entries: [Entry]) throws(StorageError) -> [Store.Outcome] {
        guard let prepared = take(ifBeginningOf: entries) else { return try store.apply(entries) }
        try store.commitPrepared()
        return prepared.outcomes
    }

    /// What is prepared, if these entries begin with it; else it is taken back.
    private mutating func take(ifBeginningOf entries: [Entry]) -> Prepared? {
        guard let prepared else { return nil }
        let isBeginning =
            prepared.entries.count <= entries.count
            && prepared.entries.indices.allSatisfy {
                prepared.entries[$0].position == entries[$0].position
            }
        guard isBeginning else {
            discard()
            return nil
        }
        self.prepared = nil
        return prepared
    }

    /// Prepares the next batch, where one was logged that follows on what is applied.
    mutating func prepareNext() throws(StorageError) {
        guard prepared == nil else { return }
        let applied = store.applied.index
        logged.removeAll { ($0.last?.index ?? 0) <= applied }
        guard let place = logged.firstIndex(where: { $0[0].index == applied + 1 }) else { return }
        let next = logged.remove(at: place)
        prepared = Prepared(entries: next, outcomes: try store.prepare(next))
    }

    /// Takes back what is prepared.
    mutating func discard() {
        guard prepared != nil else { return }
        prepared = nil
        store.discardPrepared()
    }
}
