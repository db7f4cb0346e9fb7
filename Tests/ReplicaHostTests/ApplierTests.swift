import Durability
import Replication
import Storage
import Synchronization
import Testing

@testable import ReplicaHost

/// A state that notes what is done to it. An entry comes to its position.
private final class NotingStore: StateStore {
    struct State {
        var notes: [String] = []
        var applied = LogPosition.origin
        var prepared: [Entry] = []
        var failures = 0
    }

    let state = Mutex(State())

    var notes: [String] { state.withLock { $0.notes } }
    var applied: LogPosition { state.withLock { $0.applied } }
    var durableThrough: LogIndex { 0 }
    var incomingPath: String { "" }

    /// Has so many of the next commits fail.
    func fail(_ count: Int) { state.withLock { $0.failures = count } }

    func prepare(_ entries: [Entry]) throws(StorageError) -> [LogPosition] {
        state.withLock { state in
            #expect(state.prepared.isEmpty, "a transaction is open already")
            #expect(entries[0].index == state.applied.index + 1)
            state.prepared = entries
            state.notes.append("prepare \(entries.map { "\($0.position)" }.joined(separator: " "))")
        }
        return entries.map(\.position)
    }

    func commitPrepared() throws(StorageError) {
        let isDone = state.withLock { state -> Bool in
            defer { state.prepared = [] }
            guard state.failures == 0, let last = state.prepared.last else {
                state.failures = max(0, state.failures - 1)
                state.notes.append("fail")
                return false
            }
            state.applied = last.position
            state.notes.append("commit")
            return true
        }
        if !isDone { throw .diskFull(file: "state.db") }
    }

    func discardPrepared() {
        state.withLock { state in
            state.prepared = []
            state.notes.append("discard")
        }
    }

    func checkpoint() throws(StorageError) -> LogIndex { 0 }
    func flush() throws(StorageError) {}
    func writeSnapshot(to path: String) throws(StorageError) -> LogPosition { .origin }
    func installSnapshot(_ position: LogPosition) throws(StorageError) {}
}

@Suite("Applying in advance")
struct ApplierTests {
    private let store = NotingStore()

    private func entries(_ indexes: ClosedRange<LogIndex>, view: ViewNumber = 1) -> [Entry] {
        indexes.map { Entry(index: $0, view: view, keys: [], payload: []) }
    }

    @Test("A batch that was logged is prepared, and committed when it is")
    func committed() throws {
        var applier = Applier(store)
        applier.logged(entries(1...2))
        try applier.prepareNext()
        #expect(store.notes == ["prepare 1@1 2@1"])
        #expect(try applier.apply(entries(1...2)) == entries(1...2).map(\.position))
        #expect(store.notes == ["prepare 1@1 2@1", "commit"])
    }

    @Test("What was committed without having been prepared is applied")
    func unprepared() throws {
        var applier = Applier(store)
        try applier.prepareNext()
        #expect(try applier.apply(entries(1...2)).count == 2)
        #expect(store.applied.index == 2)
    }

    @Test("One batch is prepared at a time, and the next when that one is committed")
    func oneAtATime() throws {
        var applier = Applier(store)
        applier.logged(entries(1...2))
        applier.logged(entries(3...4))
        try applier.prepareNext()
        try applier.prepareNext()
        _ = try applier.apply(entries(1...2))
        try applier.prepareNext()
        #expect(store.notes == ["prepare 1@1 2@1", "commit", "prepare 3@1 4@1"])
    }

    @Test("Of more entries than were prepared the others are left to be applied")
    func more() throws {
        var applier = Applier(store)
        applier.logged(entries(1...2))
        try applier.prepareNext()
        #expect(try applier.apply(entries(1...5)).count == 2)
        #expect(store.applied.index == 2)
        #expect(try applier.apply(entries(3...5)).count == 3)
        #expect(store.applied.index == 5)
    }

    @Test(
        "What was not committed as it was prepared is taken back",
        arguments: [
            // The log was cut and written anew by another primary; or only a part is committed.
            (1...2, 2), (1...1, 1),
        ] as [(ClosedRange<LogIndex>, ViewNumber)])
    func different(_ indexes: ClosedRange<LogIndex>, view: ViewNumber) throws {
        var applier = Applier(store)
        applier.logged(entries(1...2))
        try applier.prepareNext()
        let committed = entries(indexes, view: view)
        #expect(try applier.apply(committed) == committed.map(\.position))
        #expect(store.notes.prefix(2) == ["prepare 1@1 2@1", "discard"])
        #expect(store.applied == committed.last?.position)
    }

    @Test("Batches that are applied by now, or do not follow yet, are not prepared")
    func outOfPlace() throws {
        var applier = Applier(store)
        _ = try applier.apply(entries(1...4))
        applier.logged(entries(1...2))
        applier.logged(entries(7...8))
        try applier.prepareNext()
        #expect(store.notes == ["prepare 1@1 2@1 3@1 4@1", "commit"])
        // Batches may be told of in another order than they have in the log.
        applier.logged(entries(5...6))
        try applier.prepareNext()
        #expect(store.notes.last == "prepare 5@1 6@1")
    }

    @Test("Where the commit fails the entries can be applied again")
    func failing() throws {
        var applier = Applier(store)
        applier.logged(entries(1...2))
        try applier.prepareNext()
        store.fail(2)
        #expect(throws: StorageError.self) { _ = try applier.apply(entries(1...2)) }
        #expect(throws: StorageError.self) { _ = try applier.apply(entries(1...2)) }
        #expect(try applier.apply(entries(1...2)).count == 2)
        #expect(store.applied.index == 2)
    }

    @Test("What is prepared at the end is taken back")
    func discarded() throws {
        var applier = Applier(store)
        applier.discard()
        #expect(store.notes.isEmpty)
        applier.logged(entries(1...2))
        try applier.prepareNext()
        applier.discard()
        #expect(store.notes.last == "discard" && store.applied == .origin)
    }
}
